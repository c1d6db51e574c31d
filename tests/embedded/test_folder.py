"""Where the cluster and its socket may be, who may enter them, and what the messages say."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.embedded.support import REPOSITORY, Refused, Runner, Scene, as_normal_user

OTHER_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def test_only_its_user_can_enter_the_cluster(scene: Scene) -> None:
    sharer = scene.sharer()
    assert sharer.ask("socket folder") == str(scene.folder)
    sharer.ask("acquire")
    assert _mode(scene.folder) == 0o700
    assert _mode(scene.folder / ".s.PGSQL.5432") == 0o700
    assert scene.folder.stat().st_uid != 0
    assert (scene.folder / "server.log").is_file()
    main = (scene.folder / "postgresql.conf").read_text()
    sharer.ask("release")
    sharer.ask("acquire")
    assert (scene.folder / "postgresql.conf").read_text() == main
    assert main.count("botplatform.conf") == 1
    assert sharer.ask("query", "SHOW listen_addresses") == ""


@pytest.mark.parametrize("name", ["deep" * 40, "a, b", 'it\'s $HOME `id` "x"'])
def test_a_folder_whose_path_does_not_suit_a_socket(new_scene: Scene, name: str) -> None:
    new_scene.folder = new_scene.folder.parent / name / "postgres"
    sharer = new_scene.sharer()
    socket_folder = Path(sharer.ask("socket folder"))
    assert socket_folder.name.startswith(f"botplatform-{new_scene.runner.uid}-")
    sharer.ask("acquire")
    assert sharer.ask("query", "SELECT 1") == 1
    assert _mode(socket_folder) == 0o700
    assert socket_folder.stat().st_uid == new_scene.folder.stat().st_uid
    sharer.ask("destroy")
    assert not socket_folder.exists()


@as_normal_user
def test_a_socket_folder_that_somebody_else_made(new_scene: Scene, tmp_path: Path) -> None:
    new_scene.folder = new_scene.folder.parent / "a b" / "postgres"
    sharer = new_scene.sharer()
    socket_folder = Path(sharer.ask("socket folder"))
    socket_folder.symlink_to(tmp_path)
    try:
        with pytest.raises(Refused, match="somebody else made it"):
            sharer.ask("acquire")
    finally:
        socket_folder.unlink()
    sharer.ask("acquire")
    sharer.ask("destroy")


@as_normal_user
def test_no_text_of_a_message_reaches_the_log(scene: Scene) -> None:
    sharer = scene.sharer()
    sharer.ask("acquire")
    for statement in ("SELECT 'confidential'::int", "SELECT 'confidential' FROM nowhere"):
        sharer.ask("query", statement)
    sharer.ask("query", "DO $$ BEGIN RAISE WARNING 'confidential'; END $$")
    sharer.leave()
    assert "confidential" not in (scene.folder / "server.log").read_text()


def test_nothing_is_said_when_nothing_is_unusual(scene: Scene) -> None:
    for sharer in (scene.sharer(), scene.sharer()):
        sharer.ask("acquire")
        sharer.ask("release")
    assert scene.sharers[-1].stderr() == ""


@as_normal_user
def test_a_cluster_of_another_version(scene: Scene) -> None:
    (scene.folder / "PG_VERSION").write_text("12\n")
    with pytest.raises(Refused, match=r"made by PostgreSQL 12.*move it away"):
        scene.sharer().ask("acquire")
    assert (scene.folder / "base").is_dir()


@as_normal_user
def test_missing_binaries(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="set DATABASE_URL to a PostgreSQL 15 or newer"):
        scene.sharer(tmp_path / "nowhere").ask("acquire")


def test_a_missing_wheel(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path\n"
        "from botplatform.embedded import EmbeddedServer, EmbeddedServerError\n"
        "try:\n"
        f"    EmbeddedServer(Path({str(tmp_path / 'postgres')!r})).acquire()\n"
        "except EmbeddedServerError as error:\n"
        "    print(error)\n"
    )
    without_site_packages = subprocess.run(
        [sys.executable, "-S", "-c", script],
        env={"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "no embedded PostgreSQL for this platform: set DATABASE_URL" in (
        without_site_packages.stdout
    )


@pytest.mark.skipif(not OTHER_BINARIES, reason="needs a PostgreSQL in /usr/lib/postgresql")
@as_normal_user
def test_other_binaries(new_scene: Scene) -> None:
    binaries = OTHER_BINARIES[0].parent
    sharer = new_scene.sharer(binaries)
    sharer.ask("acquire")
    version = sharer.ask("query", "SHOW server_version_num")
    assert int(version) // 10000 == int(binaries.parent.name)


def test_a_folder_that_may_not_be_written(normal_user: Runner) -> None:
    scene = Scene(normal_user, Path("/proc/botplatform/postgres"))
    with pytest.raises(Refused, match="cannot use /proc/botplatform/postgres"):
        scene.sharer().ask("acquire")
    scene.end()


def test_a_disk_that_is_full(root: Runner, make_workspace: Callable[[Runner], Path]) -> None:
    disk = make_workspace(root)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk])
    if mounted.returncode != 0:
        pytest.skip("needs to be allowed to mount a small disk")
    scene = Scene(root, disk / "postgres")
    try:
        with pytest.raises(Refused, match="No space left on device"):
            scene.sharer().ask("acquire")
        scene.end()
        assert sorted(path.name for path in disk.iterdir()) == [
            "postgres.start.lock",
            "postgres.users.lock",
        ]
    finally:
        subprocess.run(["umount", disk], check=True)


def test_root_opens_only_the_way_to_the_folder(
    root: Runner, make_workspace: Callable[[Runner], Path]
) -> None:
    workspace = make_workspace(root)
    scene = Scene(root, workspace / "postgres")
    sharer = scene.sharer()
    sharer.ask("acquire")
    assert _mode(workspace) == 0o701
    assert str(workspace) in sharer.stderr()
    scene.destroy()


def test_a_normal_user_is_told_of_a_cluster_of_root(
    root: Runner, normal_user: Runner, make_workspace: Callable[[Runner], Path]
) -> None:
    workspace = make_workspace(root)
    workspace.chmod(0o777)
    scene = Scene(root, workspace / "postgres")
    scene.sharer().ask("acquire")
    scene.end()
    visitor = Scene(normal_user, scene.folder)
    with pytest.raises(Refused, match=r"cannot use .*Run as the user who owns it"):
        visitor.sharer().ask("acquire")
    visitor.end()
    scene.destroy()


def test_root_serves_the_cluster_of_a_normal_user(
    root: Runner, normal_user: Runner, make_workspace: Callable[[Runner], Path]
) -> None:
    scene = Scene(normal_user, make_workspace(normal_user) / "postgres")
    owner = scene.sharer()
    owner.ask("acquire")
    owner.ask("release")
    guest = Scene(root, scene.folder)
    guest.sharer().ask("acquire")
    owner.ask("acquire")
    guest.sharers[0].leave()
    assert owner.ask("query", "SELECT 1") == 1
    owner.leave()
    assert scene.processes() == []
    guest.end()
    scene.destroy()


def _mode(path: Path) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)
