"""The benchmark runs and prints its table; how fast anything is depends on the machine."""

import importlib.util
from pathlib import Path

from tests.clusters import manage


def test_a_small_run(workspace: Path) -> None:
    done = manage(
        *("bench", "--messages", "400", "--bots", "6", "--repeat", "2"), DATA_DIR=str(workspace)
    )
    assert done.returncode == 0, done.stderr
    assert "Loading 400 messages" in done.stderr
    machine, header, *lines, rollups, verdict = done.stdout.splitlines()
    assert rollups.startswith("Rollups: ")
    assert "PostgreSQL" in machine
    assert "messages, " in machine
    stores = next(n for n, line in enumerate(lines) if line.startswith("BotStore"))
    lines, calls, load = lines[:stores], lines[stores + 1 : stores + 4], lines[stores + 4 :]
    assert header.split()[-2:] == ["bar", "met"]
    assert len(lines) == 3 * (3 + 4 + 1)
    assert all(line.endswith((" yes", " NO", " -")) for line in lines)
    for who in ("bot", "staff, 5 bots", "superuser"):
        mine = [line for line in lines if line.startswith(who)]
        assert len(mine) == 8
        assert any("search rare word, ranked" in line for line in mine)
        [trips] = [line for line in mine if "round trips" in line]
        assert "+1" in trips.split()
    assert verdict.endswith("of 20 bars met.")
    assert all(line.endswith((" yes", " NO")) for line in calls)
    assert [line.split("  ")[0] for line in calls] == [
        "latest 50 messages", "record a message", "record 50 messages"
    ]  # fmt: skip
    assert [line.split()[0] for line in load] == ["10", "sync", "sync", "async", "async"]
    skipped = importlib.util.find_spec("sqlalchemy") is None
    assert ("SQLALCHEMY IS LEFT OUT" in done.stderr) is skipped
    again = manage(
        "dbshell", "--", "-Atc", "SELECT datname FROM pg_database", DATA_DIR=str(workspace)
    )
    assert "bench" not in again.stdout
