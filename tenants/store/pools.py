"""Connections for BotStore: a pool for the threads of a process, and one for each event loop.

Not Django's connections: a thread keeps one of those for good, so more threads than there are
connections would wait in vain, and the tasks of an event loop all share one. Nor psycopg_pool: its
tasks outlive their cancellation while they connect, and a process then never ends.
"""

import asyncio
import atexit
import os
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections
from psycopg import AsyncClientCursor, AsyncConnection, ClientCursor, Connection, OperationalError
from psycopg.pq import TransactionStatus

from tenants.store.errors import StoreUnavailable


class Pool:
    """Connects when a call finds no connection idle, at most `size` times at once.

    Half of them serve one bot at once.
    """

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self.size: int = settings.DATABASE_POOL["max_size"]
        self.patience: float = settings.DATABASE_POOL["timeout"]
        # Of one bot at once: when somebody holds its chats, the others still have connections.
        self.share = max(1, self.size // 2)
        self._idle: list[Any] = []

    def _parameters(self) -> dict[str, Any]:
        """Where Django would connect, without what it does with a connection."""
        database: Any = connections[self.alias]
        try:
            database.serve()
        except Exception as error:
            raise OperationalError(str(error)) from error
        parameters = dict(database.get_connection_params())
        del parameters["context"]
        return {**parameters, "autocommit": True}

    def _exhausted(self, which: str) -> StoreUnavailable:
        return StoreUnavailable(
            f"{which} connections to the database were in use for {self.patience:g} s. A larger "
            "DATABASE_POOL_SIZE allows for more."
        )

    def _any_idle(self) -> Any:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _kept(self, connection: Any) -> bool:
        """Back among the idle ones, or to be closed: with whatever was under way in it."""
        if connection.info.transaction_status != TransactionStatus.IDLE:
            return False
        self._idle.append(connection)
        return True

    def _taken(self) -> list[Any]:
        taken, self._idle = self._idle, []
        return taken


class ThreadPool(Pool):
    def __init__(self, alias: str) -> None:
        super().__init__(alias)
        self._free = threading.Semaphore(self.size)
        self._shares: dict[UUID, threading.Semaphore] = {}

    @contextmanager
    def connection(self, bot_id: UUID, seconds: float) -> Iterator[Connection]:
        until = time.monotonic() + seconds
        share = self._shares.setdefault(bot_id, threading.Semaphore(self.share))
        with (
            self._place(share, until, f"This bot's {self.share}"),
            self._place(self._free, until, f"All {self.size}"),
        ):
            connection = self._any_idle() or self._connect()
            try:
                yield connection
            finally:
                if not self._kept(connection):
                    connection.close()

    @contextmanager
    def _place(self, places: threading.Semaphore, until: float, which: str) -> Iterator[None]:
        if not places.acquire(timeout=max(0.0, until - time.monotonic())):
            raise self._exhausted(which)
        try:
            yield
        finally:
            places.release()

    def close_idle(self) -> None:
        for connection in self._taken():
            connection.close()

    def _connect(self) -> Connection:
        return Connection.connect(**{**self._parameters(), "cursor_factory": ClientCursor})


class LoopPool(Pool):
    def __init__(self, alias: str) -> None:
        super().__init__(alias)
        self._free = asyncio.Semaphore(self.size)
        self._shares: dict[UUID, asyncio.Semaphore] = {}
        # The embedded server may have to be started first, and the loop's own threads be busy.
        self._thread = ThreadPoolExecutor(1, "bot_store")
        self._end = self._closed_with_loop()

    async def opened(self) -> "LoopPool":
        await anext(self._end)
        return self

    @asynccontextmanager
    async def connection(self, bot_id: UUID, seconds: float) -> AsyncIterator[AsyncConnection]:
        until = asyncio.get_running_loop().time() + seconds
        share = self._shares.setdefault(bot_id, asyncio.Semaphore(self.share))
        async with (
            self._place(share, until, f"This bot's {self.share}"),
            self._place(self._free, until, f"All {self.size}"),
        ):
            connection = self._any_idle() or await self._connect(until)
            try:
                yield connection
            finally:
                if not self._kept(connection):
                    await connection.close()

    @asynccontextmanager
    async def _place(
        self, places: asyncio.Semaphore, until: float, which: str
    ) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout_at(until):
                await places.acquire()
        except TimeoutError:
            raise self._exhausted(which) from None
        try:
            yield
        finally:
            places.release()

    async def close_idle(self) -> None:
        for connection in self._taken():
            await connection.close()

    def abandon(self) -> None:
        """Once the event loop is closed, nothing can be awaited on it."""
        self._thread.shutdown(wait=False)
        for connection in self._taken():
            connection.pgconn.finish()

    async def _connect(self, until: float) -> AsyncConnection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(until):
                parameters = await loop.run_in_executor(self._thread, self._parameters)
                return await AsyncConnection.connect(
                    **{**parameters, "cursor_factory": AsyncClientCursor}
                )
        except TimeoutError:
            raise StoreUnavailable(
                f"There was no connection to the database in {self.patience:g} s."
            ) from None

    async def _closed_with_loop(self) -> AsyncGenerator[None]:
        """An event loop ends the generators it began before it closes: nobody need remember to."""
        try:
            yield
        finally:
            self._thread.shutdown(wait=False)
            await self.close_idle()


_of_threads: dict[str, ThreadPool] = {}
_of_loops: dict[asyncio.AbstractEventLoop, dict[str, LoopPool]] = {}


def pool_of_threads(alias: str) -> ThreadPool:
    return _of_threads.setdefault(alias, ThreadPool(alias))


async def pool_of_loop(alias: str) -> LoopPool:
    loop = asyncio.get_running_loop()
    if loop not in _of_loops:
        _forget_closed_loops()
    pools = _of_loops.setdefault(loop, {})
    if alias not in pools:
        pools[alias] = LoopPool(alias)
        await pools[alias].opened()
    return pools[alias]


def _forget_closed_loops() -> None:
    """Whoever runs a loop by hand may close it without ending its generators."""
    for loop in [loop for loop in list(_of_loops) if loop.is_closed()]:
        for pool in _of_loops.pop(loop, {}).values():
            pool.abandon()


def close_pools() -> None:
    """Of threads. That of an event loop closes with it."""
    for pool in _of_threads.values():
        pool.close_idle()


atexit.register(close_pools)
# A child must not talk on its parent's connections.
os.register_at_fork(after_in_child=_of_threads.clear)
