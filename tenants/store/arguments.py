"""A call takes what its annotations say: PostgreSQL would round 1.5 and store a list as text."""

import inspect
import types
from collections.abc import Callable, Sequence
from dataclasses import is_dataclass
from functools import cache
from typing import Any, Literal, Union, Unpack, get_args, get_origin, get_type_hints

from tenants.store.errors import InvalidValue


def checker(recipe: Callable[..., Any]) -> Callable[..., None]:
    """Takes what the recipe takes; raises InvalidValue, or TypeError as a call of Python does."""
    signature = inspect.signature(recipe)
    hints = {name: hint for name, hint in get_type_hints(recipe).items() if name != "return"}
    for name, hint in list(hints.items()):
        if get_origin(hint) is Unpack:
            del hints[name]
            hints |= get_type_hints(get_args(hint)[0])

    def check(*args: Any, **kwargs: Any) -> None:
        given = signature.bind(*args, **kwargs).arguments
        given |= given.pop("fields", {})
        for name, value in given.items():
            if name in hints:
                _check(name, value, hints[name])

    return check


def _check(name: str, value: Any, hint: Any) -> None:
    if not _fits(value, hint):
        wanted = str(hint).replace("typing.", "") if get_args(hint) else hint.__name__
        raise InvalidValue(f"{name} must be {wanted}, not {type(value).__name__}.")
    if get_origin(hint) is Sequence:
        for element in value:
            _check(f"An element of {name}", element, get_args(hint)[0])
    if isinstance(hint, type) and is_dataclass(hint):
        for field, field_hint in _fields(hint).items():
            _check(field, getattr(value, field), field_hint)


def _fits(value: Any, hint: Any) -> bool:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return any(_fits(value, option) for option in get_args(hint))
    if origin is Literal:
        return isinstance(value, str)  # The database says which there are.
    if isinstance(value, bool):
        return hint in (bool, Any)
    return hint is Any or isinstance(value, origin or hint)


@cache
def _fields(hint: type) -> dict[str, Any]:
    return get_type_hints(hint)
