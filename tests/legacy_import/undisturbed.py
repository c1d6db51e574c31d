"""A tree with some of everything, and all that the database has after an import of it."""

import json
import random
import uuid
from typing import Any

import pytest

from legacy_import.batches import known
from tenants.context import maintenance_context
from tenants.models import Bot
from tests.factories import BotFactory
from tests.legacy_import.tree import LEDGER, Tree, line, message, query, rows

EMMA = uuid.UUID("0190d7c1-0000-7000-8000-000000000001")
TIME = "2024-05-01T12:00:00Z"


def fill(tree: Tree) -> None:
    for n in range(1, 6):
        tree.person(n, created_at=TIME, last_active=TIME, conversation_stats={"total_messages": n})
        tree.chat(n, *(message(i, f"{n} {i} \0" if i % 50 == 0 else None) for i in range(1, 90)))
    tree.old_chat(6, line(1), "lost", *(line(n) for n in range(2, 400)))
    tree.write("conversations/7.json", json.dumps([line(1), line(2)]).encode()[:-20])
    tree.write("conversations/8.json", b"no json")
    tree.write("girls_data.json", {"girls": {"77": {"name": "a", "created_at": TIME}}})
    tree.write("girls_data/9.tmp", b"{")
    history = [{"timestamp": TIME, "metrics": {"users": n, "load": n / 2}} for n in range(300)]
    tree.write("metrics.json", {"history": history})
    noise = random.Random(1).randbytes(60_000).hex()
    tree.write("backups/1/2024-05-01.json", {"messages": [{"content": noise}]})


def state() -> dict[str, Any]:
    """Everything but ids and numbers of runs, files and transactions."""
    found: dict[str, Any] = dict(rows())
    for table, columns in {
        "import_rejects": "path, place, code, raw, solved_by IS NULL",
        "import_repairs": "path, place, code, pointer, original",
        "import_originals": "path, place, original",
        "import_backups": "path, chat_id, date, stored",
        "import_file_parts": "path, number, data",
        "import_changes": "path, place, before",
    }.items():
        found[table] = query(
            f"SELECT {columns} FROM {table} JOIN import_files AS file ON file.id = file_id"
            f" ORDER BY {columns}"
        )
    with maintenance_context():
        for (path,) in query("SELECT DISTINCT path FROM import_files ORDER BY 1"):
            found[path] = known.sequence(EMMA, path).identities, known.sequence(EMMA, path).contents
    found["files"] = query(
        "SELECT DISTINCT ON (path) path, kind, key, status, size, sha256, header FROM import_files"
        " ORDER BY path, id DESC"
    )
    return found


def begin_again() -> None:
    Bot.objects.all().delete()
    BotFactory(id=EMMA, name="Emma")
    assert not any(rows(*LEDGER).values())


def small_batches(patched: pytest.MonkeyPatch) -> None:
    """Of this process."""
    patched.setattr("legacy_import.batches.plan.MOST_BYTES", 30_000)
    patched.setattr("legacy_import.batches.batch.MOST_BYTES", 30_000)
    patched.setattr("legacy_import.batches.backups.BYTES_PART", 5_000)
