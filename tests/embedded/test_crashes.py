"""What was killed, left over or half done must not stop the next start, nor lose a commit."""

import os
import subprocess
from pathlib import Path

import pytest

from botplatform.embedded.account import Account
from tests.embedded.support import Refused, Scene, as_normal_user, wait_until

ROWS_BEFORE_THE_KILL = 200


def test_a_killed_server_comes_back_with_every_acknowledged_row(scene: Scene) -> None:
    writer, holder = scene.sharer(), scene.sharer()
    writer.ask("acquire")
    holder.ask("acquire")
    writer.send("write")
    acknowledged = [writer.answer() for _ in range(ROWS_BEFORE_THE_KILL)]
    scene.kill_server()
    scene.kill_backends()
    while (answer := writer.answer()) != "gone":
        acknowledged.append(answer)
    holder.ask("ensure running")
    lost = f"SELECT {len(acknowledged)} - count(*) FROM written WHERE number <= {acknowledged[-1]}"
    assert holder.ask("query", lost) == 0


def test_ensure_running_revives_a_server_with_leftover_backends(scene: Scene) -> None:
    holder, busy = scene.sharer(), scene.sharer()
    holder.ask("acquire")
    busy.ask("acquire")
    busy.send("query", "SELECT pg_sleep(1)")
    wait_until(lambda: holder.ask("query", _SLEEPERS) == 1)
    killed = scene.kill_server()
    assert holder.ask("is running") is False
    holder.ask("ensure running")
    assert scene.postmaster() != killed
    assert holder.ask("query", "SELECT 1") == 1
    busy.answer()
    busy.ask("ensure running")
    assert busy.ask("query", "SELECT 1") == 1
    busy.leave()
    holder.leave()
    assert scene.processes() == []


@as_normal_user
def test_ensure_running_does_nothing_without_a_share(scene: Scene) -> None:
    sharer = scene.sharer()
    sharer.ask("acquire")
    sharer.ask("release")
    sharer.ask("ensure running")
    assert sharer.ask("is running") is False


def test_a_stale_pid_file_with_a_dead_pid(scene: Scene) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    _leave_pid_files(scene, dead.pid)
    _starts(scene)


def test_a_stale_pid_file_with_the_pid_of_another_program(scene: Scene) -> None:
    owner = scene.folder.stat()
    identity = Account(owner.st_uid, owner.st_gid).identity
    with subprocess.Popen(["sleep", "600"], **identity) as foreign:
        _leave_pid_files(scene, foreign.pid)
        _starts(scene)
        assert foreign.poll() is None
        foreign.kill()


@pytest.mark.parametrize("content", ["", "garbage\n"])
@as_normal_user
def test_a_broken_pid_file(scene: Scene, content: str) -> None:
    _write(scene, scene.folder / "postmaster.pid", content)
    _starts(scene)


def test_a_kill_during_initdb_leaves_no_half_cluster(new_scene: Scene) -> None:
    killed = new_scene.sharer()
    killed.send("acquire")
    unfinished = f"{new_scene.folder.name}.unfinished-*"
    wait_until(lambda: any(new_scene.folder.parent.glob(f"{unfinished}/global")))
    killed.kill()
    assert not new_scene.folder.exists()
    _starts(new_scene)


@as_normal_user
def test_leftovers_of_an_unfinished_initdb_are_removed(scene: Scene) -> None:
    leftover = scene.folder.with_name(f"{scene.folder.name}.unfinished-abc")
    scene.make_folder(leftover / "base")
    _starts(scene)
    assert not leftover.exists()


@as_normal_user
def test_an_empty_folder_becomes_the_cluster(new_scene: Scene) -> None:
    new_scene.make_folder(new_scene.folder)
    _starts(new_scene)


@as_normal_user
def test_a_folder_with_something_else_in_it_is_not_touched(new_scene: Scene) -> None:
    new_scene.make_folder(new_scene.folder)
    (new_scene.folder / "letter.txt").write_text("dear")
    with pytest.raises(Refused, match=r"no PG_VERSION.*move it away"):
        new_scene.sharer().ask("acquire")
    assert [path.name for path in new_scene.folder.iterdir()] == ["letter.txt"]


_SLEEPERS = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(1)'"


def _starts(scene: Scene) -> None:
    sharer = scene.sharer()
    sharer.ask("acquire")
    assert sharer.ask("query", "SELECT 1") == 1
    sharer.leave()
    assert scene.processes() == []


def _leave_pid_files(scene: Scene, pid: int) -> None:
    content = f"{pid}\n{scene.folder}\n1700000000\n5432\n{scene.folder}\n\n  1 1\nready   \n"
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        _write(scene, scene.folder / name, content)


def _write(scene: Scene, path: Path, content: str) -> None:
    path.write_text(content)
    path.chmod(0o600)
    owner = scene.folder.stat()
    os.chown(path, owner.st_uid, owner.st_gid)
