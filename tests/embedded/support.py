import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil
import pytest

from botplatform.embedded import EmbeddedServer

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30.0

# For what does not depend on the user, to save time.
as_normal_user = pytest.mark.parametrize("runner", ["normal_user"], indirect=True)


class Refused(Exception):
    """The message of an EmbeddedServerError in another process."""


@dataclass(frozen=True)
class Runner:
    """The system user whom the processes of a test run as."""

    uid: int
    gid: int


class Sharer:
    """A process that uses the server of a folder."""

    def __init__(self, runner: Runner, folder: Path, *bin_dir: Path) -> None:
        self.messages = open(os.memfd_create("messages"), "w+")  # noqa: SIM115
        arguments: list[str | Path] = [folder, str(runner.uid), str(runner.gid), *bin_dir]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.embedded.sharer", *arguments],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.messages,
            text=True,
            start_new_session=True,
        )

    def send(self, *command: str) -> None:
        _given(self.process.stdin).write(json.dumps(command) + "\n")
        _given(self.process.stdin).flush()

    def answer(self) -> Any:
        line = _given(self.process.stdout).readline()
        assert line, f"the process ended: {self.stderr()}"
        return json.loads(line)

    def ask(self, *command: str) -> Any:
        self.send(*command)
        answer = self.answer()
        if "error" in answer:
            raise Refused(answer["error"])
        return answer.get("value")

    def leave(self) -> None:
        _given(self.process.stdin).close()
        self.process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)

    def interrupt_group(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(PATIENCE_SECONDS)

    def end(self) -> None:
        if self.process.poll() is None:
            self.kill()
        for file in (self.process.stdin, self.process.stdout, self.messages):
            with suppress(BrokenPipeError):
                _given(file).close()

    def stderr(self) -> str:
        self.messages.seek(0)
        return self.messages.read()


@dataclass
class Scene:
    """A folder for a cluster, and the processes of one user that share it."""

    runner: Runner
    folder: Path
    sharers: list[Sharer] = field(default_factory=list)

    def sharer(self, *bin_dir: Path) -> Sharer:
        self.sharers.append(Sharer(self.runner, self.folder, *bin_dir))
        return self.sharers[-1]

    def make_folder(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        for made in (folder, folder.parent):
            os.chown(made, self.runner.uid, self.runner.gid)

    def kill_server(self) -> int:
        postmaster = self.postmaster()
        os.kill(postmaster, signal.SIGKILL)
        wait_until(lambda: not is_alive(postmaster))
        return postmaster

    def kill_backends(self) -> None:
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def postmaster(self) -> int:
        return int((self.folder / "postmaster.pid").read_text().splitlines()[0])

    def processes(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if self._is_of_server(process)]

    def _is_of_server(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE or "postgres" not in process.name():
                return False
            return str(self.folder) in process.cmdline() or process.cwd() == str(self.folder)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def end(self) -> None:
        for sharer in self.sharers:
            sharer.end()
        self.sharers.clear()

    def destroy(self) -> None:
        self.end()
        EmbeddedServer(self.folder).destroy()


def wait_until(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up_at, "waited in vain"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _given(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
