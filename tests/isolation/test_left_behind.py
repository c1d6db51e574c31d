"""What one context does to its connection, the next one on it does not find."""

import asyncio
import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connections, transaction

from conversations.models import Message
from metrics.models import BotMetric
from tenants.context import ContextError, bot_context, current_scope
from tenants.context import Entry as ContextEntry
from tests.isolation.test_savepoints_and_errors import assert_clean, bots_seen, context
from tests.isolation.world import DENIED, World, context_statements, log_in, refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("planes", "unchanged")]

PLANTED = {
    "search_path": "SET SESSION search_path = pg_catalog",
    "a timeout": "SET SESSION statement_timeout = 1",
    "read only": "SET SESSION default_transaction_read_only = on",
    "a cursor": "DECLARE planted CURSOR WITH HOLD FOR SELECT content FROM messages",
    "a channel": "LISTEN planted",
    "row security": "SET SESSION row_security = off",
}


def send(*statements: str) -> list[tuple[Any, ...]]:
    with connections["runtime"].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def for_the_session(world: World) -> str:
    return context_statements("bot", bot=world.alice.id).replace("SET LOCAL", "SET SESSION")


@pytest.mark.parametrize("ends", ["", "COMMIT", "COMMIT; BEGIN", "ROLLBACK"])
@pytest.mark.parametrize("fails", [False, True])
def test_a_context_for_the_session(world: World, ends: str, fails: bool) -> None:
    try:
        with context(world.alice):
            send(*([ends] if ends else []), for_the_session(world))
            assert bots_seen() == {world.alice.id}
            if fails:
                raise LookupError
    except LookupError:
        pass
    assert_clean()
    with context(world.bob):
        assert bots_seen() == {world.bob.id}
    assert_clean()


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED.keys())
def test_settings_and_objects_of_the_session(world: World, planted: str) -> None:
    with context(world.alice):
        send(planted)
    with context(world.bob):
        assert bots_seen() == {world.bob.id}
        assert send("SELECT name FROM pg_cursors WHERE name = 'planted'") == []
        assert send("SELECT pg_listening_channels()") == []
    assert_clean()


def test_the_connection_keeps_its_time_zone(world: World) -> None:
    with context(world.alice):
        send("SET SESSION TIME ZONE 'Asia/Tokyo'")
    assert send("SHOW TimeZone") == [("UTC",)]


def test_rows_that_were_begun_to_be_read(world: World) -> None:
    with transaction.atomic(using="runtime"):
        with context(world.alice):
            rows = Message.objects.using("runtime").iterator(chunk_size=1)
            assert next(rows).bot_id == world.alice.id
        with pytest.raises(DatabaseError, match="does not exist"), transaction.atomic("runtime"):
            next(rows)
        with context(world.bob):
            assert bots_seen() == {world.bob.id}


@pytest.fixture
def worker(world: World) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool
        pool.submit(connections.close_all).result()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_generator_that_ends_in_another_thread(world: World, worker: ThreadPoolExecutor) -> None:
    def export() -> Iterator[Any]:
        with context(world.alice):
            for message in Message.objects.using("runtime").iterator():
                yield message.bot_id

    rows = export()
    assert worker.submit(next, rows).result() == world.alice.id
    del rows
    gc.collect()
    worker.submit(assert_clean).result()

    def measure() -> None:
        with context(world.bob):
            BotMetric.objects.using("runtime").create(metric_name="kept", metric_value=1)

    worker.submit(measure).result()
    with context(world.bob):
        assert BotMetric.objects.using("runtime").filter(metric_name="kept").delete()[0] == 1
    worker.submit(assert_clean).result()


def test_one_context_for_two_threads(world: World, worker: ThreadPoolExecutor) -> None:
    shared = context(world.alice)

    def enter() -> None:
        with shared:
            pass

    with shared, pytest.raises(ContextError, match="make a context for each"):
        worker.submit(enter).result()
    assert_clean()
    worker.submit(enter).result()
    worker.submit(assert_clean).result()


def test_a_thread_that_is_started_inside_is_not_inside(world: World) -> None:
    def read() -> None:
        with bot_context(world.alice.id, using="runtime"):
            bots_seen()

    async def main() -> None:
        async with context(world.alice):
            try:
                await asyncio.to_thread(read)
            finally:
                await asyncio.to_thread(connections.close_all)

    with pytest.raises(ContextError, match="entered in another thread"):
        asyncio.run(main())


def test_what_an_outsider_can_do_with_the_connection(world: World) -> None:
    def copy() -> None:
        with connections["runtime"].cursor() as cursor:
            cursor.copy("COPY (SELECT bot_id FROM messages) TO STDOUT")

    def close() -> None:
        connections["runtime"].close()

    async def main() -> None:
        inside, done = asyncio.Event(), asyncio.Event()

        async def task() -> None:
            async with context(world.alice):
                inside.set()
                await done.wait()
                assert await sync_to_async(bots_seen)() == {world.alice.id}

        async def outsider() -> None:
            await inside.wait()
            for attempt in (copy, close):
                with pytest.raises(ContextError, match="outside the context"):
                    await sync_to_async(attempt)()
            done.set()

        await asyncio.gather(task(), outsider())
        await sync_to_async(assert_clean)()
        await sync_to_async(connections.close_all)()

    asyncio.run(main())


def test_cancelled_more_than_once_while_entering(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = ContextEntry.begin

    def slowly(entry: ContextEntry) -> None:
        begin(entry)
        time.sleep(0.3)

    monkeypatch.setattr(ContextEntry, "begin", slowly)

    async def enter() -> None:
        async with context(world.alice):
            raise AssertionError

    async def main() -> None:
        task = asyncio.create_task(enter())
        for _ in range(3):
            await asyncio.sleep(0.05)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with context(world.bob):
            assert await sync_to_async(bots_seen)() == {world.bob.id}
        assert current_scope() is None
        await sync_to_async(assert_clean)()
        await sync_to_async(connections.close_all)()

    asyncio.run(asyncio.wait_for(main(), 20))


def test_merge_that_names_no_column_reaches_no_row_of_others(world: World) -> None:
    """PostgreSQL asks such a MERGE for no SELECT policy: it counts rows, and that is all."""
    counting = (
        "EXPLAIN (ANALYZE) MERGE INTO profiles USING (VALUES (1)) v ON true"
        " WHEN MATCHED AND random() < 0 THEN UPDATE SET name = 'x'"
    )
    with log_in("botplatform_runtime") as session:
        session.execute(context_statements("bot", bot=world.alice.id))
        plan = "\n".join(line for (line,) in session.execute(counting))
        assert "secret" not in plan
        everything = counting.removeprefix("EXPLAIN (ANALYZE) ").replace("< 0", ">= 0")
        assert refusal(session, everything) == DENIED
        session.rollback()
