"""Which record of a file, as it is now, is which record that was imported from it.

Files grow at their end; sometimes records are edited, trimmed off the front, or the file is begun
anew. A record that is as it was is recognised by its content, an edited one by its identity (a
message's id and time), which an edit leaves alone, or by its neighbours. A record that is found
nowhere is new, and gets the next place: nothing that was imported is ever taken for it.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Generic, Protocol, TypeVar

from legacy_import.batches.encode import CONTENT, IDENTITY, REJECTED
from legacy_import.batches.known import Sequence
from legacy_import.source.hashes import Hashes

# Of the bytes searched for records that are not where they were: beyond, they count as new.
SEARCHED = 2_000_000_000


class Alignable(Protocol):
    @property
    def identity(self) -> bytes: ...

    @property
    def content(self) -> bytes: ...

    @property
    def never_edited(self) -> bool: ...


Item = TypeVar("Item", bound=Alignable)


class Alignment(Generic[Item]):
    def __init__(self, old: Sequence, items: Iterator[Item]) -> None:
        self.old = old
        self.items = items
        self.used = bytearray(len(old))
        # Those that are not used.
        self.vanished = len(old)
        self.budget = SEARCHED

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
            index = self._index(item, following, expected) if self.vanished else None
            if index is not None:
                self.used[index] = 1
                self.vanished -= 1
                if index == expected or self._follows(following, index + 1):
                    expected = index + 1
            while expected < len(self.used) and self.used[expected]:
                expected += 1
            yield item, index
            item = following

    def _index(self, item: Item, following: Item | None, expected: int) -> int | None:
        there = expected < len(self.old)
        if there and self.old.content(expected) == item.content:
            return expected
        if item.content in self._contents:
            index = self._search(self.old.contents, CONTENT, item.content, expected)
            if index is not None:
                return index
        if item.never_edited:
            return None
        if there and self.old.identity(expected) == item.identity:
            return expected
        if there and self._follows(following, expected + 1):
            return expected  # edited, between neighbours that stayed
        if item.identity != REJECTED:
            index = self._search(self.old.identities, IDENTITY, item.identity, expected)
            if index is not None:
                return index
        if there and self.old.identity(expected) == REJECTED:
            return expected  # what could not be read is whole now
        return None

    @cached_property
    def _contents(self) -> Hashes:
        return Hashes(self.old.contents)

    def _follows(self, item: Item | None, index: int) -> bool:
        return (
            item is not None
            and index < len(self.old)
            and not self.used[index]
            and self.old.identity(index) == item.identity
        )

    def _search(
        self, hashes: bytes | bytearray, width: int, wanted: bytes, expected: int
    ) -> int | None:
        """What is not used yet, from the expected place on, then before it."""
        for begin, end in ((expected, len(self.old)), (0, expected)):
            at = begin * width
            while self.budget > 0:
                found = hashes.find(wanted, at, end * width)
                self.budget -= (end * width if found < 0 else found) - at + 1
                if found < 0:
                    break
                index, misaligned = divmod(found, width)
                if not misaligned and not self.used[index]:
                    return index
                at = found + 1
        return None
