"""The bytes that the import's ledger keeps: of rejects, repaired records, backups."""

import hashlib
import uuid
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

from django.db import connection

from legacy_import.verify.database.streamed import streamed
from legacy_import.verify.dirt.codes import is_reject
from legacy_import.verify.source.repaired import short
from legacy_import.verify.values.encoded import CONTENT, fingerprint
from legacy_import.verify.values.places import Places, has

REJECTS = """
    SELECT file.path, reject.place, reject.file_id, reject.raw, reject.code, reject.piece,
        reject.solved_by, reject.reason
    FROM import_files AS file
    JOIN import_rejects AS reject ON reject.bot_id = file.bot_id AND reject.file_id = file.id
    WHERE file.bot_id = %s AND file.path = ANY(%s) AND file.status <> 'undone'
    ORDER BY file.path, reject.place, reject.file_id, reject.piece, reject.id
"""
SIZES = """
    SELECT sum(length(reject.raw))
    FROM import_files AS file
    JOIN import_rejects AS reject ON reject.bot_id = file.bot_id AND reject.file_id = file.id
    WHERE file.bot_id = %s AND file.path = %s AND reject.place = %s AND file.status <> 'undone'
    GROUP BY file.id ORDER BY file.id
"""
REFUSED = """
    FROM import_files AS file
    JOIN import_rejects AS reject ON reject.bot_id = file.bot_id AND reject.file_id = file.id
    WHERE file.bot_id = %s AND file.status <> 'undone' AND reject.code = 'refused-by-database'
        AND reject.solved_by IS NULL
"""
PLACES_REFUSED = f"SELECT file.path, reject.place {REFUSED} GROUP BY 1, 2 ORDER BY 1, 2"
RECORDS_REFUSED = f"""
    SELECT reject.place, string_agg(reject.raw, ''::bytea ORDER BY reject.piece)
    {REFUSED} AND file.path = %s GROUP BY 1 ORDER BY 1
"""
# An empty one says that from then on the row gives its record back.
ORIGINALS = """
    SELECT file.path, kept.place, sha256(btrim(kept.original, '\\x20090a0d'::bytea)),
        length(kept.original) = 0
    FROM import_files AS file
    JOIN import_originals AS kept ON kept.bot_id = file.bot_id AND kept.file_id = file.id
    WHERE file.bot_id = %s AND file.path = ANY(%s) AND file.status <> 'undone'
    ORDER BY file.path, kept.place, kept.file_id
"""
# That another message had its id is no repair of a record's own.
NOTED = """
    SELECT DISTINCT ON (file.path, repair.place) file.path, repair.place, count(*)
    FROM import_files AS file
    JOIN import_repairs AS repair ON repair.bot_id = file.bot_id AND repair.file_id = file.id
    WHERE file.bot_id = %s AND file.path = ANY(%s) AND file.status <> 'undone'
        AND repair.code <> 'telegram-id-taken'
    GROUP BY file.path, repair.place, repair.file_id
    ORDER BY file.path, repair.place, repair.file_id DESC
"""
# No join with the originals: before these tables are analyzed it may pair each with each.
REPAIRED = """
    SELECT repair.path, repair.file_id, repair.place, repair.code, repair.pointer, repair.original,
        ARRAY(SELECT kept.original FROM import_originals AS kept
            WHERE kept.bot_id = repair.bot_id AND kept.file_id = repair.file_id
                AND kept.place = repair.place)
    FROM (
        SELECT file.path, repair.* FROM import_files AS file
        JOIN import_repairs AS repair ON repair.bot_id = file.bot_id AND repair.file_id = file.id
        WHERE file.bot_id = %s AND file.path = ANY(%s) AND file.status <> 'undone'
        ORDER BY repair.file_id, repair.place OFFSET 0
    ) AS repair
"""
# A retry reads no file: the bytes are those of the version before it.
PARTS = """
    SELECT part.number, CASE WHEN same_as IS NULL THEN part.data END
    FROM import_file_parts AS part
    WHERE part.bot_id = %(bot)s AND part.file_id = (
        SELECT file.id FROM import_files AS latest
        JOIN import_files AS file ON file.bot_id = latest.bot_id AND file.path = latest.path
        WHERE latest.bot_id = %(bot)s AND latest.id = %(file)s AND file.status <> 'undone'
            AND EXISTS (
                SELECT FROM import_file_parts AS own
                WHERE own.bot_id = file.bot_id AND own.file_id = file.id)
        ORDER BY file.id DESC LIMIT 1)
    ORDER BY part.number
"""
# Of the states before those of a run; what they share is with that.
PARTS_BEFORE = """
    SELECT file.path, before.sha256, part.number,
        CASE WHEN part.same_as IS NULL THEN part.data ELSE shared.data END
    FROM import_files AS file CROSS JOIN LATERAL (
        SELECT id, sha256 FROM import_files AS earlier
        WHERE earlier.bot_id = file.bot_id AND earlier.path = file.path AND earlier.id < file.id
            AND status <> 'undone' AND NOT header ? 'rejected' AND EXISTS (
                SELECT FROM import_file_parts AS own
                WHERE own.bot_id = earlier.bot_id AND own.file_id = earlier.id)
        ORDER BY id DESC LIMIT 1) AS before
    JOIN import_file_parts AS part ON part.bot_id = file.bot_id AND part.file_id = before.id
    LEFT JOIN import_file_parts AS shared ON shared.bot_id = file.bot_id
        AND shared.id = part.same_as AND shared.file_id = file.id
    WHERE file.bot_id = %(bot)s AND file.run_id = %(run)s
    ORDER BY file.path, part.number
"""
HAS_PARTS = """
    SELECT EXISTS (SELECT FROM import_file_parts WHERE bot_id = %s AND file_id = %s)
"""
BACKUP = """
    SELECT backup.chat_id, backup.date, backup.stored FROM import_backups AS backup
    WHERE backup.bot_id = %s AND backup.file_id = %s
"""


