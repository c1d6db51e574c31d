"""What the ledger of the import keeps about a person: their files, and their records in others'."""

import base64
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django.db import connection

from tenants.personal import SMALLEST_TELLING_ID, Person, Rows, rows_of

# Of the person: files by the id in their path.
FILES = f"""
    SELECT id FROM import_files WHERE bot_id = %(bot)s AND (key = %(telegram)s
        OR key IS NULL AND abs(%(telegram)s::numeric) >= {SMALLEST_TELLING_ID}
            AND path ~ ('(^|[^0-9])' || %(telegram)s || '($|[^0-9])')
        OR key IN (SELECT chat_id FROM conversations
            WHERE bot_id = %(bot)s AND id = ANY (%(chats)s)))
"""
OF_FILES = f"bot_id = %(bot)s AND file_id IN ({FILES})"
READ = {
    "import_files": (
        "SELECT path, kind, status, size, header, counts FROM import_files"
        f" WHERE bot_id = %(bot)s AND id IN ({FILES}) ORDER BY id",
        ("header", "counts"),
    ),
    "import_rejects": (
        f"SELECT code, reason, place, raw FROM import_rejects WHERE {OF_FILES} ORDER BY id",
        (),
    ),
    "import_repairs": (
        f"SELECT code, pointer, place, original FROM import_repairs WHERE {OF_FILES} ORDER BY id",
        (),
    ),
    "import_originals": (
        f"SELECT place, original FROM import_originals WHERE {OF_FILES} ORDER BY id",
        (),
    ),
    "import_changes": (
        f"SELECT place, table_name, before FROM import_changes WHERE {OF_FILES} ORDER BY id",
        ("before",),
    ),
    "import_backups": (
        f"SELECT date, stored FROM import_backups WHERE {OF_FILES} ORDER BY id",
        (),
    ),
    "import_file_parts": (
        "SELECT path, number, data FROM import_file_parts AS part JOIN import_files AS file"
        " ON file.bot_id = part.bot_id AND file.id = file_id"
        f" WHERE part.bot_id = %(bot)s AND file_id IN ({FILES}) AND same_as IS NULL"
        " ORDER BY file_id, number",
        (),
    ),
}
# Files of several people that are kept as they were, piece by piece.
SHARED = """
    SELECT file.path, part.file_id, part.data, file.kind = 'metrics'
    FROM import_file_parts AS part JOIN import_files AS file
        ON file.bot_id = part.bot_id AND file.id = part.file_id
    WHERE part.bot_id = %(bot)s AND file.key IS NULL
    ORDER BY part.file_id, part.number
"""
DATE = re.compile(r"(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])")
# Of what is looked for: its field, and the id.
LONGEST = 200
ERASE = """
    SELECT erase_from_import(%(bot)s, %(profile)s, %(telegram)s, %(chats)s::uuid[],
        %(shared)s::uuid[])
"""


class LedgerHolder:
    tables: ClassVar[Mapping[str, str]] = {
        "import_runs": "nothing: numbers of a run",
        "import_files": "files of the person's name and chats",
        "import_chunks": "hashes of the records in these files",
        "import_rejects": "records of these files, and others that have the person's id",
        "import_repairs": "the same",
        "import_originals": "the same",
        "import_changes": "rows of the person as they were before",
        "import_backups": "the person's backups",
        "import_file_parts": "their bytes, and those of files of several people",
        "import_jobs": "what commands said of records, all of the bot's",
    }

    def export(self, person: Person) -> Iterator[tuple[str, Rows]]:
        for table, (sql, json_columns) in READ.items():
            yield table, _readable(rows_of(sql, person.values, json_columns))

    def erase(self, person: Person) -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute(ERASE, {**person.values, "shared": _shared_files(person)})
            [(counts,)] = cursor.fetchall()
        return {table: count for table, count in _json(counts).items() if count}


def _shared_files(person: Person) -> list[Any]:
    """Those with the person's id in the bytes of any of their states, which share them; only Python
    can look into them."""
    if abs(person.telegram_id) < SMALLEST_TELLING_ID:
        return []
    digits = str(person.telegram_id)
    theirs, among_numbers = _pattern(digits), _pattern(digits, among_numbers=True)
    states: dict[str, set[Any]] = defaultdict(set)
    found: set[str] = set()
    with connection.chunked_cursor() as cursor:
        cursor.execute(SHARED, person.values)
        last, tail = None, b""
        for path, file, data, is_metrics in cursor:
            states[path].add(file)
            if not data:  # the next state has it
                continue
            # In UTF-16 as well.
            piece = (tail if file == last else b"") + zlib.decompress(data).replace(b"\0", b"")
            if (among_numbers if is_metrics else theirs).search(piece):
                found.add(path)
            last, tail = file, piece[-LONGEST:]
    return [file for path in found for file in states[path]]


def _pattern(digits: str, among_numbers: bool = False) -> re.Pattern[bytes]:
    """As in erase_from_import. One that reads like a date names an entry, or is an id's value; and
    among measurements, which any number can be."""
    if not DATE.fullmatch(digits) and not among_numbers:
        return re.compile(rf"(?<![0-9]){digits}(?![0-9])".encode())
    value = rf'"([^"]*[_/])?(id|sender|user|chat|peer)"\s*:\s*"?[a-z]*{digits}(?![0-9])'
    entry = rf'"{digits}"' if among_numbers else rf'"{digits}"\s*:\s*\{{'
    return re.compile(f"{entry}|{value}".encode())


def _json(value: Any) -> dict[str, int]:
    import json

    decoded: dict[str, int] = json.loads(value) if isinstance(value, str) else value
    return decoded


def _readable(rows: Rows) -> Rows:
    for row in rows:
        found = dict(row)
        if "data" in found:
            found["data"] = zlib.decompress(found["data"])
        yield {
            name: _text(bytes(value)) if isinstance(value, bytes | memoryview) else value
            for name, value in found.items()
        }


def _text(data: bytes) -> str | dict[str, str]:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}
