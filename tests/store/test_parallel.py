"""Calls of one event loop, or of many threads, run side by side; a cancelled one leaves nothing."""

import asyncio
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connections

from botplatform.planes import MIGRATOR
from botplatform.store import BotStore, StoreUnavailable
from tenants.store import pools
from tenants.store.pools import pool_of_loop, pool_of_threads
from tests.isolation.world import log_in

pytestmark = pytest.mark.django_db

STATE = """
    SELECT current_user, coalesce(current_setting('app.current_bot_id', true), ''),
        coalesce(current_setting('app.context_seal', true), ''), pg_current_xact_id_if_assigned()
"""
CLEAN = ("botplatform_runtime", "", "", None)


@contextmanager
def blocked(store: BotStore, chat_id: int = 1) -> Iterator[None]:
    """Somebody holds the chat, so that nothing is recorded in it meanwhile."""
    with log_in(MIGRATOR.login) as session:
        held = session.execute(
            "SELECT 1 FROM conversations WHERE bot_id = %s AND chat_id = %s FOR UPDATE",
            [store.bot_id, chat_id],
        )
        assert held.fetchone()
        yield
        session.rollback()


def waiting(migrator: psycopg.Connection) -> int:
    """How many sessions of this database wait for another one."""
    [(count,)] = migrator.execute(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN"
        " (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
    ).fetchall()
    return count


async def until_waiting(migrator: psycopg.Connection, count: int = 1) -> None:
    while waiting(migrator) != count:
        await asyncio.sleep(0.01)


def say(store: BotStore, content: str = "") -> Any:
    return store.record_message(1, sender_type="user", content=content)


def asay(store: BotStore, content: str = "") -> Any:
    return store.arecord_message(1, sender_type="user", content=content)


@pytest.fixture
def small_pool(aliases: None, settings: Any) -> Iterator[None]:
    settings.DATABASE_POOL = {"min_size": 1, "max_size": 2, "timeout": 0.5}
    known = pools._of_threads.pop("runtime", None)
    yield
    if small := pools._of_threads.pop("runtime", None):
        small.close_idle()
    if known:
        pools._of_threads["runtime"] = known


def test_ten_bots_with_ten_calls_each(new_bot: Callable[..., BotStore], run: Any) -> None:
    """While one bot's chat is held by somebody, all others go on."""
    stores = [new_bot(f"bot {n}") for n in range(10)]
    stuck, *others = stores
    say(stuck)

    async def main() -> None:
        with blocked(stuck):
            waits = [asyncio.create_task(asay(stuck)) for _ in range(10)]
            calls = (asay(store, str(n)) for n in range(10) for store in others)
            results = await asyncio.wait_for(asyncio.gather(*calls), 5)
            assert not any(task.done() for task in waits)
        assert len(results) == 90
        await asyncio.gather(*waits)

    run(main())
    assert stuck.get_conversation(1).message_count == 11
    for store in others:
        said = [message.content for message in store.recent_messages(1)]
        assert sorted(said) == [str(n) for n in range(10)]


def test_more_threads_than_connections(new_bot: Callable[..., BotStore]) -> None:
    stores = [new_bot(f"bot {n}") for n in range(5)]
    with ThreadPoolExecutor(40) as threads:
        list(threads.map(lambda n: say(stores[n % 5], str(n)), range(200)))
    assert [store.get_conversation(1).message_count for store in stores] == [40] * 5


def test_an_exhausted_pool_of_tasks(
    new_bot: Callable[..., BotStore], migrator: psycopg.Connection, run: Any, small_pool: None
) -> None:
    first, second, third = (new_bot(f"bot {n}") for n in range(3))
    say(first), say(second)

    async def main() -> None:
        with blocked(first), blocked(second):
            held = [asyncio.create_task(asay(store)) for store in (first, second)]
            await until_waiting(migrator, 2)
            for store, which in ((third, "All 2"), (first, "This bot's 1")):
                started = time.monotonic()
                with pytest.raises(StoreUnavailable, match=rf"{which} conn.*DATABASE_POOL_SIZE"):
                    await store.alist_inbox()
                assert 0.4 < time.monotonic() - started < 2
        await asyncio.gather(*held)
        assert len(await first.alist_inbox()) == 1

    run(main())


def test_an_exhausted_pool_of_threads(
    new_bot: Callable[..., BotStore], migrator: psycopg.Connection, small_pool: None
) -> None:
    first, second, third = (new_bot(f"bot {n}") for n in range(3))
    say(first), say(second)
    with ThreadPoolExecutor(2) as threads:
        with blocked(first), blocked(second):
            held = [threads.submit(say, store) for store in (first, second)]
            while waiting(migrator) != 2:
                time.sleep(0.01)
            for store, which in ((third, "All 2"), (first, "This bot's 1")):
                started = time.monotonic()
                with pytest.raises(StoreUnavailable, match=rf"{which} conn.*DATABASE_POOL_SIZE"):
                    store.list_inbox()
                assert 0.4 < time.monotonic() - started < 2
        assert all(call.result()[1] for call in held)
    assert len(first.list_inbox()) == 1


