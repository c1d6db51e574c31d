"""Which record of a file, as it is now, is which record that was imported from it.

Files grow at their end; sometimes records are edited, trimmed off the front, or the file is begun
anew. A record that is as it was is recognised by its content, an edited one by its identity (a
message's id and time), which an edit leaves alone, or by its neighbours. An identity that others
have too, as the times of messages without ids, tells nothing by itself, but does where the record
says the same in other bytes. A record that is found nowhere is new, and gets the next place:
nothing that was imported is ever taken for it.
"""

from collections import deque
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Generic, Protocol, TypeVar

from legacy_import.batches.encode import CONTENT, IDENTITY, REJECTED
from legacy_import.batches.known import Sequence
from legacy_import.source.hashes import Hashes

# Of the bytes searched for records that are not where they were: beyond, they count as new.
SEARCHED = 2_000_000_000
# So many records before one and after it are near it, as far as those after it take no more memory.
NEAR, NEAR_BYTES = 64, 256 * 1024
IDENTITIES_AT_ONCE = 250_000


class Alignable(Protocol):
    @property
    def identity(self) -> bytes: ...

    @property
    def content(self) -> bytes: ...

    @property
    def size(self) -> int: ...

    @property
    def never_edited(self) -> bool: ...


Item = TypeVar("Item", bound=Alignable)


class Alignment(Generic[Item]):
    def __init__(
        self,
        old: Sequence,
        items: Iterator[Item],
        is_mended: Callable[[int, Item, bool], bool],
        is_rewritten: Callable[[int, Item], bool],
    ) -> None:
        self.old = old
        self.items = items
        # Whether the record rejected at an index is this one, which follows the same one or not.
        self.is_mended = is_mended
        # Whether the record at an index says the same in other bytes.
        self.is_rewritten = is_rewritten
        self.used = bytearray(len(old))
        # Those that are not used.
        self.vanished = len(old)
        self.budget = SEARCHED
        self.before: deque[bytes] = deque(maxlen=NEAR)
        self.after: deque[Item] = deque()
        self.after_size = 0
        self.present = b""
        # Whether the last record was the one before the expected.
        self.in_step = True

    def placed(self) -> Iterator[tuple[Item, int | None]]:
        """Each item with the index of the old record it is; None for a new one."""
        expected = 0
        while (item := self._next()) is not None:
            if not item.identity:  # goes with the one before it
                yield item, None
                continue
            self.present = item.identity
            index = self._index(item, expected) if self.vanished else None
            self.in_step = False
            if index is not None:
                self.used[index] = 1
                self.vanished -= 1
                if index == expected or self._stays(index + 1):
                    expected, self.in_step = index + 1, True
            while expected < len(self.used) and self.used[expected]:
                expected += 1
            self.before.append(item.identity)
            yield item, index

    def _next(self) -> Item | None:
        while len(self.after) < 2 or (len(self.after) <= NEAR and self.after_size < NEAR_BYTES):
            item = next(self.items, None)
            if item is None:
                break
            self.after.append(item)
            self.after_size += item.size
        if not self.after:
            return None
        item = self.after.popleft()
        self.after_size -= item.size
        return item

    def _index(self, item: Item, expected: int) -> int | None:
        there = expected < len(self.old)
        if there and self.old.content(expected) == item.content:
            return expected
        if item.content in self._contents:
            index = self._search(self.old.contents, CONTENT, item.content, expected)
            if index is not None:
                return index
        if item.never_edited:
            return None
        if there and self._is_still(item, expected):
            return expected
        if there and self.in_step and self._between_neighbours(item, expected):
            return expected
        if item.identity != REJECTED:
            index = self._search(self.old.identities, IDENTITY, item.identity, expected)
            if index not in (None, expected) and self._is_still(item, index):
                return index
        if there and self.old.identity(expected) == REJECTED:
            beside = self.in_step and expected > 0
            return expected if self.is_mended(expected, item, beside) else None
        return None

    def _is_still(self, item: Item, index: int) -> bool:
        same = item.identity == self.old.identity(index) != REJECTED
        return same and (self._is(item, index) or self.is_rewritten(index, item))

    def _is(self, item: Item, index: int) -> bool:
        """That they have the same identity, and nothing else has it."""
        identity = item.identity
        return (
            identity == self.old.identity(index) != REJECTED
            and not self._shared[index]
            and self._is_alone(identity)
        )

    def _is_alone(self, identity: bytes) -> bool:
        """Of the records near the present one, and of it."""
        near = [self.present, *self.before, *(item.identity for item in self.after)]
        return near.count(identity) < 2

    def _between_neighbours(self, item: Item, expected: int) -> bool:
        """The one before stayed, and so did the one after, or both are the last of one time."""
        if self.after:
            return self._stays(expected + 1)
        last = 0 < expected == len(self.old) - 1
        return last and self.old.identity(expected) == item.identity != REJECTED

    def _stays(self, index: int) -> bool:
        """Whether the next record is the one that was imported at an index."""
        if not self.after or index >= len(self.old) or self.used[index]:
            return False
        following = self.after[0]
        if self.old.content(index) == following.content:
            return True
        return self._is(following, index)

    @cached_property
    def _contents(self) -> Hashes:
        return Hashes(self.old.contents)

    @cached_property
    def _shared(self) -> bytearray:
        """By index, whether several old records have that identity: found some at a time."""
        shared = bytearray(len(self.old))
        turns = 1 + len(self.old) // IDENTITIES_AT_ONCE
        with memoryview(self.old.identities).cast("Q") as identities:
            for turn in range(turns):
                first: dict[int, int] = {}
                for index, identity in enumerate(identities):
                    if identity % turns == turn and first.setdefault(identity, index) != index:
                        shared[first[identity]] = shared[index] = 1
        return shared

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
