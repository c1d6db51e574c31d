"""All that the database has of some bots, and how two of its states differ."""

import hashlib
import shutil
import zlib
from collections import defaultdict
from pathlib import Path
from typing import Any

from legacy_import.export import export
from tests.legacy_import.test_rollback import data
from tests.legacy_import.tree import query

State = dict[str, Any]
# Of the ledger: everything but ids and numbers of runs, files and transactions.
LEDGER = {
    "import_chunks": "path, first_place, records, shift, hashes, row_ids",
    "import_rejects": "path, place, piece, code, reason, raw, solved_by IS NULL",
    "import_repairs": "path, place, code, pointer, original",
    "import_originals": "path, place, original",
    "import_changes": "path, place, table_name, row_id, earlier",
    "import_backups": "path, chat_id, date, stored",
}
FILES = """
    SELECT bots.name, path, file.id, kind, key, file.status, size, sha256, header, counts,
        created_row
    FROM import_files AS file JOIN bots ON bots.id = bot_id WHERE file.status <> 'undone'
    ORDER BY bots.name, path, file.id
"""
PARTS = "SELECT file_id, id, data, same_as FROM import_file_parts ORDER BY file_id, number"


def state(bots: list[str], folder: Path) -> State:
    found: State = dict(data())
    for table, columns in LEDGER.items():
        found[table] = query(
            f"SELECT file.bot_id, {columns} FROM {table} AS row"
            " JOIN import_files AS file ON file.bot_id = row.bot_id AND file.id = file_id"
            f" ORDER BY row.bot_id, {columns}, row.id"
        )
    kept = _kept_bytes()
    found["files"] = [(bot, path, *rest, kept.get(id)) for bot, path, id, *rest in query(FILES)]
    found["export"] = {bot: exported(bot, folder) for bot in bots}
    return found


def _kept_bytes() -> dict[Any, str]:
    """By file, what its parts amount to."""
    parts = query(PARTS)
    by_id = {id: (bytes(piece), same_as) for _, id, piece, same_as in parts}
    kept: dict[Any, Any] = defaultdict(hashlib.sha256)
    for file, id, _, _ in parts:
        piece, same_as = by_id[id]
        while same_as is not None:
            piece, same_as = by_id[same_as]
        kept[file].update(zlib.decompress(piece))
    return {file: digest.hexdigest() for file, digest in kept.items()}


def exported(bot: str, folder: Path) -> tuple[dict[str, bytes], list[str]]:
    if not query("SELECT FROM bots WHERE name = %s", bot):
        return {}, []  # as of one that has nothing: those that an import made stay
    shutil.rmtree(folder, ignore_errors=True)
    done = export(bot, folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}, done.problems


def differences(found: State, expected: State) -> list[str]:
    """The first of each part, in short."""
    told = []
    for part in expected.keys() | found.keys():
        here, there = found.get(part), expected.get(part)
        if here != there:
            if isinstance(here, list) and isinstance(there, list):
                more = [row for row in here if row not in there][:2]
                less = [row for row in there if row not in here][:2]
            else:
                more, less = [here], [there]
            told.append(f"{part}:\n  found    {more}\n  expected {less}")
    return told


def timeless(found: State, since: str) -> State:
    """What a second import of the same makes anew: the time at which it was made."""

    def one(row: dict[str, Any]) -> dict[str, Any]:
        return {k: "now" if k == "created_at" and str(v) >= since else v for k, v in row.items()}

    tables = {table: [one(row) for row in found[table]] for table in ("profiles", "conversations")}
    # Behind live messages they stand in the same order, at other positions.
    order = sorted(found["messages"], key=lambda row: (row["conversation_id"], row["position"]))
    tables["messages"] = [{**row, "position": None} for row in order]
    chunks = [(*chunk[:4], *chunk[5:]) for chunk in found["import_chunks"]]  # but for its shift
    return {**found, **tables, "import_chunks": chunks}


def of_imports(found: State) -> State:
    """Without the rows of bots, and what these change in a chat."""
    chat = ("message_count", "last_message_at", "profile_id", "position")
    rows = {
        table: [
            {column: value for column, value in row.items() if column not in chat}
            for row in found[table]
            if row["id"][14] == "8"
        ]
        for table in ("profiles", "conversations", "messages", "bot_metrics")
    }
    return {**found, **rows, "export": None}
