import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from psycopg.pq import PGconn, Ping

from botplatform.embedded.account import Identity
from botplatform.embedded.binaries import clean_environment
from botplatform.embedded.cluster import PORT, SOCKET_NAME, Cluster
from botplatform.embedded.errors import (
    USE_DATABASE_URL,
    EmbeddedServerError,
    StillStartingError,
    tell,
)

READY_WITHIN_SECONDS = 300.0
STOPPED_WITHIN_SECONDS = 300.0
PID_FILE_WITHIN_SECONDS = 25.0
TELL_AFTER_SECONDS = 3.0
# The backends of a killed postmaster notice its death within moments, and then its memory is free.
LEFTOVERS_GONE_WITHIN_SECONDS = 20.0
LEFTOVERS = "shared memory block"
# The path of the folder reaches the shell as an argument; pg_ctl would put it into the text of a
# command, where a $ or a backtick in it is executed. And the answer is the pid, at once.
LAUNCH = '"$0" -D "$1" </dev/null >>"$2" 2>&1 & echo $!'
LOG_TAIL_BYTES = 2000


class Postmaster:
    """The server process: found, started, waited for, stopped. Callers take turns (see sharing)."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._pid_file = cluster.folder / "postmaster.pid"
        self._process: psutil.Process | None = None

    def is_known_alive(self) -> bool:
        """Looks only at the process that ensure_ready() left behind."""
        return self._process is not None and _is_alive(self._process)

    def find(self) -> psutil.Process | None:
        """The pid in postmaster.pid may long be another program's."""
        lines = self._pid_file_lines()
        if not lines or not lines[0].isdigit():
            return None
        try:
            process = psutil.Process(int(lines[0]))
            return process if _is_alive(process) and self._is_ours(process) else None
        except psutil.NoSuchProcess:
            return None

    def ensure_ready(self) -> None:
        self._process = self.find()
        if self._process is not None:
            self._check_socket_dir()
            if self._becomes_ready():
                return
        self._start()

    def stop(self) -> None:
        # A server just launched ignores signals until shortly before it writes its pid file.
        _wait(lambda: not self.is_known_alive() or self.find() is not None, PID_FILE_WITHIN_SECONDS)
        process = self.find()
        self._process = None
        if process is None:
            return
        try:
            process.send_signal(signal.SIGINT)  # PostgreSQL's "fast shutdown"
        except psutil.NoSuchProcess:
            return
        stopped = _wait(
            lambda: not _is_alive(process),
            STOPPED_WITHIN_SECONDS,
            lambda: "PostgreSQL is writing its data to disk before it stops, waiting...",
        )
        if not stopped:
            raise EmbeddedServerError(
                f"PostgreSQL (process {process.pid}) was told to stop and is still writing to "
                f"{self._cluster.folder}. Leave it to finish; it stops by itself."
            )

    def _start(self) -> None:
        log = self._cluster.log
        give_up_at = time.monotonic() + LEFTOVERS_GONE_WITHIN_SECONDS
        while True:
            log_start = log.stat().st_size if log.exists() else 0
            self._launch()
            if self._becomes_ready():
                return
            reason = _tail(log, log_start)
            if LEFTOVERS not in reason or time.monotonic() > give_up_at:
                raise EmbeddedServerError(
                    f"PostgreSQL did not start. The end of its log {log}:\n{reason}\n"
                    f"Remove the cause named there and try again, or {USE_DATABASE_URL}."
                )
            time.sleep(0.2)

    def _launch(self) -> None:
        binaries, account = self._cluster.prepare()
        self._remove_stale_pid_files()
        with _uninterrupted():
            self._spawn(binaries.folder / "postgres", account.identity)

    def _spawn(self, program: Path, identity: Identity) -> None:
        launched = subprocess.run(
            ["/bin/sh", "-c", LAUNCH, program, self._cluster.folder, self._cluster.log],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
            env=clean_environment(),
            umask=0o077,
            start_new_session=True,
            **identity,
        )
        try:
            self._process = psutil.Process(int(launched.stdout))
        except (ValueError, psutil.NoSuchProcess):
            self._process = None

    def _becomes_ready(self) -> bool:
        """False when the process ended instead."""
        answer = Ping.NO_RESPONSE

        def settled() -> bool:
            nonlocal answer
            answer = self._ping()
            return answer == Ping.OK or not self.is_known_alive()

        def news() -> str:
            if answer == Ping.REJECT:
                return "PostgreSQL is recovering after a crash, waiting..."
            return "PostgreSQL is starting slowly, waiting..."

        if not _wait(settled, READY_WITHIN_SECONDS, news):
            raise StillStartingError(
                f"PostgreSQL is still starting after {READY_WITHIN_SECONDS:.0f} seconds and goes "
                f"on; its log is {self._cluster.log}. Run the same command again to wait on."
            )
        return self.is_known_alive()

    def _ping(self) -> Ping:
        target = f"host={self._cluster.socket_dir} port={PORT} user=postgres dbname=postgres"
        return Ping(PGconn.ping(f"{target} connect_timeout=5".encode()))

    def _remove_stale_pid_files(self) -> None:
        """PostgreSQL itself refuses to start when the pid in them is that of any live process."""
        if self._ping() in (Ping.OK, Ping.REJECT):
            raise EmbeddedServerError(
                "Another PostgreSQL, perhaps one in another container, serves "
                f"{self._cluster.folder}: stop it and try again."
            )
        self._pid_file.unlink(missing_ok=True)
        (self._cluster.socket_dir / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)

    def _check_socket_dir(self) -> None:
        """The folder may have been moved, or the server started by hand or by another user."""
        lines = self._pid_file_lines()
        if len(lines) > 4 and lines[4] and lines[4] != str(self._cluster.socket_dir):
            raise EmbeddedServerError(
                f"The running PostgreSQL of {self._cluster.folder} (process {lines[0]}) has its "
                f"socket in {lines[4]} instead of {self._cluster.socket_dir}: stop it with "
                f"`kill -INT {lines[0]}` and try again."
            )

    def _is_ours(self, process: psutil.Process) -> bool:
        folder = str(self._cluster.folder)
        try:
            return process.name() in ("postgres", "postmaster") and (
                folder in process.cmdline() or process.cwd() == folder
            )
        except psutil.AccessDenied:
            return False

    def _pid_file_lines(self) -> list[str]:
        try:
            return self._pid_file.read_text().splitlines()
        except FileNotFoundError:
            return []


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits: between the launch of a server and the note of its pid nobody could stop it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # is never interrupted
        return
    waiting: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: waiting.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if handler is None else handler)
        if waiting:
            signal.raise_signal(signal.SIGINT)


def _is_alive(process: psutil.Process) -> bool:
    """A zombie is not alive: in a container nobody may collect it."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _tail(log: Path, start: int) -> str:
    text = ""
    if log.exists():
        with log.open("rb") as file:
            file.seek(max(start, log.stat().st_size - LOG_TAIL_BYTES))
            text = file.read().decode(errors="replace").strip()
    return text or "(It says nothing. Is the disk full?)"


def _wait(
    settled: Callable[[], bool], seconds: float, news: Callable[[], str] | None = None
) -> bool:
    started_at = time.monotonic()
    while not settled():
        waited = time.monotonic() - started_at
        if waited > seconds:
            return False
        if news is not None and waited > TELL_AFTER_SECONDS:
            tell(news())
            news = None
        time.sleep(0.02)
    return True
