"""What is not there, and what the database does not take: a typed error, and nothing changed."""

import inspect
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from botplatform.store import (
    BotNotFound,
    BotStore,
    ConversationNotFound,
    InvalidValue,
    MessageNotFound,
    Metric,
    NewMessage,
    ProfileNotFound,
)
from tenants.calendar import END, FIRST
from tenants.ids import uuid7
from tests.isolation.world import rows_of_bot

pytestmark = pytest.mark.django_db

NOW = datetime(2025, 8, 10, tzinfo=UTC)
# In UTC not within what datetime has.
END_OF_TIME = datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))
BEGINNING_OF_TIME = datetime.min.replace(tzinfo=timezone(timedelta(hours=12)))


def circular() -> dict[str, Any]:
    config: dict[str, Any] = {}
    config["a"] = config
    return config


EXAMPLES: dict[str, Callable[[Any], Any]] = {
    "get_bot": lambda s: s.get_bot(),
    "get_token": lambda s: s.get_token(),
    "set_status": lambda s: s.set_status("active"),
    "merge_config": lambda s: s.merge_config({}),
    "touch": lambda s: s.touch(),
    "get_profile": lambda s: s.get_profile(1),
    "upsert_profile": lambda s: s.upsert_profile(1, name="x"),
    "merge_profile_data": lambda s: s.merge_profile_data(1, {}),
    "touch_profile": lambda s: s.touch_profile(1),
    "list_profiles": lambda s: s.list_profiles(),
    "get_conversation": lambda s: s.get_conversation(1),
    "get_or_create_conversation": lambda s: s.get_or_create_conversation(1),
    "link_profile": lambda s: s.link_profile(1, 1),
    "list_inbox": lambda s: s.list_inbox(),
    "record_message": lambda s: s.record_message(1, sender_type="user"),
    "record_messages": lambda s: s.record_messages([NewMessage(chat_id=1, sender_type="bot")]),
    "recent_messages": lambda s: s.recent_messages(1),
    "messages_between": lambda s: s.messages_between(1, NOW, NOW),
    "search": lambda s: s.search("x"),
    "edit_message": lambda s: s.edit_message(1, 1, "x"),
    "delete_message": lambda s: s.delete_message(1, 1),
    "record_metric": lambda s: s.record_metric("x", 1),
    "record_metrics": lambda s: s.record_metrics([Metric("x", 1)]),
}


def test_these_are_all_calls() -> None:
    calls = [name for name, _ in inspect.getmembers(BotStore, callable) if name[0] != "_"]
    assert {name.removeprefix("a") for name in calls} == set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_such_bot(aliases: None, run: Any, name: str) -> None:
    store = BotStore(uuid7(), using="runtime")
    with pytest.raises(BotNotFound):
        EXAMPLES[name](store)

    class Async:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, f"a{name}")

    with pytest.raises(BotNotFound):
        run(EXAMPLES[name](Async()))


def test_no_such_bot_where_nothing_is_asked(aliases: None) -> None:
    store = BotStore(uuid7(), using="runtime")
    for call, nothing in (
        (store.search, ""),
        (store.record_messages, []),
        (store.record_metrics, []),
    ):
        with pytest.raises(BotNotFound):
            call(nothing)


def test_as_many_as_a_call_takes(alice: BotStore) -> None:
    alice.record_messages([NewMessage(chat_id=1, sender_type="bot")] * 5_000)
    alice.record_metrics([Metric("x", 1)] * 5_000)
    assert alice.get_conversation(1).message_count == 5_000


def test_what_is_not_there(alice: BotStore) -> None:
    for error, calls in {
        ProfileNotFound: ("get_profile", "merge_profile_data", "touch_profile"),
        ConversationNotFound: (
            *("get_conversation", "recent_messages", "messages_between", "link_profile"),
        ),
        MessageNotFound: ("edit_message", "delete_message"),
    }.items():
        for name in calls:
            with pytest.raises(error, match=r"This bot has no|The chat 1 has no message"):
                EXAMPLES[name](alice)
    alice.get_or_create_conversation(1)
    with pytest.raises(ProfileNotFound):
        alice.link_profile(1, 1)
    assert alice.recent_messages(1) == alice.search("x") == []


