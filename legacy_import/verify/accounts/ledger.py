"""What the import's ledger says of each file."""

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from legacy_import.verify.database.stored import IMPORTED, PLACE, StoredChat
from legacy_import.verify.source.tree import File, printable
from legacy_import.verify.values.canonical import time_of

# The latest of a path that is not undone says what is known of it; earlier ones may keep rejects.
FILES = """
    SELECT DISTINCT ON (path) path, id, kind, key, status, size, mtime_ns, sha256, header, counts,
        count(*) OVER (PARTITION BY path), bool_or(created_row IS NOT NULL) OVER (PARTITION BY path)
    FROM import_files WHERE bot_id = %s AND path = ANY(%s) AND status <> 'undone'
    ORDER BY path, id DESC
"""
# What never was a file, of which backups had messages, has no hash.
LATEST = """
    SELECT DISTINCT ON (path) path, id, kind, key, sha256, sha256 IS DISTINCT FROM '',
        kind IN ('metrics', 'profiles', 'backup') AND sha256 IS NOT NULL
            AND NOT header ? 'rejected' AND header -> 'stored' IS DISTINCT FROM 'false',
        count(*) OVER (PARTITION BY path), bool_or(created_row IS NOT NULL) OVER (PARTITION BY path)
    FROM import_files
    WHERE bot_id = %s AND status <> 'undone' AND path > %s ORDER BY path, id DESC LIMIT %s
"""
OF_FILES = """
    SELECT DISTINCT key FROM import_files
    WHERE bot_id = %s AND kind = 'conversation' AND key = ANY(%s) AND status <> 'undone'
"""
UNDONE = """
    SELECT EXISTS (
        SELECT FROM import_files WHERE bot_id = %s AND path = %s AND status = 'undone')
"""
TITLE = """
    SELECT header ->> 'title' FROM import_files
    WHERE bot_id = %s AND path = %s AND status <> 'undone' AND header ? 'title'
    ORDER BY id DESC LIMIT 1
"""
# A conversation begins with what was its file's first message when its row was made or, where there
# was none, with that import. Before the first there may be messages from backups, whose records are
# kept, and such as were rejected then. What a rollback left may stand at any place.
BEGUN = f"""
    WITH said AS (
        SELECT {PLACE} AS place, m.sent_at FROM messages AS m
        WHERE m.bot_id = %(bot)s AND m.conversation_id = %(chat)s AND {IMPORTED}
        UNION ALL
        SELECT change.place, (change.before ->> 'sent_at')::timestamptz
        FROM import_files AS file
        JOIN import_changes AS change ON change.bot_id = file.bot_id AND change.file_id = file.id
        WHERE file.bot_id = %(bot)s AND file.path = %(path)s AND table_name = 'messages'
            AND change.before <> '{{}}'),
    passed_over AS (
        SELECT kept.place FROM import_files AS file
        JOIN import_originals AS kept ON kept.bot_id = file.bot_id AND kept.file_id = file.id
        WHERE file.bot_id = %(bot)s AND file.path = %(path)s AND EXISTS (
            SELECT FROM import_backups AS backup
            WHERE backup.bot_id = file.bot_id AND backup.chat_id = file.key)
        UNION
        SELECT change.place FROM import_files AS file
        JOIN import_changes AS change ON change.bot_id = file.bot_id AND change.file_id = file.id
        WHERE file.bot_id = %(bot)s AND file.path = %(path)s
            AND substr(change.earlier, 1, 8) = '\\xffffffffffffffff'::bytea)
    SELECT EXISTS (
        SELECT FROM said WHERE {time_of("sent_at")} = %(time)s AND (%(anywhere)s OR place <= (
            SELECT min(place) FROM said WHERE place NOT IN (SELECT place FROM passed_over)))
    ) OR EXISTS (
        SELECT FROM import_files AS file
        JOIN import_runs AS run ON run.bot_id = file.bot_id AND run.id = file.run_id
        WHERE file.bot_id = %(bot)s AND file.path = %(path)s
            AND (%(anywhere)s OR file.created_row = %(chat)s)
            AND coalesce(file.counts #>> '{{messages,inserted}}', '0') = '0'
            AND %(time)s BETWEEN
                {time_of("run.started_at")} AND {time_of("coalesce(run.finished_at, now())")})
"""
# A person's time that the record lacks: that of an earlier version, or of its import.
HAD_TIME = f"""
    SELECT EXISTS (
        SELECT FROM import_changes
        WHERE bot_id = %(bot)s AND table_name = 'profiles'
            AND before ->> 'telegram_id' = (%(person)s)::text
            AND {time_of("(before ->> %(what)s)::timestamptz")} = %(time)s
    ) OR %(what)s = 'created_at' AND EXISTS (
        SELECT FROM import_runs AS run
        WHERE run.bot_id = %(bot)s AND %(time)s BETWEEN
            {time_of("run.started_at")} AND {time_of("coalesce(run.finished_at, now())")})
"""
# Of messages that were there already when an import wrote them: where they stood.
LEFT = """
    SELECT change.place, (change.before ->> 'position')::bigint
    FROM import_files AS file
    JOIN import_changes AS change ON change.bot_id = file.bot_id AND change.file_id = file.id
    WHERE file.bot_id = %s AND file.path = %s AND file.status <> 'undone'
        AND change.table_name = 'messages' AND change.before <> '{}'
"""
RUNNING = """
    SELECT number FROM import_runs WHERE bot_id = %s AND status = 'running'
    ORDER BY number DESC LIMIT 1
"""
# Of an empty metrics.json none is known: another one may be taken next time.
ZONE = """
    SELECT header ->> 'source_tz' FROM import_files
    WHERE bot_id = %s AND kind = 'metrics' AND status = 'done' AND size > 0
    ORDER BY id DESC LIMIT 1
"""
WHOLES = """
    SELECT id, path, header -> 'rejected' FROM import_files
    WHERE bot_id = %s AND path = ANY(%s) AND status <> 'undone' AND header ? 'rejected'
"""
AT_ONCE = 1_000
LONGEST_PATH = 1_000


