"""A jsonb value as the JSON it may have been: it does not say in which order its keys came."""

import json
from collections.abc import Iterator
from itertools import islice, permutations, product
from math import factorial, prod
from typing import Any

# In so many ways a value is written at most.
MOST = 5_040
MOST_LEARNED = 1_000

Keys = frozenset[str]


class Spellings:
    """Objects with the same keys have them in the same order: one program wrote them."""

    def __init__(self) -> None:
        # In which order keys were found last.
        self._learned: dict[Keys, tuple[str, ...]] = {}

    def of(self, text: str) -> Iterator[str]:
        """The most likely ones first."""
        value = json.loads(text)
        found: dict[Keys, tuple[str, ...]] = {}
        for keys in _objects(value):
            found.setdefault(frozenset(keys), keys)
        choices = [[*islice(self._orders(keys), MOST)] for keys in found.values()]
        for orders in islice(product(*choices), MOST):
            by_keys = dict(zip(found, orders, strict=True))
            yield json.dumps(_ordered(value, by_keys), ensure_ascii=False, separators=(",", ":"))

    def learn(self, spelling: str) -> None:
        if len(self._learned) >= MOST_LEARNED:
            self._learned.clear()
        for keys in _objects(json.loads(spelling)):
            self._learned[frozenset(keys)] = keys

    def _orders(self, keys: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        likely = [self._learned.get(frozenset(keys), keys), tuple(sorted(keys)), keys]
        yield from dict.fromkeys(likely)
        yield from (order for order in permutations(keys) if order not in likely)


def are_all_tried(text: str) -> bool:
    objects = [*_objects(json.loads(text))]
    if len({frozenset(keys) for keys in objects}) < len(objects):
        return False
    return prod(factorial(min(len(keys), 10)) for keys in objects) <= MOST


def _objects(value: Any) -> Iterator[tuple[str, ...]]:
    """The keys of each that has more than one."""
    if isinstance(value, dict):
        if len(value) > 1:
            yield tuple(value)
        value = [*value.values()]
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict | list):
            yield from _objects(one)


def _ordered(value: Any, orders: dict[Keys, tuple[str, ...]]) -> Any:
    if isinstance(value, dict):
        keys = orders[frozenset(value)] if len(value) > 1 else tuple(value)
        return {key: _ordered(value[key], orders) for key in keys}
    if isinstance(value, list):
        return [_ordered(one, orders) for one in value]
    return value
