"""Killed at each stage and at random, the next run ends as if nothing had happened."""

import json
import random
import subprocess
import sys
import uuid
from typing import Any

import psycopg
import pytest
from django.db import connection

from legacy_import.batches import known
from legacy_import.runs.options import Options, Silent
from legacy_import.runs.run import import_tree
from tenants.context import maintenance_context
from tenants.models import Bot
from tests.clusters import ROOT
from tests.factories import BotFactory
from tests.legacy_import.tree import LEDGER, Tree, line, message, query, rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

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


@pytest.fixture
def undisturbed(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    fill(tree)
    begin_again()
    with monkeypatch.context() as small:
        small.setattr("legacy_import.batches.plan.MOST_BYTES", 30_000)
        small.setattr("legacy_import.batches.batch.MOST_BYTES", 30_000)
        small.setattr("legacy_import.batches.plan.BYTES_PART", 5_000)
        import_tree(Options(tree.root, bot="Emma", min_age=0), Silent())
    expected = state()
    assert len(expected["messages"]) > 800
    assert len(expected["import_rejects"]) == 4
    begin_again()
    return expected


def attempt(tree: Tree, how: str, number: float) -> int | None:
    """The number of statements of an import that came to its end; None when it was killed."""
    settings = {name: connection.settings_dict[name] for name in ("NAME", "USER", "HOST", "PORT")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.legacy_import.killed", json.dumps(settings), str(tree.root),
         how, str(number)],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    if done.returncode == -9:
        return None
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


def test_at_every_stage(tree: Tree, undisturbed: dict[str, Any]) -> None:
    """Each attempt dies some statements further than the one before it came."""
    kills, seed = 0, random.Random(7)
    while kills < 40:
        begin_again()
        at = seed.randrange(8, 40)
        while attempt(tree, "--at", at) is None:
            kills += 1
            at = at + seed.randrange(1, 12) if seed.random() < 0.7 else seed.randrange(8, 60)
        assert state() == undisturbed
        assert attempt(tree, "--at", 10**9)
        assert state() == undisturbed
    print(f"{kills} kills")


def test_at_random_moments(tree: Tree, undisturbed: dict[str, Any]) -> None:
    kills, seed = 0, random.Random(8)
    while kills < 20:
        begin_again()
        while attempt(tree, "--after", seed.uniform(0.1, 0.9)) is None:
            kills += 1
        assert state() == undisturbed


def test_a_lost_connection(tree: Tree, undisturbed: dict[str, Any], monkeypatch: Any) -> None:
    """The server ends all our sessions in the middle; the next run goes on."""
    from legacy_import.writing import apply

    write, batches = apply.Writer.write, []

    def cut(self: Any, batch: Any) -> Any:
        batches.append(batch)
        if len(batches) == 4:
            with psycopg.connect(
                dbname=connection.settings_dict["NAME"],
                host=connection.settings_dict["HOST"],
                port=connection.settings_dict["PORT"],
                user=connection.settings_dict["USER"],
            ) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
                    " AND usename = current_user"
                )
        return write(self, batch)

    with monkeypatch.context() as patched:
        patched.setattr("legacy_import.batches.plan.MOST_BYTES", 30_000)
        patched.setattr("legacy_import.batches.batch.MOST_BYTES", 30_000)
        patched.setattr("legacy_import.batches.plan.BYTES_PART", 5_000)
        patched.setattr(apply.Writer, "write", cut)
        with pytest.raises(Exception, match=r"connection|terminat"):
            import_tree(Options(tree.root, bot="Emma", min_age=0), Silent())
        connection.close()
        batches += [None] * 10
        import_tree(Options(tree.root, bot="Emma", min_age=0), Silent())
    assert state() == undisturbed
