"""Which record of a file, as it is now, is which record that was imported from it.

Files grow at their end; sometimes records are edited, trimmed off the front, or the file is begun
anew. Each record has an identity (its id, or its time) that an edit leaves alone. A record that
is found nowhere is new, and gets the next place: nothing that was imported is ever taken for it.
"""

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from legacy_import.batches.encode import IDENTITY, REJECTED
from legacy_import.batches.known import Sequence

# Of the bytes searched for records that are not where they were: beyond, they count as new.
SEARCHED = 2_000_000_000


class HasIdentity(Protocol):
    @property
    def identity(self) -> bytes: ...


Item = TypeVar("Item", bound=HasIdentity)


class Alignment(Generic[Item]):
    def __init__(self, old: Sequence, items: Iterator[Item]) -> None:
        self.old = old
        self.items = items
        self.used = bytearray(len(old))
        self.budget = SEARCHED

    @property
    def vanished(self) -> int:
        """When all items are placed."""
        return self.used.count(0)

    def placed(self) -> Iterator[tuple[Item, int | None]]:
        """Each item with the index of the old record it is; None for a new one."""
        expected = 0
        item = next(self.items, None)
        while item is not None:
            if not item.identity:  # goes with the one before it
                yield item, None
                item = next(self.items, None)
                continue
            following = next(self.items, None)
            index = self._index(item, following, expected)
            if index is not None:
                self.used[index] = 1
                if index == expected or self._follows(following, index + 1):
                    expected = index + 1
            while expected < len(self.used) and self.used[expected]:
                expected += 1
            yield item, index
            item = following

    def _index(self, item: Item, following: Item | None, expected: int) -> int | None:
        if expected < len(self.old):
            if self.old.identity(expected) == item.identity:
                return expected
            if self._follows(following, expected + 1):
                return expected  # edited, between neighbours that stayed
        if item.identity != REJECTED and (index := self._search(item, expected)) is not None:
            return index
        if expected < len(self.old) and self.old.identity(expected) == REJECTED:
            return expected  # what could not be read is whole now
        return None

    def _follows(self, item: Item | None, index: int) -> bool:
        return (
            item is not None
            and index < len(self.old)
            and not self.used[index]
            and self.old.identity(index) == item.identity
        )

    def _search(self, item: Item, expected: int) -> int | None:
        for begin, end in ((expected, len(self.old)), (0, expected)):
            at = begin * IDENTITY
            while self.budget > 0:
                found = self.old.identities.find(item.identity, at, end * IDENTITY)
                self.budget -= (end * IDENTITY if found < 0 else found) - at + 1
                if found < 0:
                    break
                index, misaligned = divmod(found, IDENTITY)
                if not misaligned and not self.used[index]:
                    return index
                at = found + 1
        return None
