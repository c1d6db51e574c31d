"""What the ledger has of each record that was ever imported: eight bytes of its row as it then was.

A row whose record is in no file any more, or only in a backup, is held against these.
"""

import json
import uuid
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

from django.db import connection

from legacy_import.verify.database.streamed import streamed
from legacy_import.verify.dirt.original import messages_in
from legacy_import.verify.source.rows import MessageRow
from legacy_import.verify.source.tree import is_64_bits
from legacy_import.verify.values.encoded import (
    CONTENT,
    fingerprint,
    integer,
    jsonb,
    moment,
    number_in,
    text,
)

IDENTITY, FINGERPRINT = 8, 16
# The identity of what has no row.
REJECTED = b"\xff" * IDENTITY
# However many it says it has.
OF_CHUNK = f"least(chunk.records, length(chunk.hashes) / {FINGERPRINT})"
RECORDS = f"""
    SELECT file.path, sum(chunk.records),
        sum(chunk.records) = max(chunk.first_place + chunk.records - 1)
            AND min(chunk.first_place) = 1
            AND bool_and(length(chunk.hashes) = chunk.records::bigint * {FINGERPRINT}),
        min(chunk.shift), max(chunk.shift),
        bool_or(position('\\x{REJECTED.hex()}'::bytea
            IN substr(chunk.hashes, 1, {OF_CHUNK} * {IDENTITY})) > 0)
    FROM import_files AS file
    JOIN import_chunks AS chunk ON chunk.bot_id = file.bot_id AND chunk.file_id = file.id
    WHERE file.bot_id = %s AND file.path = ANY(%s) AND file.status <> 'undone'
        AND chunk.records > 0
    GROUP BY file.path
"""
CHUNKS = """
    SELECT chunk.first_place, chunk.records, chunk.shift, chunk.hashes
    FROM import_files AS file
    JOIN import_chunks AS chunk ON chunk.bot_id = file.bot_id AND chunk.file_id = file.id
    WHERE file.bot_id = %s AND file.path = %s AND file.status <> 'undone' AND chunk.records > 0
    ORDER BY chunk.first_place
"""
OF_PATH = """
    FROM import_files AS file
    JOIN {} AS kept ON kept.bot_id = file.bot_id AND kept.file_id = file.id
    WHERE file.bot_id = %s AND file.path = %s AND file.status <> 'undone'
        AND kept.place = ANY(%s)
"""
ORIGINALS = f"""
    SELECT DISTINCT ON (kept.place) kept.place, kept.original {OF_PATH.format("import_originals")}
    ORDER BY kept.place, kept.file_id DESC, kept.id DESC
"""
EVERY_ORIGINAL = f"SELECT kept.original {OF_PATH.format('import_originals')}"
# Telegram ids that a row could not have, because another row had them.
NUMBERS = f"""
    SELECT kept.place, kept.original {OF_PATH.format("import_repairs")}
        AND kept.code = 'telegram-id-taken'
"""
EARLIER = f"""
    SELECT kept.place, kept.earlier {OF_PATH.format("import_changes")}
        AND kept.earlier IS NOT NULL
"""
# Of a record that was rejected or replaced since, wherever it stood: what it was, and how written.
EARLIER_OF = f"""
    SELECT change.earlier, kept.original
    FROM import_files AS file
    JOIN import_changes AS change ON change.bot_id = file.bot_id AND change.file_id = file.id
    LEFT JOIN import_files AS version ON version.bot_id = file.bot_id AND version.path = file.path
    LEFT JOIN import_originals AS kept ON kept.bot_id = file.bot_id AND kept.file_id = version.id
        AND kept.place = change.place
    WHERE file.bot_id = %s AND file.path = %s AND file.status <> 'undone'
        AND substr(change.earlier, 1, {IDENTITY}) = %s
"""
# Of people, who are known by their Telegram ids, also those whom another record replaced.
PEOPLE = f"""
    SELECT file.path, {OF_CHUNK}, chunk.hashes
    FROM import_files AS file
    JOIN import_chunks AS chunk ON chunk.bot_id = file.bot_id AND chunk.file_id = file.id
    WHERE file.bot_id = %(bot)s AND kind IN ('profile', 'profiles') AND file.status <> 'undone'
    UNION ALL
    SELECT file.path, 1, change.earlier
    FROM import_files AS file
    JOIN import_changes AS change ON change.bot_id = file.bot_id AND change.file_id = file.id
    WHERE file.bot_id = %(bot)s AND kind IN ('profile', 'profiles') AND file.status <> 'undone'
        AND length(change.earlier) = {FINGERPRINT}
"""
# An identity is the id modulo this.
PRIME = 18_446_744_073_709_551_557
AT_ONCE = 500
ALIKE = 100

