"""How often each of very many hashes comes, and how many of these were taken: 24 bytes each."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from heapq import merge
from itertools import groupby
from operator import itemgetter


class Multiset:
    def __init__(self, hashes: Iterable[int]) -> None:
        self.hashes, self.numbers = array("q"), array("L")
        for one, same in groupby(sorted(array("q", hashes))):
            self.hashes.append(one)
            self.numbers.append(sum(1 for _ in same))
        self.remaining = array("L", self.numbers)

    def take(self, one: int) -> bool:
        """Whether one was left."""
        at = self._at(one)
        if at is None or not self.remaining[at]:
            return False
        self.remaining[at] -= 1
        return True

    def left(self, one: int) -> int:
        at = self._at(one)
        return 0 if at is None else self.remaining[at]

    def taken(self, one: int) -> int:
        return self.number(one) - self.left(one)

    def number(self, one: int) -> int:
        """How many there were in all."""
        at = self._at(one)
        return 0 if at is None else self.numbers[at]

    @property
    def is_empty(self) -> bool:
        return not any(self.remaining)

    def most_of(self, other: "Multiset") -> "Multiset":
        """Each as often as either has it."""
        both = Multiset(())
        of_each = (zip(each.hashes, each.numbers, strict=True) for each in (self, other))
        for one, same in groupby(merge(*of_each), key=itemgetter(0)):
            both.hashes.append(one)
            both.numbers.append(max(number for _, number in same))
        both.remaining = array("L", both.numbers)
        return both

    def _at(self, one: int) -> int | None:
        at = bisect_left(self.hashes, one)
        return at if at < len(self.hashes) and self.hashes[at] == one else None