@dataclass(frozen=True, slots=True)
class LedgerFile:
    id: uuid.UUID
    kind: str
    key: int | None
    status: str
    size: int
    mtime_ns: int
    sha256: bytes | None
    header: dict[str, Any]
    counts: dict[str, dict[str, int]]
    versions: int
    """How often the file was imported, each time as it then was."""
    made_chat: bool

    def counted(self, what: str, without: str = "conversations") -> int:
        """Of its records; a conversation itself is no record of its file."""
        return sum(tally.get(what, 0) for kind, tally in self.counts.items() if kind != without)


def files(bot_id: uuid.UUID, paths: Sequence[str]) -> dict[str, LedgerFile]:
    with connection.cursor() as cursor:
        cursor.execute(FILES, [bot_id, [*paths]])
        return {
            path: LedgerFile(
                *(id, kind, key, status, size, mtime, sha256 and bytes(sha256)),
                *(json.loads(header), _tallies(counts), *of_all),
            )
            for path, id, kind, key, status, size, mtime, sha256, header, counts, *of_all in cursor
        }


def _tallies(counts: str) -> dict[str, dict[str, int]]:
    """What is none counts nothing."""
    return {
        kind: tally
        for kind, tally in json.loads(counts).items()
        if isinstance(tally, dict) and all(type(number) is int for number in tally.values())
    }


@dataclass(frozen=True, slots=True)
class Latest:
    """What the ledger has of a path, whether or not there is a file."""

    path: str
    id: uuid.UUID
    kind: str
    key: int | None
    sha256: bytes | None
    was_there: bool
    # Whether its bytes are kept.
    is_kept: bool
    versions: int
    made_chat: bool


def all_files(bot_id: uuid.UUID) -> Iterator[Latest]:
    last = ""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(LATEST, [bot_id, last, AT_ONCE])
            rows = cursor.fetchall()
        for path, id, kind, key, sha256, *rest in rows:
            yield Latest(path, id, kind, key, sha256 and bytes(sha256), *rest)
        if len(rows) < AT_ONCE:
            return
        last = rows[-1][0]


def run_numbers(bot_id: uuid.UUID) -> set[int]:
    """Of runs that were not undone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number FROM import_runs WHERE bot_id = %s AND status <> 'undone'", [bot_id]
        )
        return {number for (number,) in cursor.fetchall()}


def running(bot_id: uuid.UUID) -> int | None:
    """The number of a run that began and has not ended, or was killed."""
    number: int | None = _one(RUNNING, [bot_id])
    return number


Wholes = dict[uuid.UUID, tuple[str, list[str]]]


def rejected_wholes(bot_id: uuid.UUID, paths: Sequence[str]) -> Wholes:
    """Of files of which nothing was taken: path, and the fingerprints of their pieces."""
    with connection.cursor() as cursor:
        cursor.execute(WHOLES, [bot_id, [*paths]])
        return {id: (path, json.loads(rejected)) for id, path, rejected in cursor.fetchall()}


def has_run(number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM import_runs WHERE number = %s)", [number])
        (there,) = cursor.fetchone()
    return bool(there)


def chats_of_files(bot_id: uuid.UUID, chats: Sequence[int]) -> set[int]:
    """Those that were imported from a file of theirs, which may be gone."""
    with connection.cursor() as cursor:
        cursor.execute(OF_FILES, [bot_id, [*chats]])
        return {key for (key,) in cursor.fetchall()}


def was_undone(bot_id: uuid.UUID, path: str) -> bool:
    """Whether a rollback undid an import of the file."""
    return bool(_one(UNDONE, [bot_id, path]))


def left_positions(bot_id: uuid.UUID, path: str) -> dict[int, int]:
    """Of messages that a rollback left, by their places."""
    with connection.cursor() as cursor:
        cursor.execute(LEFT, [bot_id, path])
        return dict(cursor.fetchall())


def zone_of(bot_id: uuid.UUID) -> str | None:
    """In which the bot's metrics.json was imported."""
    zone: str | None = _one(ZONE, [bot_id])
    return zone


def title_of(bot_id: uuid.UUID, path: str) -> str | None:
    title: str | None = _one(TITLE, [bot_id, path])
    return title


def may_have_begun(bot_id: uuid.UUID, path: str, chat: StoredChat) -> bool:
    """Whether the conversation's time is that of its first message at some import, or of one."""
    values = {"bot": bot_id, "path": path, "chat": chat.id, "time": chat.created_at}
    return bool(_one(BEGUN, values | {"anywhere": was_undone(bot_id, path)}))


def had_time(bot_id: uuid.UUID, person: int, what: str, time: int) -> bool:
    values = {"bot": bot_id, "person": person, "what": what, "time": time}
    return bool(_one(HAD_TIME, values))


def _one(query: str, values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        row = cursor.fetchone()
    return row and row[0]


def path_of(file: File) -> str:
    """Within the bot's tree, and no longer than an index can hold."""
    path = printable(file.path.removeprefix(f"{file.folder}/") if file.folder else file.path)
    if len(path.encode()) <= LONGEST_PATH:
        return path
    return f"{path[: LONGEST_PATH // 8]}…{uuid.uuid5(uuid.NAMESPACE_URL, path)}"
