"""Records whose values PostgreSQL refuses: found among the others, and made rejects of their batch.

They are looked for where the batch failed and nowhere else, so a batch that does not fail pays
nothing but for remembering what was counted before it was written.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any

import psycopg
from django.db import Error, transaction

from legacy_import.batches import encode
from legacy_import.batches.batch import Batch, Part
from legacy_import.batches.counts import Books, Counts
from legacy_import.batches.encode import IDENTITY, REJECTED
from legacy_import.source.records import Reject
from legacy_import.source.render import render_message, render_profile
from legacy_import.source.values import as_json

CODE = "refused-by-database"
# Classes of SQLSTATE: data exceptions, violated constraints, limits such as of an index's row.
REFUSALS = ("22", "23", "54")
# Serialization, a deadlock, a lock that was not given in time: to be tried again as it is.
PASSING = ("40001", "40P01", "55P03")

FIRST = itemgetter(0)
# What a part has of its records -> of an item its record's place.
PLACES: dict[str, Callable[[Any], int]] = {
    **dict.fromkeys(("message_rows", "changed_rows"), encode.place_of),
    **dict.fromkeys(("profiles", "metrics", "notes", "originals"), FIRST),
}
ROWS = {"message_rows", "changed_rows", "profiles", "metrics"}

# The number of a part in the batch, and the record's place in its file.
Key = tuple[int, int]


class FileRefused(Exception):
    """What stands around a file's records: there is no row for its records to belong to."""

    def __str__(self) -> str:
        path, words = self.args
        return (
            f"{path}: PostgreSQL does not take what stands around its records, such as its title "
            f"({words}). Move it away and run the same command again. What was imported stays."
        )


def sqlstate(error: BaseException) -> str:
    return getattr(error.__cause__, "sqlstate", None) or ""


def is_passing(error: BaseException) -> bool:
    return sqlstate(error) in PASSING


def is_refusal(error: BaseException) -> bool:
    return sqlstate(error)[:2] in REFUSALS


class Planned:
    """A batch as it was before somebody tried to write it."""

    def __init__(self, batch: Batch, books: Books) -> None:
        self.books, self.open = books, dict(books.open)
        self.parts = [
            (part, part.shift, part.moved_at, part.moved_by, len(part.notes))
            for part in batch.parts
        ]
        self.tallies = [
            (tally, tally.inserted, tally.unchanged, tally.changed, tally.repaired)
            for part in batch.parts
            for tally in part.counts.kinds.values()
        ]

    def restore(self) -> None:
        self.books.open = self.open
        for part, shift, moved_at, moved_by, notes in self.parts:
            part.shift, part.moved_at, part.moved_by = shift, moved_at, moved_by
            del part.notes[notes:]
        for tally, inserted, unchanged, changed, repaired in self.tallies:
            tally.inserted, tally.unchanged = inserted, unchanged
            tally.changed, tally.repaired = changed, repaired


def refused_of(batch: Batch, write: Callable[[Batch], None]) -> dict[Key, str]:
    """The records without which the rest can be written, with the database's words.

    Inside a transaction that is rolled back afterwards: halves that can be written stay until
    then, so that of two records that exclude each other it is the second.
    """
    records = _records(batch)
    refused: dict[Key, str] = {}

    def sift(keys: Sequence[Key]) -> None:
        if not keys:
            return
        try:
            with transaction.atomic():
                write(_only(batch, keys, records))
        except Error as error:
            if not is_refusal(error):
                raise
            if len(keys) == 1:
                refused[keys[0]] = words_of(error)
                return
            half = len(keys) // 2
            sift(keys[:half])
            sift(keys[half:])

    sift(sorted(key for key, of_record in records.items() if of_record.keys() & ROWS))
    return refused


def words_of(error: Error) -> str:
    """Without the details, which quote the row."""
    cause = error.__cause__
    assert isinstance(cause, psycopg.Error)
    return cause.diag.message_primary or ""


def _records(batch: Batch) -> dict[Key, dict[str, list[Any]]]:
    """What a batch has of each record."""
    records: dict[Key, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for n, part in enumerate(batch.parts):
        for name, place_of in PLACES.items():
            for item in getattr(part, name):
                records[n, place_of(item)][name].append(item)
    return records


def _only(batch: Batch, keys: Sequence[Key], records: dict[Key, dict[str, list[Any]]]) -> Batch:
    """Of these records alone; what is counted and noted in it leaves the batch as it is."""
    parts = []
    for n, of_part in groupby(keys, key=FIRST):
        found = [records[key] for key in of_part]
        lists = {name: [item for one in found for item in one.get(name, ())] for name in PLACES}
        parts.append(replace(batch.parts[n], counts=Counts(), **lists))
    return Batch(batch.bot_id, parts)


def reject(batch: Batch, refused: dict[Key, str]) -> None:
    for n, part in enumerate(batch.parts):
        words = {place: reason for (of, place), reason in refused.items() if of == n}
        if words:
            _reject(part, words)


def _reject(part: Part, words: dict[int, str]) -> None:
    raws = dict(_raws(part, words))
    added = {encode.place_of(row) for row in part.message_rows}
    people = dict(part.profiles)
    messages = added.union(encode.place_of(row) for row in part.changed_rows)
    repaired = {place for place, _ in part.notes}
    for place, reason in words.items():
        edit = part.edits.get(place)
        kind = "messages" if place in messages else "profiles" if place in people else "metrics"
        tally = part.counts[kind]
        tally.rejected += 1
        tally.repaired -= place in repaired
        # Of other rows the database would have said whether they were there.
        if place in messages and (place in added or edit is None or edit.was_rejected):
            tally.inserted -= 1
        elif place in messages:
            tally.changed -= 1
        if place in people:
            part.counts["metrics"].source -= len(people[place].metrics)
        # The fingerprint keeps the content: that record as it is was refused.
        if edit is None:
            at = (place - part.first_place) * IDENTITY
            part.identities[at : at + IDENTITY] = REJECTED
        elif edit.earlier == REJECTED + edit.content:
            del part.edits[place]
            continue
        else:
            part.edits[place] = replace(edit, identity=REJECTED)
        part.rejects.append((place, 0, Reject(place, CODE, reason, raws[place])))
    for name, place_of in PLACES.items():
        left = [item for item in getattr(part, name) if place_of(item) not in words]
        setattr(part, name, left)


def _raws(part: Part, places: dict[int, str]) -> Iterator[tuple[int, bytes]]:
    """The records as JSON: what was kept of them, else as an export would write them."""
    for place, _, metric in part.metrics:
        if place in places:
            name, number = as_json(metric.metric_name), str(metric.metric_value).encode()
            yield place, b"{" + name + b": " + number + b"}"
    for place, profile in part.profiles:
        if place in places:
            yield place, as_json(render_profile(profile.shape, profile))
    for row in (*part.message_rows, *part.changed_rows):
        if (place := encode.place_of(row)) in places:
            yield place, as_json(render_message(part.shape, encode.message_of(row)))
    for place, original in part.originals:
        if place in places and original:
            yield place, original
