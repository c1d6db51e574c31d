"""What the ledger knows of a file: its last state, and a fingerprint of each of its records."""

import json
import uuid
from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from legacy_import.batches.counts import Counts
from legacy_import.batches.encode import CONTENT, IDENTITY
from legacy_import.refusal import ImportRefused
from tenants.context import maintenance_context

LATEST = """
    SELECT DISTINCT ON (path) path, id, status, size, mtime_ns, sha256, header, counts
    FROM import_files WHERE bot_id = %s AND path = ANY (%s) AND status <> 'undone'
    ORDER BY path, id DESC
"""
CHUNKS = """
    SELECT chunk.id, first_place, records, shift, hashes
    FROM import_chunks AS chunk JOIN import_files AS file
        ON file.bot_id = chunk.bot_id AND file.id = chunk.file_id
    WHERE chunk.bot_id = %(bot)s AND file.bot_id = %(bot)s AND path = %(path)s AND records > 0
    AND first_place > %(after)s ORDER BY first_place LIMIT %(most)s
"""
REJECTED_BYTES = """
    SELECT raw FROM import_rejects AS reject JOIN import_files AS file
        ON file.bot_id = reject.bot_id AND file.id = reject.file_id
    WHERE reject.bot_id = %s AND file.bot_id = %s AND path = %s AND place = %s AND piece = 0
    ORDER BY reject.id DESC LIMIT 1
"""
ORIGINAL_BYTES = """
    SELECT original FROM import_originals AS kept JOIN import_files AS file
        ON file.bot_id = kept.bot_id AND file.id = kept.file_id
    WHERE kept.bot_id = %s AND file.bot_id = %s AND path = %s AND place = %s
    ORDER BY kept.id DESC LIMIT 1
"""
EARLIER_LEDGER = (
    "{}: was imported by an earlier version, whose ledger cannot be carried on. Undo its runs with "
    "`manage.py rollback_import` and import it again."
)
# Of some hundred kilobytes, each.
CHUNKS_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Chunk:
    id: uuid.UUID
    first_place: int
    records: int
    shift: int


@dataclass(slots=True)
class Sequence:
    """A file's records so far, in the order of their places, which begin at 1."""

    identities: bytearray = field(default_factory=bytearray)
    contents: bytearray = field(default_factory=bytearray)
    chunks: list[Chunk] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.identities) // IDENTITY

    def identity(self, index: int) -> bytearray:
        return self.identities[index * IDENTITY : (index + 1) * IDENTITY]

    def content(self, index: int) -> bytearray:
        return self.contents[index * CONTENT : (index + 1) * CONTENT]

    def chunk(self, place: int) -> Chunk:
        found = bisect_right(self.chunks, place, key=lambda chunk: chunk.first_place)
        return self.chunks[found - 1]

    @property
    def shift(self) -> int:
        return self.chunks[-1].shift if self.chunks else 0


@dataclass(slots=True)
class KnownFile:
    status: str
    size: int
    mtime_ns: int
    sha256: bytes | None
    header: dict[str, Any]
    counts: Counts


def known_files(bot_id: uuid.UUID, paths: Collection[str]) -> dict[str, KnownFile]:
    """Inside a maintenance context."""
    with connection.cursor() as cursor:
        cursor.execute(LATEST, [bot_id, list(paths)])
        return {
            path: KnownFile(
                status,
                size,
                mtime_ns,
                sha256,
                json.loads(header),
                Counts.from_json(json.loads(counts)),
            )
            for path, _, status, size, mtime_ns, sha256, header, counts in cursor
        }


def sequence(bot_id: uuid.UUID, path: str) -> Sequence:
    """Inside a maintenance context."""
    found = Sequence()
    while True:
        after = found.chunks[-1].first_place if found.chunks else 0
        with connection.cursor() as cursor:
            cursor.execute(
                CHUNKS, {"bot": bot_id, "path": path, "after": after, "most": CHUNKS_AT_ONCE}
            )
            for id, first_place, records, shift, hashes in cursor:
                if len(hashes) != records * (IDENTITY + CONTENT):
                    raise ImportRefused(EARLIER_LEDGER.format(path))
                found.chunks.append(Chunk(id, first_place, records, shift))
                found.identities += hashes[: records * IDENTITY]
                found.contents += hashes[records * IDENTITY :]
            if cursor.rowcount < CHUNKS_AT_ONCE:
                return found


def rejected_bytes(bot_id: uuid.UUID, path: str, place: int) -> bytes:
    """The latest that were rejected at a place; of many, the first of them."""
    return _bytes(REJECTED_BYTES, bot_id, path, place)


def original_bytes(bot_id: uuid.UUID, path: str, place: int) -> bytes:
    """What is kept of the record at a place beside its row."""
    return _bytes(ORIGINAL_BYTES, bot_id, path, place)


def _bytes(query: str, bot_id: uuid.UUID, path: str, place: int) -> bytes:
    with maintenance_context(), connection.cursor() as cursor:
        cursor.execute(query, [bot_id, bot_id, path, place])
        found = cursor.fetchone()
        return bytes(found[0]) if found else b""
