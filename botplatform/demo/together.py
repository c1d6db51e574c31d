"""Transactions in several threads that commit only when each of them could."""

from threading import Barrier, BrokenBarrierError, Lock


class GivenUp(Exception):
    """Another thread failed, so this one's transaction is rolled back too."""


class Together:
    """`with together:` is one thread's turn; it fails once any of them has given up."""

    def __init__(self, threads: int) -> None:
        self._ready = Barrier(threads)
        self._turn = Lock()

    def __enter__(self) -> None:
        if self._ready.broken:
            raise GivenUp
        self._turn.acquire()

    def __exit__(self, *error: object) -> None:
        self._turn.release()

    def wait_for_the_others(self) -> None:
        """The last call before the commit."""
        try:
            self._ready.wait()
        except BrokenBarrierError:
            raise GivenUp from None

    def give_up(self) -> None:
        self._ready.abort()