REFUSED: dict[str, tuple[str, Callable[[BotStore], Any]]] = {
    "age": ("between 18 and 100", lambda s: s.upsert_profile(1, age=7)),
    "sender": (
        "The sender is user, bot or system",
        lambda s: s.record_message(1, sender_type="x"),  # type: ignore[arg-type]
    ),
    "type": (
        "A message has a type",
        lambda s: s.record_message(1, sender_type="bot", message_type=""),
    ),
    "no text": (
        "content must be str, not NoneType",
        lambda s: s.record_message(1, sender_type="bot", content=None),  # type: ignore[arg-type]
    ),
    "metadata": (
        "metadata",
        lambda s: s.record_message(1, sender_type="bot", metadata=[1]),  # type: ignore[arg-type]
    ),
    "no time zone": (
        "no time zone",
        lambda s: s.record_message(1, sender_type="bot", sent_at=datetime(2025, 1, 1)),
    ),
    "the end of time": (
        "years 2 to 9998",
        lambda s: s.record_message(1, sender_type="bot", sent_at=END_OF_TIME),
    ),
    "the beginning of time": (
        "years 2 to 9998",
        lambda s: s.record_messages(
            [NewMessage(chat_id=1, sender_type="bot", sent_at=BEGINNING_OF_TIME)]
        ),
    ),
    "a metric at the end of time": (
        "years 2 to 9998",
        lambda s: s.record_metric("x", 1, recorded_at=END_OF_TIME),
    ),
    "naive search": (
        "no time zone",
        lambda s: s.messages_between(1, datetime(2025, 1, 1), NOW),
    ),
    "chat id": ("out of range", lambda s: s.record_message(2**70, sender_type="bot")),
    "telegram id": ("out of range", lambda s: s.upsert_profile(2**70)),
    "NaN": (
        "cannot be stored as JSON",
        lambda s: s.upsert_profile(1, additional_data={"a": float("nan")}),
    ),
    "no JSON": (
        "set is no JSON type",
        lambda s: s.upsert_profile(1, interests=[{1, 2}]),
    ),
    "a list of interests": (
        "interests",
        lambda s: s.upsert_profile(1, interests={}),  # type: ignore[arg-type]
    ),
    "limit": ("must not be negative", lambda s: s.list_inbox(-1)),
    "a metric that is no number": (
        "bot_metrics|finite|number|violates",
        lambda s: s.record_metric("x", float("nan")),
    ),
    "a metric without a name": ("A metric needs a name", lambda s: s.record_metric("", 1)),
    "a name too long for an index": (
        "index row",
        lambda s: s.record_metric("".join(map(chr, range(0x4E00, 0x7E00))), 1),
    ),
    "half a chat id": (
        "chat_id must be int, not float",
        lambda s: s.get_or_create_conversation(1.5),
    ),
    "a chat id as text": ("chat_id must be int, not str", lambda s: s.recent_messages("77")),
    "yes as a chat id": ("chat_id must be int, not bool", lambda s: s.get_conversation(True)),
    "a list as text": (
        "content must be str, not list",
        lambda s: s.record_message(1, sender_type="user", content=[1]),
    ),
    "half a year": (r"age must be int \| None, not float", lambda s: s.upsert_profile(1, age=30.7)),
    "bytes": ("name must be str, not bytes", lambda s: s.upsert_profile(1, name=b"a")),
    "a date as text": (
        r"sent_at must be datetime.datetime \| None, not str",
        lambda s: s.record_message(1, sender_type="user", sent_at="2020-01-01"),
    ),
    "one of many": (
        "telegram_message_id must be int",
        lambda s: s.record_messages(
            [NewMessage(chat_id=1, sender_type="bot", telegram_message_id="1")]
        ),
    ),
    "not messages": ("must be NewMessage, not dict", lambda s: s.record_messages([{"chat_id": 1}])),
    "no query": ("text must be str, not NoneType", lambda s: s.search(None)),
    "no title": ("title must be str", lambda s: s.get_or_create_conversation(1, title=None)),
    "no limit": ("limit must be int, not NoneType", lambda s: s.list_inbox(limit=None)),
    "metadata that is repaired": (
        "metadata must be dict",
        lambda s: s.record_message(1, sender_type="user", content="\0", metadata=["\0"]),
    ),
    "data that is repaired": ("changes must be dict", lambda s: s.merge_profile_data(1, ["\0"])),
    "a config of objects": ("object is no JSON type", lambda s: s.merge_config({"a": object()})),
    "a config in itself": ("nested too deeply", lambda s: s.merge_config(circular())),
    "too large a metric": ("overflow", lambda s: s.record_metric("x", 10**200_000)),
    "not a bot's id": ("not a bot's id", lambda s: BotStore("x")),
    "too many messages": (
        "takes 5,000 at most, and these are 5,001",
        lambda s: s.record_messages([NewMessage(chat_id=1, sender_type="bot")] * 5_001),
    ),
    "too many metrics": (
        "takes 5,000 at most, and these are 5,001",
        lambda s: s.record_metrics([Metric("x", 1)] * 5_001),
    ),
    "fewer than none": ("must not be negative", lambda s: s.search("x", limit=-1)),
    "status": ("status", lambda s: s.set_status("asleep")),
    "too long": (
        r"This is 20,000,\d{3} characters, as it would be sent; a call takes 20,000,000 at most",
        lambda s: s.record_message(1, sender_type="user", content="x" * 20_000_000),
    ),
}


