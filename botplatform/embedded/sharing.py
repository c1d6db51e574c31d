"""Who uses the server, by flock: the kernel forgets a user however its process died."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from botplatform.embedded.errors import tell

TELL_AFTER_SECONDS = 3.0


class Sharing:
    def __init__(self, folder: Path) -> None:
        self._users_path = folder.with_name(f"{folder.name}.users.lock")
        self._start_path = folder.with_name(f"{folder.name}.start.lock")
        self._users_lock: int | None = None
        self._start_lock: int | None = None

    @property
    def joined(self) -> bool:
        return self._users_lock is not None

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """Only one process at a time starts, stops, joins or leaves."""
        lock = self._start_lock = _open_lock(self._start_path)
        try:
            _lock_patiently(lock)
            yield
        finally:
            self._start_lock = None
            _unlock(lock)

    def join(self) -> None:
        if self._users_lock is None:
            self._users_lock = _open_lock(self._users_path)
            fcntl.flock(self._users_lock, fcntl.LOCK_SH)

    def is_last(self) -> bool:
        assert self._users_lock is not None
        try:
            fcntl.flock(self._users_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # A failed change from shared to exclusive loses the shared lock.
            fcntl.flock(self._users_lock, fcntl.LOCK_SH)
            return False
        return True

    def leave(self) -> None:
        if self._users_lock is not None:
            _unlock(self._users_lock)
            self._users_lock = None

    def forget_parent(self) -> None:
        """In a forked child: an inherited descriptor left open would keep the parent's share alive
        after the parent's death. Closing it here leaves the parent's own lock in place."""
        for lock in (self._users_lock, self._start_lock):
            if lock is not None:
                os.close(lock)
        self._users_lock = self._start_lock = None


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def _unlock(lock: int) -> None:
    # A process being forked right now may still hold a copy, which closing would not unlock.
    fcntl.flock(lock, fcntl.LOCK_UN)
    os.close(lock)


def _lock_patiently(lock: int) -> None:
    tell_at: float | None = time.monotonic() + TELL_AFTER_SECONDS
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if tell_at is not None and time.monotonic() > tell_at:
                tell("Another process is starting or stopping PostgreSQL, waiting...")
                tell_at = None
            time.sleep(0.02)