def test_a_task_cancelled_while_it_waits_for_a_lock(
    alice: BotStore, migrator: psycopg.Connection, run: Any
) -> None:
    say(alice)

    async def main() -> None:
        with blocked(alice):
            task = asyncio.create_task(asay(alice, "cancelled"))
            await until_waiting(migrator)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert waiting(migrator) == 0, "the server was told"
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asay(alice, "too late"), 0.2)
            assert waiting(migrator) == 0
        assert (await alice.aget_conversation(1)).message_count == 1

    run(main())


def test_tasks_cancelled_at_any_moment(
    alice: BotStore, bob: BotStore, migrator: psycopg.Connection, run: Any
) -> None:
    rng = random.Random(1)
    ends: list[Any] = []
    for store in (alice, bob):
        say(store)

    async def main() -> None:
        for n in range(80):
            tasks = [
                asyncio.create_task(asay(store, f"{n}"))
                for store in (alice, bob, alice, bob)
                for _ in range(3)
            ]
            finished = rng.randrange(len(tasks))
            await asyncio.sleep(rng.random() / 100)
            while sum(task.done() for task in tasks) < finished:
                await asyncio.sleep(0.001)
            for task in tasks:
                task.cancel()
            ends.extend(await asyncio.gather(*tasks, return_exceptions=True))
        pool = await pool_of_loop("runtime")
        assert pool._free._value == pool.size
        for connection in pool._idle:
            assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
            cursor = await connection.execute(STATE)
            assert await cursor.fetchone() == CLEAN
        assert await alice.arecent_messages(1, limit=5)

    run(main())
    cancelled = sum(isinstance(end, asyncio.CancelledError) for end in ends)
    assert 50 < cancelled < len(ends) - 50
    assert waiting(migrator) == 0
    for store in (alice, bob):
        count = store.get_conversation(1).message_count
        messages = store.recent_messages(1, limit=1000)
        assert len(messages) > 50
        assert [message.position for message in messages] == list(range(1, count + 1))


def connected(migrator: psycopg.Connection) -> int:
    """How many sessions of the runtime login there are."""
    [(found,)] = migrator.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND usename = 'botplatform_runtime'"
    ).fetchall()
    return found


def until_connected(migrator: psycopg.Connection, count: int) -> None:
    waited_until = time.monotonic() + 5
    while connected(migrator) != count and time.monotonic() < waited_until:
        time.sleep(0.05)
    assert connected(migrator) == count


def test_connections_are_closed_with_the_event_loop(
    alice: BotStore, migrator: psycopg.Connection, run: Any
) -> None:
    pool_of_threads("runtime").close_idle()
    connections["runtime"].close()

    async def main() -> None:
        await asyncio.gather(*(alice.alist_inbox() for _ in range(30)))
        assert 1 < connected(migrator) <= 8
        for _ in range(5):
            asyncio.create_task(alice.alist_inbox())  # noqa: RUF006
        await asyncio.sleep(0.001)

    run(main())
    until_connected(migrator, 0)


def test_event_loops_that_are_closed_by_hand(alice: BotStore, migrator: psycopg.Connection) -> None:
    """Their generators do not end: the next event loop closes what they left."""
    pool_of_threads("runtime").close_idle()
    connections["runtime"].close()
    for _ in range(10):
        loop = asyncio.new_event_loop()
        loop.run_until_complete(alice.alist_inbox())
        loop.close()
    until_connected(migrator, 1)
    asyncio.run(alice.alist_inbox())
    until_connected(migrator, 0)


def test_all_threads_of_the_event_loop_are_busy(alice: BotStore, run: Any) -> None:
    """Such as with the long polls of many bots."""
    done = threading.Event()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        busy = [loop.run_in_executor(None, done.wait, 10) for _ in range(64)]
        started = time.monotonic()
        assert await alice.alist_inbox() == []
        assert time.monotonic() - started < 5
        done.set()
        await asyncio.gather(*busy)

    run(main())


def test_a_server_that_takes_long_to_start(
    alice: BotStore, run: Any, small_pool: None, monkeypatch: Any
) -> None:
    started = threading.Event()

    async def main() -> None:
        monkeypatch.setattr(pools.Pool, "_parameters", lambda pool: started.wait(10))
        with pytest.raises(StoreUnavailable, match=r"no connection to the database in 0\.5 s"):
            await alice.alist_inbox()
        monkeypatch.undo()
        started.set()
        assert await alice.alist_inbox() == []

    run(main())


def test_nothing_of_a_context_stays_on_a_connection(alice: BotStore) -> None:
    say(alice)
    for bad in (None, "nobody"):
        with pytest.raises(ValueError, match=r"null value|sender"):
            alice.record_message(1, sender_type=bad)  # type: ignore[arg-type]
    pool = pool_of_threads("runtime")
    assert pool._free._value == pool.size
    with pool.connection(alice.bot_id, 1) as connection:
        assert connection.execute(STATE).fetchone() == CLEAN


def test_a_store_of_the_parent_in_a_forked_child(alice: BotStore) -> None:
    say(alice)
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.write(write, str(alice.get_conversation(1).message_count).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 10) == b"1"
    say(alice)
    assert alice.get_conversation(1).message_count == 2


def test_a_thread_that_waits_does_not_hold_the_others(alice: BotStore) -> None:
    say(alice)
    with ThreadPoolExecutor(1) as threads, blocked(alice):
        call = threads.submit(say, alice)
        alice.record_message(2, sender_type="user")
        assert not call.done()
    assert call.result()[1]
