"""What the import's ledger says of each file, and what it keeps of it."""

import hashlib
import json
import uuid
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from legacy_import.verify.source.tree import File, printable

# The latest of a path that is not undone says what is known of it; earlier ones may keep rejects.
FILES = """
    SELECT DISTINCT ON (path) path, id, run_id, status, size, mtime_ns, sha256, counts
    FROM import_files WHERE bot_id = %s AND path = ANY(%s) AND status <> 'undone'
    ORDER BY path, id DESC
"""
PATHS = """
    SELECT DISTINCT path FROM import_files
    WHERE bot_id = %s AND status <> 'undone' AND path > %s ORDER BY path LIMIT %s
"""
REJECTS = """
    SELECT file.path, reject.place, reject.file_id, reject.raw, reject.solved_by IS NOT NULL
    FROM import_files AS file
    JOIN import_rejects AS reject ON reject.bot_id = file.bot_id AND reject.file_id = file.id
    WHERE file.bot_id = %s AND file.path = ANY(%s) AND file.status <> 'undone'
    ORDER BY file.path, reject.place, reject.file_id, reject.piece, reject.id
"""
PARTS = """
    SELECT part.data FROM import_file_parts AS part
    WHERE part.bot_id = %s AND part.file_id = %s ORDER BY part.number
"""
BACKUP = """
    SELECT backup.stored FROM import_backups AS backup
    WHERE backup.bot_id = %s AND backup.file_id = %s
"""
AT_ONCE = 1_000
# Of kept bytes, of which one row may have megabytes.
ROWS_OF_BYTES = 4
LONGEST_PATH = 1_000


@dataclass(frozen=True, slots=True)
class LedgerFile:
    id: uuid.UUID
    run_id: uuid.UUID
    status: str
    size: int
    mtime_ns: int
    sha256: bytes | None
    counts: dict[str, Any]

    def counted(self, what: str, without: str = "conversations") -> int:
        """Of its records; a conversation itself is no record of its file."""
        return sum(tally.get(what, 0) for kind, tally in self.counts.items() if kind != without)


@dataclass(slots=True)
class KeptReject:
    """One record's bytes, which may lie in several rows."""

    place: int
    size: int
    sha256: bytes
    solved: bool


def files(bot_id: uuid.UUID, paths: Sequence[str]) -> dict[str, LedgerFile]:
    with connection.cursor() as cursor:
        cursor.execute(FILES, [bot_id, [*paths]])
        return {
            path: LedgerFile(
                id, run, status, size, mtime, sha256 and bytes(sha256), json.loads(counts)
            )
            for path, id, run, status, size, mtime, sha256, counts in cursor.fetchall()
        }


def paths(bot_id: uuid.UUID) -> Iterator[str]:
    last = ""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(PATHS, [bot_id, last, AT_ONCE])
            rows = cursor.fetchall()
        yield from (path for (path,) in rows)
        if len(rows) < AT_ONCE:
            return
        last = rows[-1][0]


def rejects(bot_id: uuid.UUID, paths: Sequence[str]) -> dict[str, list[KeptReject]]:
    found: dict[str, list[KeptReject]] = {}
    record, digest = None, hashlib.sha256()
    for path, place, file_id, raw, solved in _of_bytes(REJECTS, [bot_id, [*paths]]):
        kept = found.setdefault(path, [])
        if (path, place, file_id) != record:
            record, digest = (path, place, file_id), hashlib.sha256()
            kept.append(KeptReject(place, 0, b"", solved))
        digest.update(raw)
        kept[-1].size += len(raw)
        kept[-1].sha256 = digest.digest()
    return found


def backup_is_stored(bot_id: uuid.UUID, file_id: uuid.UUID) -> bool | None:
    """None when there is no such backup, False when only its name is kept."""
    with connection.cursor() as cursor:
        cursor.execute(BACKUP, [bot_id, file_id])
        row = cursor.fetchone()
    return None if row is None else bool(row[0])


def sha256_of_parts(bot_id: uuid.UUID, file_id: uuid.UUID) -> bytes:
    """Of the bytes that are kept of a file."""
    digest = hashlib.sha256()
    for (data,) in _of_bytes(PARTS, [bot_id, file_id]):
        digest.update(zlib.decompress(data))
    return digest.digest()


def _of_bytes(sql: str, parameters: list[Any]) -> Iterator[tuple[Any, ...]]:
    """Fetched from the server a few at a time."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while rows := cursor.fetchmany(ROWS_OF_BYTES):
            yield from rows


def path_of(file: File) -> str:
    """Within the bot's tree, and no longer than an index can hold."""
    path = printable(file.path.removeprefix(f"{file.folder}/") if file.folder else file.path)
    if len(path.encode()) <= LONGEST_PATH:
        return path
    return f"{path[: LONGEST_PATH // 8]}…{uuid.uuid5(uuid.NAMESPACE_URL, path)}"
