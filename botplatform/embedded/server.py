import atexit
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from botplatform.embedded.binaries import no_binaries
from botplatform.embedded.cluster import Cluster
from botplatform.embedded.errors import EmbeddedServerError, StillStartingError, explained, tell
from botplatform.embedded.sharing import Sharing

if TYPE_CHECKING:
    from botplatform.embedded.postmaster import Postmaster


class EmbeddedServer:
    """One PostgreSQL for all processes that use the folder: the first starts it, the last one out
    stops it. When all of them were killed it runs on, and the next one takes it over."""

    def __init__(self, folder: Path, *, bin_dir: Path | None = None) -> None:
        self._folder = folder.resolve()
        self._cluster = Cluster(self._folder, bin_dir)
        self._sharing = Sharing(self._folder)
        self._postmaster: Postmaster | None = None
        self._turn = threading.RLock()
        self._leaves_at_exit = False
        os.register_at_fork(after_in_child=self._forget_parent)

    @property
    def socket_dir(self) -> Path:
        return self._cluster.socket_dir

    def acquire(self) -> None:
        with self._turn:
            postmaster = self._the_postmaster()
            if self._sharing.joined and postmaster.is_known_alive():
                return
            with explained(self._folder):
                self._folder.parent.mkdir(parents=True, exist_ok=True)
                with self._sharing.deciding():
                    self._join(postmaster)

    def release(self) -> None:
        with self._turn:
            if not self._sharing.joined:
                return
            with explained(self._folder), self._sharing.deciding():
                self._leave()

    def is_running(self) -> bool:
        with explained(self._folder):
            return self._the_postmaster().find() is not None

    def ensure_running(self) -> None:
        """For a process that holds a share; for any other it does nothing."""
        if self._sharing.joined and not self._the_postmaster().is_known_alive():
            self.acquire()

    def destroy(self) -> None:
        with self._turn, explained(self._folder):
            if not self._folder.parent.exists():
                return
            with self._sharing.deciding():
                was_joined = self._sharing.joined
                self._sharing.join()
                if not self._sharing.is_last():
                    if not was_joined:
                        self._sharing.leave()
                    raise EmbeddedServerError(
                        f"Other processes use the PostgreSQL in {self._folder}: stop them and "
                        "try again."
                    )
                self._leave()
                self._cluster.delete()

    def _join(self, postmaster: "Postmaster") -> None:
        was_joined = self._sharing.joined
        self._sharing.join()
        try:
            postmaster.ensure_ready()
        except BaseException as error:
            if was_joined:
                pass
            elif isinstance(error, StillStartingError):
                # Stopping it now would throw away the recovery done so far.
                self._sharing.leave()
            else:
                self._leave()
            raise
        if not self._leaves_at_exit:
            atexit.register(self._release_at_exit)
            self._leaves_at_exit = True

    def _leave(self) -> None:
        try:
            if self._sharing.is_last():
                self._the_postmaster().stop()
        finally:
            self._sharing.leave()

    def _release_at_exit(self) -> None:
        try:
            self.release()
        except EmbeddedServerError as error:
            tell(str(error))

    def _the_postmaster(self) -> "Postmaster":
        if self._postmaster is None:
            try:
                # psutil comes with the wheel, and must not be needed where there is no wheel.
                from botplatform.embedded.postmaster import Postmaster
            except ImportError as error:
                raise no_binaries(str(error)) from error
            self._postmaster = Postmaster(self._cluster)
        return self._postmaster

    def _forget_parent(self) -> None:
        """In a forked child, which has no share yet and none of the parent's threads."""
        self._turn = threading.RLock()
        self._sharing.forget_parent()
        self._postmaster = None
        self._leaves_at_exit = False
