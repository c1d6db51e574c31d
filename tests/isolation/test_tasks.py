"""Tasks share one connection, and each sees its own bot or an error."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import SynchronousOnlyOperation
from django.db import DatabaseError, connections

from botplatform.planes import MIGRATOR
from conversations.models import Message, Profile
from metrics.models import BotMetric
from tenants.context import ContextError, bot_context, current_scope
from tests.isolation.world import World, log_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("planes", "unchanged")]


@pytest.fixture
def run() -> Callable[[Any], Any]:
    """Runs a coroutine and closes the connection its tasks used."""

    def run(coroutine: Any) -> Any:
        async def main() -> Any:
            try:
                return await asyncio.wait_for(coroutine, 30)
            finally:
                await sync_to_async(connections.close_all)()

        return asyncio.run(main())

    return run


def messages() -> Any:
    return Message.objects.using("runtime")


async def bots_seen() -> set:
    return {bot async for bot in messages().values_list("bot_id", flat=True)}


async def state() -> tuple:
    def read() -> tuple:
        connection = connections["runtime"]
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, current_setting('app.current_bot_id', true)")
            return (*cursor.fetchone(), connection.in_atomic_block)

    return await sync_to_async(read)()


async def assert_clean() -> None:
    assert current_scope() is None
    user, bot, inside = await state()
    assert (user, bot or "", inside) == ("botplatform_runtime", "", False)


def test_twenty_tasks_with_two_bots(world: World, run: Any) -> None:
    async def work(n: int) -> None:
        tenant = (world.alice, world.bob)[n % 2]
        for _ in range(3):
            async with bot_context(tenant.id, using="runtime"):
                assert await bots_seen() == {tenant.id}
                await asyncio.sleep(random.random() / 500)
                assert await messages().acount() == 3
                async with bot_context(str(tenant.id), using="runtime"):
                    assert await bots_seen() == {tenant.id}
            await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(*(work(n) for n in range(20)))
        await assert_clean()

    run(main())


def test_a_task_that_forgets_the_context(world: World, run: Any) -> None:
    async def main() -> None:
        entered, finished = asyncio.Event(), asyncio.Event()

        async def inside() -> None:
            async with bot_context(world.alice.id, using="runtime"):
                entered.set()
                await finished.wait()
                assert await bots_seen() == {world.alice.id}

        with pytest.raises(DatabaseError, match="permission denied"):
            await bots_seen()
        task = asyncio.create_task(inside())
        await entered.wait()
        for forgotten in (
            bots_seen(),
            messages().acount(),
            messages().afirst(),
            sync_to_async(lambda: connections["runtime"].cursor().execute("SELECT 1"))(),
        ):
            with pytest.raises(ContextError, match="outside the context"):
                await forgotten
        with pytest.raises(ContextError, match="Another task"):
            await sync_to_async(bot_context(world.bob.id, using="runtime").__enter__)()
        finished.set()
        await task
        await assert_clean()

    run(main())


def test_a_task_that_forgets_does_not_undo_what_the_other_one_did(world: World, run: Any) -> None:
    async def main() -> None:
        entered, finished = asyncio.Event(), asyncio.Event()

        async def inside() -> None:
            async with bot_context(world.alice.id, using="runtime"):
                await BotMetric.objects.using("runtime").acreate(metric_name="kept", metric_value=1)
                entered.set()
                await finished.wait()

        task = asyncio.create_task(inside())
        await entered.wait()
        with pytest.raises(ContextError):
            await Profile.objects.using("runtime").acreate(bot_id=world.alice.id, telegram_id=7)
        finished.set()
        await task

    run(main())
    with log_in(MIGRATOR.login) as migrator:
        kept = migrator.execute("DELETE FROM bot_metrics WHERE metric_name = 'kept'").rowcount
    assert kept == 1


def test_cancelled_tasks_leave_nothing(world: World, run: Any) -> None:
    async def hold(tenant: Any, entered: asyncio.Event | None = None) -> None:
        async with bot_context(tenant.id, using="runtime"):
            if entered:
                entered.set()
            await bots_seen()
            await asyncio.sleep(60)

    async def main() -> None:
        for n in range(30):
            entered = asyncio.Event()
            tasks = [
                asyncio.create_task(hold(tenant, entered if n % 3 else None))
                for tenant in (world.alice, world.bob, world.alice)
            ]
            if n % 3:
                await entered.wait()
            else:
                await asyncio.sleep(random.random() / 100)
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(result, asyncio.CancelledError) for result in results)
            await assert_clean()
            async with bot_context(world.bob.id, using="runtime"):
                assert await bots_seen() == {world.bob.id}
        await assert_clean()

    run(main())


def test_an_error_and_another_bot_inside_a_task(world: World, run: Any) -> None:
    async def main() -> None:
        with pytest.raises(LookupError):
            async with bot_context(world.alice.id, using="runtime"):
                raise LookupError
        await assert_clean()
        async with bot_context(world.alice.id, using="runtime"):
            with pytest.raises(ContextError, match="leave that first"):
                async with bot_context(world.bob.id, using="runtime"):
                    pass
            assert await bots_seen() == {world.alice.id}
        await assert_clean()

    run(main())


def test_a_sync_context_in_a_task_is_refused_by_django(world: World, run: Any) -> None:
    """The event loop's thread must not wait for the database."""

    async def main() -> None:
        with (
            pytest.raises(SynchronousOnlyOperation),
            bot_context(world.alice.id, using="runtime"),
        ):
            pass
        await assert_clean()
        with pytest.raises(DatabaseError):
            await bots_seen()

    run(main())


def test_a_sync_context_inside_sync_code_of_a_task(world: World, run: Any) -> None:
    def work(tenant: Any) -> set:
        with bot_context(tenant.id, using="runtime"):
            return set(messages().values_list("bot_id", flat=True))

    async def main() -> None:
        seen = await asyncio.gather(
            *(sync_to_async(work)(tenant) for tenant in (world.alice, world.bob) * 5)
        )
        assert seen == [{world.alice.id}, {world.bob.id}] * 5
        await assert_clean()

    run(main())


def test_a_task_started_inside_and_living_longer(world: World, run: Any) -> None:
    async def main() -> None:
        left = asyncio.Event()

        async def child() -> set:
            await left.wait()
            async with bot_context(world.bob.id, using="runtime"):
                return await bots_seen()

        async with bot_context(world.alice.id, using="runtime"):
            task = asyncio.create_task(child())
            await asyncio.sleep(0)
        left.set()
        assert await task == {world.bob.id}

    run(main())


def test_a_task_started_inside_sees_no_row_after_the_context(world: World, run: Any) -> None:
    async def main() -> None:
        left = asyncio.Event()

        async def child() -> set:
            await left.wait()
            return await bots_seen()

        for after in (None, world.alice, world.bob):
            left.clear()
            async with bot_context(world.alice.id, using="runtime"):
                task = asyncio.create_task(child())
                await asyncio.sleep(0)
            if after is None:
                left.set()
                with pytest.raises(DatabaseError, match="permission denied"):
                    await task
            else:
                async with bot_context(after.id, using="runtime"):
                    left.set()
                    with pytest.raises(ContextError, match="outside the context"):
                        await task

    run(main())
