"""What a call does, written once for its sync and its async form.

A recipe is a generator: it yields batches of statements, and is sent the rows of each one's last
statement. How they reach the database is tenants.store.calls' affair.
"""

import inspect
from collections.abc import Callable, Coroutine, Generator, Sequence
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar, get_args

from tenants.store.arguments import checker
from tenants.store.errors import InvalidValue

P = ParamSpec("P")
R = TypeVar("R")

Rows: TypeAlias = list[tuple[Any, ...]]

# Of one value of a call as it is sent, such as a batch of messages as JSON.
LONGEST_VALUE = 20_000_000
# Messages or metrics of one call, so that it is over in time.
MOST_ROWS = 5_000


class Batch:
    """Statements that are one transaction. Values are named, and `%(bot)s` is always there.

    Each batch may be sent again when nobody knows whether it was done.
    """

    def __init__(self, *statements: str, **values: object) -> None:
        for value in values.values():
            if isinstance(value, str) and len(value) > LONGEST_VALUE:
                raise InvalidValue(
                    f"This is {len(value):,} characters, as it would be sent;"
                    f" a call takes {LONGEST_VALUE:,} at most."
                )
        self.statements = statements
        self.values = values


def require_few(rows: Sequence[Any]) -> None:
    if len(rows) > MOST_ROWS:
        raise InvalidValue(f"A call takes {MOST_ROWS:,} at most, and these are {len(rows):,}.")


Recipe: TypeAlias = Generator[Batch, Rows, R]


def both_forms(
    recipe: Callable[Concatenate[Any, P], Recipe[R]],
) -> tuple[Callable[Concatenate[Any, P], R], Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]]:
    """`get_x, aget_x = both_forms(_get_x)`"""

    check = checker(recipe)

    def in_thread(store: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        check(store, *args, **kwargs)
        result: R = store._call(recipe(store, *args, **kwargs))
        return result

    async def in_task(store: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        check(store, *args, **kwargs)
        result: R = await store._acall(recipe(store, *args, **kwargs))
        return result

    for form, prefix in ((in_thread, ""), (in_task, "a")):
        _describe(form, recipe, prefix + recipe.__name__.lstrip("_"))
    return in_thread, in_task


def _describe(form: Any, recipe: Any, name: str) -> None:
    """For help() and editors: the recipe's signature, with what the call itself returns."""
    update_wrapper(form, recipe)
    signature = inspect.signature(recipe)
    returned = get_args(signature.return_annotation)[-1]
    form.__signature__ = signature.replace(return_annotation=returned)
    form.__name__ = name
    form.__qualname__ = recipe.__qualname__.replace(recipe.__name__, name)
