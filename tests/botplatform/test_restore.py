"""A backup as the README has it made and restored, by the migrator, who is no superuser."""

import subprocess
from pathlib import Path

import psycopg
import pytest

from botplatform.planes import MIGRATOR
from botplatform.provision import provision
from tests.botplatform.test_provision import broken_rules, server_program, url
from tests.clusters import ROOT, manage


@pytest.mark.slow
def test_dump_and_restore(server, workspace: Path) -> None:
    source, target = (url(server, MIGRATOR.login, name) for name in ("source", "fleet"))
    for database in ("source", "fleet"):
        provision(url(server), database)
    assert manage("migrate", "-v", "0", DATABASE_URL=source).returncode == 0
    with psycopg.connect(source) as session:
        session.execute("INSERT INTO bots (id, name) VALUES (gen_random_uuid(), 'Alice')")
    dump = workspace / "botplatform.dump"
    run(server, "pg_dump", "-Fc", source, "-f", dump)
    around = [
        line.split("'")[1]
        for line in (ROOT / "README.md").read_text().splitlines()
        if line.startswith("psql -c ")
    ]
    assert len(around) == 2
    run(server, "psql", "-c", around[0], target)
    run(server, "pg_restore", "--exit-on-error", "-d", target, dump)
    run(server, "psql", "-c", around[1], target)
    with psycopg.connect(target) as session:
        assert session.execute("SELECT name FROM bots").fetchall() == [("Alice",)]
    assert broken_rules(server) == []


def run(server, program: str, *arguments: object) -> None:
    done = subprocess.run(
        [server_program(server, program), *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
