"""A server, its disk, a connection or a worker goes away; the next run completes."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from botplatform import provision
from botplatform.database import NAME
from botplatform.embedded import EmbeddedServer
from tests.legacy_import.tree import Tree, message, query
from tests.legacy_import.undisturbed import begin_again, fill, state

pytestmark = pytest.mark.django_db(transaction=True)

SOME_MESSAGES = "SELECT count(*) > 2000 FROM messages"


@pytest.fixture
def large(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """Of many slices of files for two workers, and many batches for one."""
    monkeypatch.setattr("legacy_import.runs.run.SLICE_FILES", 50)
    monkeypatch.setattr("legacy_import.batches.batch.MOST_BYTES", 100_000)
    fill(tree)
    for chat in range(1000, 2000):
        tree.chat(chat, *(message(n, f"{chat} said {n} " + "so " * 40) for n in range(1, 21)))
    return tree


@contextmanager
def own_server(folder: Path) -> Iterator[EmbeddedServer]:
    """This process's connections lead to it meanwhile."""
    server = EmbeddedServer(folder)
    server.acquire()
    connection.close()
    before = dict(connection.settings_dict)
    try:
        provision.provision_embedded(str(server.socket_dir), NAME)
        connection.settings_dict.update(HOST=str(server.socket_dir), NAME=NAME)
        call_command("migrate", verbosity=0)
        yield server
    finally:
        connection.close()
        connection.settings_dict.update(before)
        server.release()


@pytest.fixture
def small_disk(workspace: Path) -> Iterator[Path]:
    disk = workspace / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600m", "tmpfs", disk], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"NOT TESTED: a disk to fill needs the right to mount: {mounted.stderr}")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def session() -> psycopg.Connection[Any]:
    """Beside Django's connection, on the server that one leads to."""
    where = connection.settings_dict
    return psycopg.connect(
        host=where["HOST"], port=where["PORT"], dbname=where["NAME"], user="postgres",
        autocommit=True,
    )  # fmt: skip


@contextmanager
def once_messages_are_there(strike: Callable[[], object]) -> Iterator[None]:
    struck: list[object] = []

    def watch() -> None:
        with session() as other:
            for _ in range(3000):
                if other.execute(SOME_MESSAGES).fetchone() == (True,):
                    break
                time.sleep(0.01)
        struck.append(strike())

    thread = threading.Thread(target=watch)
    thread.start()
    yield
    thread.join()
    assert struck


def imported(tree: Tree, *arguments: str) -> None:
    with pytest.raises(SystemExit, match="3"):  # the tree has rejects
        call_command(
            *("import_legacy_json", str(tree.root), "--bot", "Emma", "--min-age", "0"),
            *("-v", "0", *arguments),
        )


def expected_of(tree: Tree) -> dict[str, Any]:
    begin_again()
    imported(tree)
    expected = state()
    assert len(expected["messages"]) > 20_000
    begin_again()
    return expected


def runs() -> list[str]:
    return [status for (status,) in query("SELECT status FROM import_runs ORDER BY number")]


def require_resumed(tree: Tree, expected: dict[str, Any], *statuses: str) -> None:
    assert query("SELECT count(*) FROM messages")[0][0] > 2000
    imported(tree, "--workers", "2")
    cut_off, last = runs()
    assert cut_off in statuses
    assert last == "done"
    assert state() == expected


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("53100", "The disk of the database server is full: make room, then run the same command"),
        ("53200", "The database server ran out of memory"),
        ("57014", "A statement was cancelled"),
        ("58030", "cannot read or write its files; its log says more"),
    ],
)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_is_said(
    tree: Tree, superuser: dict[str, Any], state: str, said: str, workers: str
) -> None:
    """A server that fails with these words, in the middle, and then no longer."""
    tree.chat(1, *(message(n) for n in range(1, 50)))
    tree.person(1)
    with psycopg.connect(**superuser, autocommit=True) as other:
        other.execute(
            f"CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql"
            f" AS $$ BEGIN RAISE 'no' USING ERRCODE = '{state}'; END $$;"
            "CREATE TRIGGER fails BEFORE INSERT ON messages FOR EACH ROW"
            " WHEN (NEW.position = 30) EXECUTE FUNCTION fail()"
        )
        try:
            with pytest.raises(CommandError, match=f"{said}.* What was imported stays") as refusal:
                imported(tree, "--workers", workers)
        finally:
            other.execute("DROP TRIGGER fails ON messages; DROP FUNCTION fail()")
    assert refusal.value.returncode == 1
    assert query("SELECT count(*) FROM messages") == [(0,)]
    assert query("SELECT telegram_id FROM profiles") == [(1,)]
    tree.old_chat(2, "lost")
    imported(tree)
    assert runs() == ["failed", "done"]
    assert query("SELECT count(*) FROM messages") == [(49,)]


def terminate() -> None:
    """All sessions but this one, of this test's database alone."""
    with session() as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_all_connections_are_lost(large: Tree, superuser: dict[str, Any], workers: str) -> None:
    expected = expected_of(large)
    said = "The connection to the database was lost: .* run the same command again"
    with once_messages_are_there(terminate), pytest.raises(CommandError, match=said):
        imported(large, "--workers", workers)
    require_resumed(large, expected, "failed")


def kill_a_worker() -> None:
    workers = [
        child
        for child in psutil.Process().children()
        if any("spawn_main" in argument for argument in child.cmdline())
    ]
    assert len(workers) == 2
    workers[0].kill()


@pytest.mark.slow
def test_a_worker_is_killed(large: Tree, superuser: dict[str, Any]) -> None:
    expected = expected_of(large)
    said = "A worker was killed.* What was committed is kept; to go on: manage.py .*--workers 2"
    with once_messages_are_there(kill_a_worker), pytest.raises(CommandError, match=said):
        imported(large, "--workers", "2")
    require_resumed(large, expected, "failed")


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_server_is_restarted(large: Tree, workspace: Path, workers: str) -> None:
    """At once, as `pg_ctl -m immediate` does it."""
    with own_server(workspace / "postgres") as server:
        expected = expected_of(large)

        def restart() -> None:
            pid_file = workspace / "postgres" / "postmaster.pid"
            postmaster = psutil.Process(int(pid_file.read_text().split()[0]))
            postmaster.send_signal(signal.SIGQUIT)
            postmaster.wait(60)
            server.acquire()

        said = "The connection to the database was lost: .* run the same command again"
        with once_messages_are_there(restart), pytest.raises(CommandError, match=said):
            imported(large, "--workers", workers)
        # Nothing could be noted while it was down: the next run did.
        require_resumed(large, expected, "failed", "interrupted")


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_disk_is_full(large: Tree, small_disk: Path, workers: str) -> None:
    with own_server(small_disk / "postgres") as server:
        expected = expected_of(large)
        ballast = small_disk / "ballast"

        def fill_up() -> None:
            for size in (1_000_000, 4096):
                with suppress(OSError), ballast.open("ab", buffering=0) as file:
                    while file.write(bytes(size)) == size:
                        pass

        # Where it was the log that found no room, the server itself stopped.
        said = "disk.* run the same command again. What was imported stays"
        with once_messages_are_there(fill_up), pytest.raises(CommandError, match=said):
            imported(large, "--workers", workers)
        ballast.unlink()
        # As the operator's next process finds it: it may be recovering still.
        connection.close()
        server.release()
        server.acquire()
        require_resumed(large, expected, "failed", "interrupted")
