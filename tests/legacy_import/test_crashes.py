"""Killed at each stage and at random, the next run ends as if nothing had happened."""

import json
import random
import subprocess
import sys
from typing import Any

import psycopg
import pytest
from django.db import connection

from legacy_import.runs.options import Options, Silent
from legacy_import.runs.run import import_tree
from tests.clusters import ROOT
from tests.legacy_import.tree import Tree
from tests.legacy_import.undisturbed import begin_again, small_batches, state

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


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
        small_batches(patched)
        patched.setattr(apply.Writer, "write", cut)
        with pytest.raises(Exception, match=r"connection|terminat"):
            import_tree(Options(tree.root, bot="Emma", min_age=0), Silent())
        connection.close()
        batches += [None] * 10
        import_tree(Options(tree.root, bot="Emma", min_age=0), Silent())
    assert state() == undisturbed
