"""A file whose records changed places since they were imported: their rows stay where they are."""

import uuid
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, compress, repeat
from operator import eq
from typing import Any, TypeVar

from legacy_import.verify import stored
from legacy_import.verify.canonical import message_hash
from legacy_import.verify.fingerprints import AT_ONCE, Fingerprints
from legacy_import.verify.source.rows import MessageRow

NOTE = "its records changed places since they were imported: its messages stand in their old order"
Row = tuple[Any, ...]
One = TypeVar("One")


class Reordered:
    """Which records of a file, and which rows of its chat, have their equal; a byte each."""

    def __init__(self, bot_id: uuid.UUID, chat: uuid.UUID, records: Iterable[MessageRow]) -> None:
        said, without_id = array("q"), array("q")
        for row in records:
            said.append(message_hash(row, 0))
            without_id.append(message_hash(row._replace(telegram_message_id=None), 0))
        there = array("q", stored.hashes(bot_id, chat))
        # Where another row of the chat had a record's id, its own has none.
        for n in _only_without_id(said, without_id, there):
            said[n] = without_id[n]
        self.records, self.rows = _paired(said, there), _paired(there, said)
        pairs = map(eq, compress(said, self.records), compress(there, self.rows))
        # Else all of them stand in one order.
        self.is_so = not all(pairs)

    def unpaired_records(self, records: Iterable[MessageRow]) -> Iterator[MessageRow]:
        return _unpaired(records, self.records)

    def unpaired_rows(self, rows: Iterable[Row]) -> Iterator[Row]:
        return _unpaired(rows, self.rows)

    def not_as_imported(self, rows: Iterable[Row], held: Fingerprints) -> Iterator[Row]:
        """Two rows may have changed places as well, but not in the ledger."""
        some: list[Row] = []
        for row in compress(rows, self.rows):
            some.append(row)
            if len(some) == AT_ONCE:
                yield from held.others(some)
                some.clear()
        yield from held.others(some)


def _unpaired(ones: Iterable[One], paired: bytearray) -> Iterator[One]:
    """What came since they were paired is not."""
    known = chain(paired, repeat(0))
    return (one for one, is_paired in zip(ones, known, strict=False) if not is_paired)


def _only_without_id(
    said: "array[int]", without_id: "array[int]", there: "array[int]"
) -> Iterator[int]:
    left = Counter(there)
    left.subtract(said)
    for n, (one, other) in enumerate(zip(said, without_id, strict=True)):
        if left[one] < 0 < left[other]:
            left[one] += 1
            left[other] -= 1
            yield n


def _paired(ones: "array[int]", others: "array[int]") -> bytearray:
    left = Counter(others)
    found = bytearray()
    for one in ones:
        found.append(left[one] > 0)
        if found[-1]:
            left[one] -= 1
    return found
