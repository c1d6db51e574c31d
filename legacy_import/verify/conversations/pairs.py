"""Records of a changed file and their rows, which stay where they are: those that are equal."""

import uuid
from array import array
from collections.abc import Iterable, Iterator
from itertools import chain, compress, repeat
from operator import eq
from typing import Any, TypeVar

from legacy_import.verify.accounts.fingerprints import AT_ONCE, Fingerprints
from legacy_import.verify.database import stored
from legacy_import.verify.source.rows import MessageRow
from legacy_import.verify.values.canonical import message_hash
from legacy_import.verify.values.multiset import Multiset
from legacy_import.verify.values.places import Placed

NOTE = "its records changed places since they were imported: its messages stand in their old order"
Row = tuple[Any, ...]
One = TypeVar("One")


class Pairs:
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
        # Whether records changed places since they were imported.
        self.reordered = not all(pairs)

    def unpaired_records(self, records: Iterable[MessageRow]) -> Iterator[MessageRow]:
        return _unpaired(records, self.records)

    def unpaired_rows(self, rows: Iterable[Row]) -> Iterator[Row]:
        return _unpaired(rows, self.rows)

    def placed(self, records: Iterable[MessageRow], rows: Iterable[Row]) -> Placed:
        """Of repaired records that did not change places: their rows' places."""
        placed = Placed()
        pairs = zip(compress(records, self.records), compress(rows, self.rows), strict=False)
        for record, row in pairs:
            if record.repairs:
                placed.add(record.place, row[9])
        return placed

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
    rows, records = Multiset(there), Multiset(said)
    for one in said:
        rows.take(one)
    for n, (one, other) in enumerate(zip(said, without_id, strict=True)):
        if records.left(one) > rows.number(one) and rows.take(other):
            records.take(one)
            yield n


def _paired(ones: "array[int]", others: "array[int]") -> bytearray:
    left = Multiset(others)
    return bytearray(left.take(one) for one in ones)
