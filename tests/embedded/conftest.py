import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from botplatform.embedded.binaries import Binaries
from tests.embedded.support import Runner, Scene


@pytest.fixture(scope="session")
def normal_user() -> Iterator[Runner]:
    """Whoever runs the tests, or for root a throwaway user."""
    if os.geteuid() != 0:
        yield Runner(os.geteuid(), os.getegid())
        return
    if shutil.which("useradd") is None:
        pytest.skip("a test as a normal user needs useradd to make one")
    name = f"botplatform-test-{os.getpid()}"
    subprocess.run(["useradd", "--no-create-home", name], check=True, capture_output=True)
    try:
        user = pwd.getpwnam(name)
        if not _can_run_binaries(user):
            pytest.skip("a normal user has no access to the binaries in this virtualenv")
        yield Runner(user.pw_uid, user.pw_gid)
    finally:
        subprocess.run(["userdel", name], check=True, capture_output=True)


@pytest.fixture(scope="session")
def root() -> Runner:
    if os.geteuid() != 0:
        pytest.skip("needs to run as root")
    return Runner(0, 0)


@pytest.fixture(scope="session", params=["root", "normal_user"])
def runner(request: pytest.FixtureRequest) -> Runner:
    runner: Runner = request.getfixturevalue(request.param)
    return runner


@pytest.fixture(scope="session")
def make_workspace() -> Iterator[Callable[[Runner], Path]]:
    made: list[Path] = []

    def make(runner: Runner) -> Path:
        made.append(Path(tempfile.mkdtemp(prefix="botplatform-test-")).resolve())
        os.chown(made[-1], runner.uid, runner.gid)
        return made[-1]

    yield make
    for folder in made:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster(runner: Runner, make_workspace: Callable[[Runner], Path]) -> Path:
    """A cluster that nobody uses, to be copied: initdb takes long."""
    scene = Scene(runner, make_workspace(runner) / "postgres")
    sharer = scene.sharer()
    sharer.ask("acquire")
    sharer.leave()
    scene.end()
    return scene.folder


@pytest.fixture
def new_scene(runner: Runner, make_workspace: Callable[[Runner], Path]) -> Iterator[Scene]:
    """Without a cluster yet."""
    scene = Scene(runner, make_workspace(runner) / "data" / "postgres")
    yield scene
    scene.destroy()


@pytest.fixture
def scene(new_scene: Scene, cluster: Path) -> Scene:
    new_scene.make_folder(new_scene.folder.parent)
    subprocess.run(["cp", "-a", cluster, new_scene.folder], check=True)
    return new_scene


def _can_run_binaries(user: pwd.struct_passwd) -> bool:
    try:
        asked = subprocess.run(
            [Binaries.find(None).folder / "initdb", "--version"],
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
        )
    except PermissionError:
        return False
    return asked.returncode == 0