Row = tuple[Any, ...]


@dataclass
class Fingerprints:
    """Of one path's records, by their places."""

    bot_id: uuid.UUID
    path: str
    identities: bytearray = field(default_factory=bytearray)
    contents: bytearray = field(default_factory=bytearray)
    firsts: list[int] = field(default_factory=list)
    shifts: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, bot_id: uuid.UUID, path: str) -> "Fingerprints":
        found = cls(bot_id, path)
        for first, records, shift, hashes in streamed(CHUNKS, [bot_id, path]):
            found.firsts.append(first)
            found.shifts.append(shift)
            found.identities += hashes[: records * IDENTITY]
            found.contents += hashes[records * IDENTITY :]
        return found

    def __len__(self) -> int:
        return len(self.identities) // IDENTITY

    def identity(self, place: int) -> bytes:
        return bytes(self.identities[(place - 1) * IDENTITY : place * IDENTITY])

    def content(self, place: int) -> bytes:
        return bytes(self.contents[(place - 1) * CONTENT : place * CONTENT])

    def is_rejected(self, place: int) -> bool:
        return self.identity(place) == REJECTED

    def shift(self, place: int) -> int:
        """By how much a row's position is more than its place."""
        return self.shifts[max(bisect_right(self.firsts, place) - 1, 0)] if self.shifts else 0

    @property
    def places(self) -> range:
        return range(1, len(self) + 1)

    @cached_property
    def _by_identity(self) -> list["array[int]"]:
        """Places whose identities have the same remainder."""
        found = [array("q") for _ in range(1 + len(self) // ALIKE)]
        for place in self.places:
            found[int.from_bytes(self.identity(place)) % len(found)].append(place)
        return found

    def places_of(self, identity: bytes) -> list[int]:
        alike = self._by_identity[int.from_bytes(identity) % len(self._by_identity)]
        return [place for place in alike if self.identity(place) == identity]

    @property
    def accepted(self) -> Iterator[int]:
        """The places of those that became rows."""
        return (place for place in self.places if not self.is_rejected(place))

    def others(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Of messages those that are not as they were imported."""
        rows = iter(rows)
        while some := sorted(islice(rows, AT_ONCE), key=lambda row: row[9]):
            places = [row[9] for row in some]
            values = self.bot_id, self.path, places
            numbers = dict(streamed(NUMBERS, [*values]))
            rejected = [place for place in places if self.is_rejected(place)]
            earlier = earlier_contents(self.bot_id, self.path, rejected) if rejected else {}
            records = originals(*values)
            kept = next(records, None)
            for row in some:
                place = row[9]
                while kept and kept[0] < place:
                    kept = next(records, None)
                original = kept[1] if kept and kept[0] == place else b""
                wanted = earlier.get(place) or {self.content(place)}
                if not self._fits(row, number_in(numbers.get(place)), original, wanted):
                    yield row

    def was(self, place: int, row: Row, wanted: set[bytes]) -> bool:
        """Whether a message is one of these, in whatever version of the file."""
        values = self.bot_id, self.path, [place]
        number = number_in(dict(streamed(NUMBERS, [*values])).get(place))
        kept = {b"", *every_original(*values)}
        return any(self._fits(row, number, original, wanted) for original in kept)

    def _fits(self, row: Row, number: int | None, original: bytes, wanted: set[bytes]) -> bool:
        _, own, sender_type, sender_id, content, message_type, metadata, sent_at = row[:8]
        ids = {own} if own is not None or number is None else {None, number}
        try:
            rest = integer(sender_id) + moment(sent_at) + text(sender_type)
            rest += text(content) + text(message_type) + jsonb(metadata)
            values = [integer(id) + rest for id in ids]
            if any(fingerprint(one, original) in wanted for one in values):
                return True
            # The original of one from a backup is no part of it, but says the same.
            said = {fingerprint(one) for one in values} & wanted
            return bool(said) and any(_says(one, said) for one in messages_in(original))
        except (ValueError, OverflowError, RecursionError):
            return False  # beyond anything that is imported


def _says(message: MessageRow, wanted: set[bytes]) -> bool:
    values = integer(message.telegram_message_id) + integer(message.sender_id)
    values += moment(message.sent_at) + text(message.sender_type) + text(message.content)
    values += text(message.message_type) + jsonb(json.dumps(message.metadata))
    return fingerprint(values) in wanted


@dataclass(frozen=True, slots=True)
class Extent:
    """Of a path's fingerprints."""

    records: int = 0
    # Whether they follow each other, each of its length.
    whole: bool = True
    least_shift: int = 0
    most_shift: int = 0
    # Whether some may be of rejects.
    rejects: bool = False


NONE = Extent()


def extents(bot_id: uuid.UUID, paths: Sequence[str]) -> dict[str, Extent]:
    with connection.cursor() as cursor:
        cursor.execute(RECORDS, [bot_id, [*paths]])
        return {path: Extent(int(records), *rest) for path, records, *rest in cursor.fetchall()}


def originals(bot_id: uuid.UUID, path: str, places: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Of records that their rows do not give back, by their places."""
    for place, original in streamed(ORIGINALS, [bot_id, path, [*places]]):
        yield place, bytes(original)


def every_original(bot_id: uuid.UUID, path: str, places: Sequence[int]) -> Iterator[bytes]:
    """Of all versions."""
    for (original,) in streamed(EVERY_ORIGINAL, [bot_id, path, [*places]]):
        yield bytes(original)


def identity_of(telegram_id: int) -> bytes:
    return (telegram_id % PRIME).to_bytes(IDENTITY)


def people(bot_id: uuid.UUID) -> Iterator[tuple[str, list[int]]]:
    """Whom each file ever had: their ids; of the largest and smallest there are two to choose."""
    for path, records, hashes in streamed(PEOPLE, {"bot": bot_id}):
        for begin in range(0, records * IDENTITY, IDENTITY):
            identity = bytes(hashes[begin : begin + IDENTITY])
            if identity != REJECTED:
                number = int.from_bytes(identity)
                yield path, [one for one in (number, number - PRIME) if is_64_bits(one)]


def earlier_contents(bot_id: uuid.UUID, path: str, places: Sequence[int]) -> dict[int, set[bytes]]:
    """What was imported at a place before it was rejected."""
    found: dict[int, set[bytes]] = {}
    for place, earlier in streamed(EARLIER, [bot_id, path, [*places]]):
        if bytes(earlier[:IDENTITY]) != REJECTED:
            found.setdefault(place, set()).add(bytes(earlier[IDENTITY:]))
    return found


def earlier_of(bot_id: uuid.UUID, path: str, identity: bytes) -> Iterator[tuple[bytes, bytes]]:
    """What a record once was, with each original that may belong to it."""
    for earlier, original in streamed(EARLIER_OF, [bot_id, path, identity]):
        yield bytes(earlier[IDENTITY:]), bytes(original or b"")
