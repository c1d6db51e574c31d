"""What the import's ledger says of each file."""

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from legacy_import.verify.source.tree import File, printable

# The latest of a path that is not undone says what is known of it; earlier ones may keep rejects.
FILES = """
    SELECT DISTINCT ON (path) path, id, run_id, status, size, mtime_ns, sha256, counts,
        count(*) OVER (PARTITION BY path)
    FROM import_files WHERE bot_id = %s AND path = ANY(%s) AND status <> 'undone'
    ORDER BY path, id DESC
"""
PATHS = """
    SELECT DISTINCT path FROM import_files
    WHERE bot_id = %s AND status <> 'undone' AND path > %s ORDER BY path LIMIT %s
"""
OF_FILES = """
    SELECT DISTINCT key FROM import_files
    WHERE bot_id = %s AND kind = %s AND key = ANY(%s) AND status <> 'undone'
"""
AT_ONCE = 1_000
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
    versions: int
    """How often the file was imported, each time as it then was."""

    def counted(self, what: str, without: str = "conversations") -> int:
        """Of its records; a conversation itself is no record of its file."""
        return sum(tally.get(what, 0) for kind, tally in self.counts.items() if kind != without)


def files(bot_id: uuid.UUID, paths: Sequence[str]) -> dict[str, LedgerFile]:
    with connection.cursor() as cursor:
        cursor.execute(FILES, [bot_id, [*paths]])
        return {
            path: LedgerFile(
                id, run, status, size, mtime, sha256 and bytes(sha256), json.loads(counts), versions
            )
            for path, id, run, status, size, mtime, sha256, counts, versions in cursor.fetchall()
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


def has_run(number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM import_runs WHERE number = %s)", [number])
        (there,) = cursor.fetchone()
    return bool(there)


def chats_of_files(bot_id: uuid.UUID, chats: Sequence[int]) -> set[int]:
    """Those that were imported from a file of theirs, which may be gone."""
    return _keys(bot_id, "conversation", chats)


def people_of_files(bot_id: uuid.UUID, people: Sequence[int]) -> set[int]:
    return _keys(bot_id, "profile", people)


def _keys(bot_id: uuid.UUID, kind: str, keys: Sequence[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(OF_FILES, [bot_id, kind, [*keys]])
        return {key for (key,) in cursor.fetchall()}


def path_of(file: File) -> str:
    """Within the bot's tree, and no longer than an index can hold."""
    path = printable(file.path.removeprefix(f"{file.folder}/") if file.folder else file.path)
    if len(path.encode()) <= LONGEST_PATH:
        return path
    return f"{path[: LONGEST_PATH // 8]}…{uuid.uuid5(uuid.NAMESPACE_URL, path)}"