@dataclass(slots=True)
class KeptReject:
    """One record's bytes, which may lie in several rows."""

    place: int
    file_id: uuid.UUID
    code: str
    solved_by: int | None
    size: int = 0
    sha256: bytes = b""
    fingerprints: bytearray = field(default_factory=bytearray)
    """Of each row, as the ledger has them, one after the other."""
    pieces: int = 0
    is_one: bool = True
    """Whether its rows follow each other and say the same of it."""
    is_told: bool = True
    """Whether their reasons are of their code."""

    @property
    def fingerprint(self) -> bytes:
        """Of a record that lies in one row."""
        return bytes(self.fingerprints[:CONTENT])


@dataclass(frozen=True, slots=True)
class KeptRepair:
    path: str
    file_id: uuid.UUID
    place: int
    code: str
    pointer: str
    original: bytes
    record: bytes | None
    """The record as it is kept, where it is."""


@dataclass(slots=True)
class KeptOriginals:
    """What is kept of one file's repaired records, by hashes."""

    places: "array[int]" = field(default_factory=lambda: array("q"))
    records: "array[int]" = field(default_factory=lambda: array("Q"))
    # Where repairs are noted, and how many by the last import that noted any.
    noted: "array[int]" = field(default_factory=lambda: array("q"))
    numbers: "array[int]" = field(default_factory=lambda: array("L"))
    undecoded: "array[int]" = field(default_factory=lambda: array("Q"))

    def record_at(self, place: int) -> int | None:
        return self.records[bisect_left(self.places, place)] if has(self.places, place) else None

    def noted_at(self, place: int) -> int:
        return self.numbers[bisect_left(self.noted, place)] if has(self.noted, place) else 0


def rejects(bot_id: uuid.UUID, paths: Sequence[str]) -> Iterator[tuple[str, KeptReject]]:
    """By path and place; there may be as many as records."""
    record, one, digest = None, None, hashlib.sha256()
    rows = streamed(REJECTS, [bot_id, [*paths]])
    for path, place, file_id, raw, code, piece, solved_by, reason in rows:
        if one is None or (path, place, file_id) != record:
            if one and record:
                yield record[0], one
            record, digest = (path, place, file_id), hashlib.sha256()
            one = KeptReject(place, file_id, code, solved_by)
        same = (code, solved_by, piece) == (one.code, one.solved_by, one.pieces)
        one.is_one = one.is_one and same
        one.is_told = one.is_told and is_reject(code, reason)
        one.fingerprints += fingerprint(raw, code.encode())
        one.pieces += 1
        digest.update(raw)
        one.size += len(raw)
        one.sha256 = digest.digest()
    if one and record:
        yield record[0], one


