"""How often each call goes to the server, with how many statements, and what these look at."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryFile
from typing import Any

import pytest
from django.db import connection

from botplatform.store import BotStore, Metric, NewMessage
from tenants.context import bot_context
from tenants.models import Bot
from tenants.session import STATE
from tenants.store.pools import pool_of_threads
from tests.conversations.test_indexes_are_used import busy_bot as busy_bot
from tests.plans import narrow, one_partition, plans

pytestmark = pytest.mark.django_db

NOW, YEARS = datetime.now(UTC), timedelta(days=999)
# BEGIN, the time zone, the context's state and COMMIT, around what the call itself asks.
AROUND = 3 + len(STATE)


def new_messages(count: int) -> list[NewMessage]:
    return [
        NewMessage(chat_id=1 + n % 3, sender_type="user", telegram_message_id=1000 + n)
        for n in range(count)
    ]


# Call -> (round trips, statements of its own), with a chat and a profile that are there.
CALLS: dict[str, tuple[int, int, Callable[[BotStore], Any]]] = {
    "profile": (1, 1, lambda s: s.get_profile(1)),
    "upsert": (1, 2, lambda s: s.upsert_profile(1, name="new", age=33)),
    "merge": (1, 2, lambda s: s.merge_profile_data(1, {"a": 1})),
    "touch profile": (1, 2, lambda s: s.touch_profile(1)),
    "people": (1, 1, lambda s: s.list_profiles(limit=1)),
    "chat": (1, 1, lambda s: s.get_conversation(1)),
    "get or create": (1, 1, lambda s: s.get_or_create_conversation(1)),
    "inbox": (1, 1, lambda s: s.list_inbox(limit=1)),
    "link": (1, 2, lambda s: s.link_profile(1, 1)),
    "record": (1, 1, lambda s: s.record_message(1, sender_type="user", telegram_message_id=77)),
    "record again": (
        1,
        1,
        lambda s: s.record_message(1, sender_type="user", telegram_message_id=1),
    ),
    "record 5": (1, 1, lambda s: s.record_messages(new_messages(5))),
    "record 50": (1, 1, lambda s: s.record_messages(new_messages(50))),
    "record, new chat": (2, 3, lambda s: s.record_message(99, sender_type="user")),
    "latest": (1, 1, lambda s: s.recent_messages(1)),
    "between": (1, 1, lambda s: s.messages_between(1, NOW - YEARS, NOW + YEARS)),
    "search": (1, 1, lambda s: s.search("слово5")),
    "edit": (1, 2, lambda s: s.edit_message(1, 1, "edited")),
    "delete": (1, 2, lambda s: s.delete_message(1, 1)),
    "metric": (1, 1, lambda s: s.record_metric("x", 1)),
    "metrics": (1, 1, lambda s: s.record_metrics([Metric("x", n) for n in range(50)])),
    "bot": (1, 1, lambda s: s.get_bot()),
    "token": (1, 1, lambda s: s.get_token()),
    "touch": (1, 2, lambda s: s.touch()),
}


def counted(work: Callable[[], Any]) -> tuple[int, int]:
    """Answers of the server, and statements it carried out."""
    [connection] = pool_of_threads("runtime")._idle
    wire: Any = connection.pgconn
    with TemporaryFile("w+") as trace:
        wire.trace(trace.fileno())
        try:
            work()
        finally:
            wire.untrace()
        trace.seek(0)
        said = trace.read()
    return said.count("ReadyForQuery"), said.count("CommandComplete")


@pytest.mark.parametrize("name", CALLS)
def test_round_trips_and_statements(alice: BotStore, name: str) -> None:
    for n in (1, 2, 3):
        alice.record_message(n, sender_type="user", content="слово5", telegram_message_id=1)
    alice.upsert_profile(1)
    alice.touch_profile(1)
    pool_of_threads("runtime").close_idle()
    alice.get_bot()
    round_trips, statements, call = CALLS[name]
    expected = round_trips, statements + AROUND * round_trips
    assert counted(lambda: call(alice)) == expected


POSITIONS = "messages_p._bot_id_conversation_id_position_key"
TELEGRAM_IDS = "messages_telegram_id_unique|messages_p._bot_id_conversation_id_telegram_message_id_"
CHAT_IDS = "conversations_p._bot_id_chat_id_key"
PEOPLE = "profiles_p._bot_id_telegram_id_key"
# Call -> indexes that its plans must use.
INDEXES = {
    "profile": [PEOPLE],
    "upsert": [PEOPLE],
    "merge": [PEOPLE],
    "touch profile": [PEOPLE],
    "people": ["profiles_p._bot_id_last_active_at_id_idx"],
    "chat": [CHAT_IDS],
    "get or create": [CHAT_IDS],
    "inbox": ["conversations_p._bot_id_last_message_at_id_idx"],
    "link": [CHAT_IDS, PEOPLE],
    "record": [CHAT_IDS, TELEGRAM_IDS],
    "record again": [CHAT_IDS, TELEGRAM_IDS],
    "record 5": [CHAT_IDS, TELEGRAM_IDS],
    "record, new chat": [CHAT_IDS],
    "latest": [CHAT_IDS, POSITIONS],
    "between": [CHAT_IDS, POSITIONS],
    "search": ["messages_p._pkey"],
    "edit": [CHAT_IDS, TELEGRAM_IDS],
    "delete": [CHAT_IDS, TELEGRAM_IDS],
}


def test_one_partition_and_the_index_made_for_it(busy_bot: Bot) -> None:
    """Inside a context, so that what is explained is what the role `bot` gets."""
    store = BotStore(busy_bot.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE conversations SET last_message_at = now() - chat_id * interval '1 s'"
        )
        cursor.execute("ANALYZE conversations")
    for name, indexes in INDEXES.items():
        with bot_context(busy_bot.pk), plans() as found:
            CALLS[name][2](store)
        assert found.statements, name
        assert all(narrow(root) for root in found.roots), name
        assert one_partition(found), name
        for index in indexes:
            assert any(re.match(index, used) for used in found.indexes), (name, found.indexes)
        assert [node for node in found.nodes() if node["Node Type"] == "Seq Scan"] == [], name
