"""The server or the network fails in the middle: nothing is lost, and nothing done twice."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection, connections

from botplatform.planes import MIGRATOR
from botplatform.store import BotStore, NewMessage, StoreUnavailable
from tenants.store import pools
from tests.isolation.pgbouncer import pgbouncer, program
from tests.isolation.world import log_in
from tests.store.lossy_network import LossyNetwork
from tests.store.test_parallel import blocked

pytestmark = pytest.mark.django_db

TERMINATE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE usename = 'botplatform_runtime' AND datname = current_database()
"""


@pytest.fixture
def route(aliases: None) -> Iterator[Callable[..., BotStore]]:
    """The same bot by another way to the server."""
    made: list[str] = []

    def route(store: BotStore, **settings: Any) -> BotStore:
        alias = f"route_{uuid4().hex}"
        made.append(alias)
        connections.databases[alias] = {**connections.databases["runtime"], **settings}
        return BotStore(store.bot_id, using=alias)

    yield route
    for alias in made:
        if pool := pools._of_threads.pop(alias, None):
            pool.close_idle()
        del connections.databases[alias]


@pytest.fixture
def network(workspace: Path) -> Iterator[LossyNetwork]:
    server = connection.settings_dict
    network = LossyNetwork(workspace, server["HOST"], server["PORT"])
    yield network
    network.close()


CHANGES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "a message without an id": (
        "INSERT INTO messages",
        lambda s: s.record_message(1, sender_type="user", content="once"),
    ),
    "a metric": ("INSERT INTO bot_metrics", lambda s: s.record_metric("once", 1)),
    "a profile": ("INSERT INTO profiles", lambda s: s.upsert_profile(9, name="once")),
    "a chat": ("INSERT INTO conversations", lambda s: s.get_or_create_conversation(9)),
    "an edit": ("UPDATE messages", lambda s: s.edit_message(1, 5, "edited")),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("form", ["sync", "async"])
def test_an_answer_that_is_lost(
    alice: BotStore,
    route: Any,
    network: LossyNetwork,
    workspace: Path,
    migrator: psycopg.Connection,
    run: Any,
    name: str,
    form: str,
) -> None:
    alice.record_message(1, sender_type="user", content="first", telegram_message_id=5)
    store = route(alice, HOST=str(workspace))
    sql, call = CHANGES[name]
    if form == "sync":
        store.list_inbox()
        network.lose(sql)
        result = call(store)
    else:

        class Async:
            def __getattr__(self, name: str) -> Any:
                return getattr(store, f"a{name}")

        async def main() -> Any:
            await store.alist_inbox()
            network.lose(sql)
            return await call(Async())

        result = run(main())
    assert network.lost == 1
    if isinstance(result, tuple):
        assert result[1] is True, "it is new, though the second attempt found it"
    counts = {
        table: migrator.execute(
            f"SELECT count(*) FROM {table} WHERE bot_id = %s", [alice.bot_id]
        ).fetchone()[0]
        for table in ("messages", "bot_metrics", "profiles", "conversations")
    }
    assert counts == {
        "messages": 2 if name == "a message without an id" else 1,
        "bot_metrics": int(name == "a metric"),
        "profiles": int(name == "a profile"),
        "conversations": 2 if name == "a chat" else 1,
    }
    if name == "an edit":
        assert [edit["content"] for edit in result.metadata["edits"]] == ["first"]


def test_a_caller_that_repeats_a_call(
    alice: BotStore, route: Any, network: LossyNetwork, workspace: Path, monkeypatch: Any
) -> None:
    """When the store has given up, only Telegram's id says that the message is there already."""
    alice.get_or_create_conversation(1)
    store = route(alice, HOST=str(workspace))
    monkeypatch.setattr(pools.settings, "DATABASE_POOL", {"max_size": 2, "timeout": 0})
    store.list_inbox()

    def say(telegram_message_id: int | None) -> bool:
        return store.record_message(1, sender_type="user", telegram_message_id=telegram_message_id)[
            1
        ]

    for telegram_message_id, is_new_again in {7: False, None: True}.items():
        network.lose("INSERT INTO messages")
        with pytest.raises(StoreUnavailable):
            say(telegram_message_id)
        assert say(telegram_message_id) is is_new_again
    assert alice.get_conversation(1).message_count == 3