def sizes_of_rejects(bot_id: uuid.UUID, path: str, place: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(SIZES, [bot_id, path, place])
        return [size for (size,) in cursor.fetchall()]


def refused(bot_id: uuid.UUID) -> dict[str, Places]:
    """Which records PostgreSQL did not take, by path: no reader can foresee them."""
    found: dict[str, Places] = {}
    with connection.chunked_cursor() as cursor:
        cursor.execute(PLACES_REFUSED, [bot_id])
        for path, place in cursor:
            found.setdefault(path, Places()).ordered.append(place)
    return found


def refused_records(bot_id: uuid.UUID, path: str) -> Iterator[tuple[int, bytes]]:
    """By their places."""
    yield from streamed(RECORDS_REFUSED, [bot_id, path])


def originals(bot_id: uuid.UUID, paths: Sequence[str]) -> dict[str, KeptOriginals]:
    found: dict[str, KeptOriginals] = {}
    with connection.chunked_cursor() as cursor:
        cursor.execute(ORIGINALS, [bot_id, [*paths]])
        for path, place, digest, given_back in cursor:
            kept = found.setdefault(path, KeptOriginals())
            if kept.places and kept.places[-1] == place:
                kept.places.pop()
                kept.records.pop()
            if not given_back:
                kept.places.append(place)
                kept.records.append(short(digest))
        cursor.execute(NOTED, [bot_id, [*paths]])
        for path, place, number in cursor:
            kept = found.setdefault(path, KeptOriginals())
            kept.noted.append(place)
            kept.numbers.append(number)
    return found


def repairs(bot_id: uuid.UUID, paths: Sequence[str]) -> Iterator[KeptRepair]:
    """Record by record."""
    for row in streamed(REPAIRED, [bot_id, [*paths]]):
        path, file_id, place, code, pointer, original, records = row
        for record in records or [None]:
            yield KeptRepair(path, file_id, place, code, pointer, original, record)


@dataclass(frozen=True, slots=True)
class KeptBackup:
    chat_id: int | None
    date: date | None
    stored: bool
    """Its bytes are, not only its name."""


def backup(bot_id: uuid.UUID, file_id: uuid.UUID) -> KeptBackup | None:
    """None also when there are several."""
    with connection.cursor() as cursor:
        cursor.execute(BACKUP, [bot_id, file_id])
        rows = cursor.fetchall()
    return KeptBackup(*rows[0]) if len(rows) == 1 else None


def has_parts(bot_id: uuid.UUID, file_id: uuid.UUID) -> bool:
    """Of this version of the file."""
    with connection.cursor() as cursor:
        cursor.execute(HAS_PARTS, [bot_id, file_id])
        [(there,)] = cursor.fetchall()
    return bool(there)


def sha256_of_parts(bot_id: uuid.UUID, file_id: uuid.UUID) -> bytes:
    """Of the bytes that are kept of a file; no hash where they cannot be read any more."""
    return _sha256(streamed(PARTS, {"bot": bot_id, "file": file_id}))


def bytes_before(bot_id: uuid.UUID, run: uuid.UUID) -> Iterator[tuple[str, bytes, bytes]]:
    """Of each file the run read whose bytes were kept before: the hash it had, and theirs."""
    parts = streamed(PARTS_BEFORE, {"bot": bot_id, "run": run})
    for (path, sha256), of_file in groupby(parts, key=lambda part: (part[0], bytes(part[1]))):
        yield path, sha256, _sha256((number, data) for _, _, number, data in of_file)


def _sha256(parts: Iterable[tuple[int, bytes]]) -> bytes:
    digest = hashlib.sha256()
    for expected, (number, data) in enumerate(parts):
        if number != expected:
            return b""
        try:
            digest.update(zlib.decompress(data or b""))
        except zlib.error:
            return b""
    return digest.digest()
