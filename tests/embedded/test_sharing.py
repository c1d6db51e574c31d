"""Who starts the server, who shares it, and who stops it."""

import os
import shlex
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from botplatform.embedded.binaries import Binaries
from tests.embedded.support import Refused, Runner, Scene, as_normal_user, is_alive, wait_until


def test_the_last_one_out_stops_the_server(scene: Scene) -> None:
    first, second = scene.sharer(), scene.sharer()
    assert first.ask("is running") is False
    first.ask("acquire")
    first.ask("acquire")
    second.ask("acquire")
    server = scene.postmaster()
    first.leave()
    assert second.ask("query", "SELECT 1") == 1
    assert scene.postmaster() == server
    second.ask("release")
    assert second.ask("is running") is False
    assert scene.processes() == []
    second.ask("acquire")
    assert second.ask("query", "SELECT 2") == 2
    second.leave()
    assert scene.processes() == []


def test_many_processes_and_threads_may_start_it_at_once(new_scene: Scene) -> None:
    sharers = [new_scene.sharer() for _ in range(4)]
    for sharer in sharers:
        sharer.send("acquire in threads")
    assert [sharer.answer() for sharer in sharers] == [{"value": None}] * 4
    started = {sharer.ask("query", "SELECT pg_postmaster_start_time()::text") for sharer in sharers}
    assert len(started) == 1
    for sharer in sharers:
        sharer.send("release")
    assert [sharer.answer() for sharer in sharers] == [{"value": None}] * 4
    assert new_scene.processes() == []


def test_a_killed_sharer_does_not_keep_the_server(scene: Scene) -> None:
    killed, other = scene.sharer(), scene.sharer()
    killed.ask("acquire")
    other.ask("acquire")
    killed.kill()
    other.leave()
    assert scene.processes() == []


def test_a_server_whose_sharers_were_all_killed_is_taken_over(scene: Scene) -> None:
    killed = [scene.sharer(), scene.sharer()]
    for sharer in killed:
        sharer.ask("acquire")
    server = scene.postmaster()
    for sharer in killed:
        sharer.kill()
    heir = scene.sharer()
    assert heir.ask("is running") is True
    heir.ask("acquire")
    assert scene.postmaster() == server
    assert heir.ask("query", "SELECT 1") == 1
    heir.leave()
    assert scene.processes() == []


@as_normal_user
def test_a_forked_child_that_ends_leaves_the_server_to_its_parent(scene: Scene) -> None:
    parent = scene.sharer()
    parent.ask("acquire")
    server = scene.postmaster()
    parent.ask("fork")
    # The exit of a forked child answers nothing, so the next answer is the parent's.
    parent.ask("fork and release")
    assert parent.ask("query", "SELECT 1") == 1
    assert scene.postmaster() == server
    parent.leave()
    assert scene.processes() == []


@as_normal_user
def test_a_forked_child_takes_its_own_share(scene: Scene) -> None:
    parent, other = scene.sharer(), scene.sharer()
    parent.ask("acquire")
    child = parent.ask("fork a sharer")
    parent.kill()
    with pytest.raises(Refused, match="Other processes use"):
        other.ask("destroy")
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: not is_alive(child))
    other.ask("acquire")
    other.leave()
    assert scene.processes() == []


@as_normal_user
def test_only_a_server_nobody_else_uses_is_destroyed(scene: Scene) -> None:
    user, other = scene.sharer(), scene.sharer()
    user.ask("acquire")
    for _ in range(2):
        with pytest.raises(Refused, match="Other processes use"):
            other.ask("destroy")
    other.ask("acquire")
    with pytest.raises(Refused, match="Other processes use"):
        other.ask("destroy")
    user.ask("release")
    assert other.ask("query", "SELECT 1") == 1
    other.ask("destroy")
    assert not scene.folder.exists()
    assert scene.processes() == []
    other.ask("acquire")
    assert other.ask("query", "SELECT 1") == 1


def test_ctrl_c_leaves_nothing_behind(scene: Scene) -> None:
    sharer = scene.sharer()
    sharer.ask("acquire")
    assert os.getsid(scene.postmaster()) != os.getsid(sharer.process.pid)
    sharer.interrupt_group()
    assert scene.processes() == []


def test_ctrl_c_during_the_first_start_leaves_nothing_behind(new_scene: Scene) -> None:
    for moment in ("postgres", "server.log", "postmaster.pid"):
        sharer = new_scene.sharer()
        sharer.send("acquire")
        awaited = new_scene.folder if moment == "postgres" else new_scene.folder / moment
        wait_until(awaited.exists)
        sharer.interrupt_group()
        assert new_scene.processes() == []
        (new_scene.folder / "server.log").unlink(missing_ok=True)


@as_normal_user
def test_ctrl_c_stops_a_server_that_is_slow_to_begin(
    scene: Scene, make_workspace: Callable[[Runner], Path]
) -> None:
    binaries = make_workspace(scene.runner)
    real = Binaries.find(None).folder
    for program in ("initdb", "pg_config"):
        (binaries / program).symlink_to(real / program)
    slow = binaries / "postgres"
    slow.write_text(
        f'#!/bin/sh\n[ "$1" = -D ] && sleep 4\nexec {shlex.quote(str(real))}/postgres "$@"\n'
    )
    slow.chmod(0o755)
    (scene.folder / "server.log").unlink()
    sharer = scene.sharer(binaries)
    sharer.send("acquire")
    wait_until((scene.folder / "server.log").exists)
    sharer.interrupt_group()
    assert scene.processes() == []