def test_sessions_that_are_ended_in_the_middle(
    alice: BotStore, superuser: dict[str, Any], run: Any
) -> None:
    async def send(n: int) -> None:
        for m in range(20):
            _, is_new = await alice.arecord_message(1, sender_type="user", content=f"{n} {m}")
            assert is_new

    async def main() -> None:
        sending = asyncio.gather(*(send(n) for n in range(6)))
        ended = 0
        with psycopg.connect(**superuser, autocommit=True) as session:
            while not sending.done():
                await asyncio.sleep(0.15)
                ended += len(session.execute(TERMINATE).fetchall())
        await sending
        assert ended > 1

    run(main())
    messages = alice.recent_messages(1, limit=1000)
    assert sorted(message.content for message in messages) == sorted(
        f"{n} {m}" for n in range(6) for m in range(20)
    )
    assert [message.position for message in messages] == list(range(1, 121))
    with psycopg.connect(**superuser) as session:
        session.execute(TERMINATE)
    assert alice.get_conversation(1).message_count == 120


def test_a_deadlock_is_tried_again(alice: BotStore, run: Any) -> None:
    """The server ends the one that has waited longer, which is the store's."""
    for chat_id in (1, 2):
        alice.record_message(chat_id, sender_type="user", telegram_message_id=1)
    first, second = sorted((1, 2), key=lambda n: str(alice.get_conversation(n).id))
    lock = "SELECT 1 FROM conversations WHERE bot_id = %s AND chat_id = %s FOR UPDATE"

    async def main() -> None:
        with log_in(MIGRATOR.login) as session:
            session.execute(lock, [alice.bot_id, second])
            batch = [NewMessage(chat_id=n, sender_type="bot") for n in (first, second)]
            task = asyncio.create_task(alice.arecord_messages(batch))
            await asyncio.sleep(0.3)
            # Now the store's transaction holds the first and waits for the second.
            await asyncio.to_thread(session.execute, lock, [alice.bot_id, first])
            session.rollback()
            assert all(is_new for _, is_new in await task)

    run(main())
    assert [alice.get_conversation(n).message_count for n in (1, 2)] == [2, 2]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"HOST": "/nowhere"}, "No such file"),
        ({"USER": "botplatform_stranger"}, r"does not exist|authentication failed"),
        ({"NAME": "no_such_database"}, "does not exist"),
    ],
)
def test_a_server_that_is_not_there(
    alice: BotStore, route: Any, settings: Any, run: Any, reason: str, monkeypatch: Any
) -> None:
    store = route(alice, **settings)
    monkeypatch.setattr(pools.settings, "DATABASE_POOL", {"max_size": 2, "timeout": 1})
    started = time.monotonic()
    with pytest.raises(StoreUnavailable, match=reason):
        store.list_inbox()
    with pytest.raises(StoreUnavailable, match=reason):
        run(store.alist_inbox())
    assert time.monotonic() - started < 5


def test_a_lock_held_too_long(alice: BotStore, route: Any, run: Any) -> None:
    """The login's own lock_timeout is 5 s."""
    alice.record_message(1, sender_type="user")
    runtime = connections.databases["runtime"]
    options = {**runtime["OPTIONS"], "options": "-c lock_timeout=200"}
    store = route(alice, OPTIONS=options)
    with blocked(alice):
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            store.record_message(1, sender_type="bot")
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            run(store.arecord_message(1, sender_type="bot"))
        assert len(store.recent_messages(1)) == 1


def test_a_call_that_takes_too_long(alice: BotStore, route: Any) -> None:
    alice.record_message(1, sender_type="user")
    runtime = connections.databases["runtime"]
    options = {**runtime["OPTIONS"], "options": "-c statement_timeout=200"}
    store = route(alice, OPTIONS=options)
    with blocked(alice), pytest.raises(StoreUnavailable, match="statement timeout"):
        store.record_message(1, sender_type="bot")
    assert store.get_conversation(1).message_count == 1


@pytest.mark.skipif(not program(), reason="pgbouncer is not installed")
def test_behind_pgbouncer(
    alice: BotStore, bob: BotStore, route: Any, workspace: Path, run: Any
) -> None:
    """In transaction mode, with fewer connections than the pools have."""
    with pgbouncer(workspace) as address:
        place = {"HOST": address["host"], "PORT": str(address["port"])}
        stores = [route(alice, **place), route(bob, **place)]

        async def work(n: int) -> None:
            store = stores[n % 2]
            await store.arecord_message(1, sender_type="user", content=str(n % 2))
            found = await store.arecent_messages(1)
            assert {message.content for message in found} == {str(n % 2)}

        async def main() -> None:
            await asyncio.gather(*(work(n) for n in range(60)))

        run(main())
        for store in stores:
            assert store.get_conversation(1).message_count == 30
            assert len(store.recent_messages(1)) == 30