def test_the_first_and_the_last_day(alice: BotStore) -> None:
    first, last = FIRST, END - timedelta(microseconds=1)
    for moment in (first, last):
        alice.record_message(1, sender_type="bot", sent_at=moment)
    found = alice.messages_between(1, BEGINNING_OF_TIME, END_OF_TIME)
    assert [message.sent_at for message in found] == [first, last]
    assert alice.list_inbox()[0].last_message_at == last


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_database_does_not_take(alice: BotStore, name: str) -> None:
    text, call = REFUSED[name]
    before = rows_of_bot(alice.bot_id)
    with pytest.raises(InvalidValue, match=text) as refusal:
        call(alice)
    assert "Failing row" not in str(refusal.value)
    assert rows_of_bot(alice.bot_id) == before


def test_no_error_of_json_is_hidden_in_depth(alice: BotStore) -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InvalidValue, match="nested too deeply"):
        alice.upsert_profile(1, interests=deep)


def test_what_is_repaired_may_have_dates(alice: BotStore) -> None:
    """Where nothing is to be repaired it may as well."""
    metadata = {"d": NOW, "x": "\0"}
    message, _ = alice.record_message(1, sender_type="user", content="\0", metadata=metadata)
    assert message.metadata["d"] == NOW.isoformat()
    notes = message.metadata["repaired"]
    assert json.loads(notes["metadata"]) == {"d": NOW.isoformat(), "x": "\0"}
    assert json.loads(notes["content"]) == "\0"


def test_a_config_is_repaired(alice: BotStore) -> None:
    config = alice.merge_config({"a": "\0", "d": NOW}).config
    assert (config["a"], config["d"]) == ("\ufffd", NOW.isoformat())
    assert json.loads(config["repaired"]["changes"])["a"] == "\0"


def exact(value: Any) -> Decimal:
    return Decimal(value) if isinstance(value, int) else Decimal(str(value))


def test_numbers_of_a_metric_are_kept_exactly(alice: BotStore, migrator: Any) -> None:
    values = [Decimal("0.1234567890123456789"), 10**40, -1, 0.1, 10**5000]
    alice.record_metrics([Metric("exact", value) for value in values])
    rows = migrator.execute(
        "SELECT metric_value FROM bot_metrics WHERE bot_id = %s", [alice.bot_id]
    ).fetchall()
    assert sorted(value for (value,) in rows) == sorted(exact(value) for value in values)
