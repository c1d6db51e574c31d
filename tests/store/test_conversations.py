"""What the calls do, beyond their examples."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from botplatform.store import BotStore, MessageNotFound, NewMessage
from tenants.models import Bot
from tenants.text import storable

pytestmark = pytest.mark.django_db

NOW = datetime(2025, 8, 10, 12, tzinfo=UTC)


def test_everything_of_a_message_comes_back(alice: BotStore) -> None:
    given = NewMessage(
        chat_id=-100123,
        sender_type="system",
        content="Привет 😀\n\\ % ' \" {}",
        telegram_message_id=5,
        sender_id=2**40,
        message_type="photo",
        metadata={"a": [1, None, {"b": "ж"}], "at": NOW.isoformat()},
        sent_at=NOW,
    )
    [(recorded, _)] = alice.record_messages([given])
    for name in NewMessage.__dataclass_fields__:
        assert getattr(recorded, name) == getattr(given, name)
    assert recorded.sent_at.tzinfo == UTC or recorded.sent_at.utcoffset() == timedelta(0)
    assert alice.recent_messages(-100123) == [recorded]
    assert alice.search("привет") == [recorded]


def test_recent_messages_page_by_page(alice: BotStore) -> None:
    alice.record_messages(
        [NewMessage(chat_id=1, sender_type="user", content=str(n)) for n in range(1, 26)]
    )
    seen: list[int] = []
    before = None
    while page := alice.recent_messages(1, limit=10, before=before):
        seen = [message.position for message in page] + seen
        before = page[0].position
    assert seen == list(range(1, 26))


def test_messages_between_are_those_of_that_time_in_the_order_of_the_chat(
    alice: BotStore,
) -> None:
    minutes = [0, 10, 5, 20, 30]
    alice.record_messages(
        [
            NewMessage(chat_id=1, sender_type="user", sent_at=NOW + timedelta(minutes=m))
            for m in minutes
        ]
    )

    def between(first: int, last: int, **more: Any) -> list[int]:
        found = alice.messages_between(
            1, NOW + timedelta(minutes=first), NOW + timedelta(minutes=last), **more
        )
        return [message.position for message in found]

    assert between(5, 30) == [2, 3, 4]
    assert between(0, 31) == [1, 2, 3, 4, 5]
    assert between(0, 31, limit=2) == [1, 2]
    assert between(0, 31, limit=2, after=2) == [3, 4]
    assert between(31, 40) == []


def test_edits_keep_every_earlier_text(alice: BotStore, migrator: psycopg.Connection) -> None:
    alice.record_message(
        1, sender_type="user", content="one", telegram_message_id=1, metadata={"k": 1}
    )
    for text in ("two", "two", "three"):
        edited = alice.edit_message(1, 1, text)
    assert edited.content == "three"
    assert edited.metadata["k"] == 1
    assert [edit["content"] for edit in edited.metadata["edits"]] == ["one", "two"]
    until = [datetime.fromisoformat(edit["until"]) for edit in edited.metadata["edits"]]
    assert until == sorted(until)
    assert alice.search("three") == [edited]
    assert alice.search("one") == []


def test_a_deleted_message_has_no_text_anywhere(
    alice: BotStore, migrator: psycopg.Connection
) -> None:
    alice.record_message(1, sender_type="user", content="secret\0", telegram_message_id=1)
    alice.edit_message(1, 1, "secret too")
    deleted = alice.delete_message(1, 1)
    assert deleted.content == ""
    assert set(deleted.metadata) == {"deleted_at"}
    assert alice.delete_message(1, 1) == deleted
    rows = migrator.execute("SELECT m::text FROM messages m WHERE bot_id = %s", [alice.bot_id])
    assert "secret" not in str(rows.fetchall())
    assert alice.edit_message(1, 1, "back?") == deleted
    assert alice.get_conversation(1).message_count == 1
    redelivered = alice.record_message(
        1, sender_type="user", content="secret", telegram_message_id=1
    )
    assert redelivered == (deleted, False)
    with pytest.raises(MessageNotFound):
        alice.delete_message(1, 2)


def test_pages_by_activity_with_equal_times_and_without_any(alice: BotStore) -> None:
    for n in range(7):
        alice.record_message(n, sender_type="user", sent_at=NOW - timedelta(days=n // 3))
    for n in range(10, 15):
        alice.get_or_create_conversation(n)
    everything = alice.list_inbox(limit=100)
    assert [chat.chat_id // 10 for chat in everything] == [0] * 7 + [1] * 5
    times = [chat.last_message_at for chat in everything[:7] if chat.last_message_at]
    assert times == sorted(times, reverse=True)
    for size in (1, 2, 5, 7, 12):
        found, after = [], None
        while page := alice.list_inbox(limit=size, after=after):
            found += page
            after = page[-1]
        assert found == everything


def test_people_by_activity(alice: BotStore, migrator: psycopg.Connection) -> None:
    for n in range(5):
        alice.upsert_profile(n)
    for n in (1, 3):
        alice.touch_profile(n)
    everything = alice.list_profiles()
    assert [person.telegram_id for person in everything[:2]] == [3, 1]
    found, after = [], None
    while page := alice.list_profiles(limit=2, after=after):
        found += page
        after = page[-1]
    assert found == everything


def test_an_upsert_changes_only_what_is_given(
    alice: BotStore, migrator: psycopg.Connection
) -> None:
    state = "SELECT xmin::text, updated_at FROM profiles WHERE bot_id = %s"
    alice.upsert_profile(1, name="Анна", age=30, interests=["a"], additional_data={"x": 1})
    changed, is_new = alice.upsert_profile(1, age=None, location="Рига")
    assert not is_new
    assert (changed.name, changed.age, changed.location) == ("Анна", None, "Рига")
    assert (changed.interests, changed.additional_data) == (["a"], {"x": 1})
    before = migrator.execute(state, [alice.bot_id]).fetchone()
    assert alice.upsert_profile(1, age=None, location="Рига", interests=["a"]) == (changed, False)
    assert alice.upsert_profile(1) == (changed, False)
    after = migrator.execute(state, [alice.bot_id]).fetchone()
    assert after[1] == before[1], "no write where nothing changes"
    merged = alice.merge_profile_data(1, {"y": {"z": 2}})
    assert merged.additional_data == {"x": 1, "y": {"z": 2}}
    assert alice.merge_profile_data(1, {"y": {}}).additional_data == {"x": 1, "y": {}}


def test_touching_is_written_once_a_minute(alice: BotStore, migrator: psycopg.Connection) -> None:
    alice.upsert_profile(1)
    alice.touch()
    first = alice.get_bot().last_active_at, alice.touch_profile(1).last_active_at
    alice.touch()
    assert (alice.get_bot().last_active_at, alice.touch_profile(1).last_active_at) == first
    for table, key in (("bots", "id"), ("profiles", "bot_id")):
        migrator.execute(
            f"UPDATE {table} SET last_active_at = now() - interval '61 s' WHERE {key} = %s",
            [alice.bot_id],
        )
    alice.touch()
    assert (alice.get_bot().last_active_at or NOW) > (first[0] or NOW)
    assert (alice.touch_profile(1).last_active_at or NOW) > (first[1] or NOW)


def test_a_link_once_made_is_not_written_again(alice: BotStore) -> None:
    person, _ = alice.upsert_profile(1)
    other, _ = alice.upsert_profile(2)
    alice.get_or_create_conversation(1)
    assert alice.link_profile(1, 1) == alice.link_profile(1, 1)
    assert alice.link_profile(1, 2).profile_id == other.id
    assert alice.link_profile(1, 1).profile_id == person.id


def test_the_own_bot(alice: BotStore) -> None:
    bot = alice.set_status(Bot.Status.MAINTENANCE)
    assert bot.status == alice.get_bot().status == "maintenance"
    alice.merge_config({"a": {"b": 1}, "c": 2})
    assert alice.merge_config({"a": {}}).config == {"a": {}, "c": 2}


BROKEN = "a\0b\ud83d"


def test_text_that_cannot_be_stored_is_repaired_and_noted(alice: BotStore) -> None:
    whole = storable(BROKEN)
    message, _ = alice.record_message(
        1, sender_type="user", content=BROKEN, telegram_message_id=1, metadata={"k\0": [BROKEN]}
    )
    assert message.content == whole
    assert message.metadata["k\ufffd"] == [whole]
    originals = {name: json.loads(text) for name, text in message.metadata["repaired"].items()}
    assert originals == {"content": BROKEN, "metadata": {"k\0": [BROKEN]}}
    assert alice.recent_messages(1) == [message]
    edited = alice.edit_message(1, 1, f"new {BROKEN}")
    assert edited.content == f"new {whole}"
    assert json.loads(edited.metadata["repaired"]["content"]) == f"new {BROKEN}"

    alice.upsert_profile(1, additional_data={"x": 1})
    person, _ = alice.upsert_profile(1, name=BROKEN)
    assert person.name == whole
    assert person.additional_data["x"] == 1
    assert json.loads(person.additional_data["repaired"]["name"]) == BROKEN
    assert alice.merge_profile_data(1, {"y": BROKEN}).additional_data["y"] == whole
    chat, _ = alice.get_or_create_conversation(2, title=BROKEN)
    assert chat.title == whole
    alice.record_metric(BROKEN, 1, {"tag": BROKEN})
    assert alice.search(BROKEN) == [edited]


@pytest.mark.parametrize("length", [4096, 1_000_000])
def test_long_messages(alice: BotStore, length: int) -> None:
    text = ("слово " * (length // 6 + 1))[:length]
    message, _ = alice.record_message(1, sender_type="user", content=text, telegram_message_id=1)
    assert message.content == text
    assert alice.recent_messages(1)[0].content == text
    assert alice.edit_message(1, 1, text[::-1]).metadata["edits"][0]["content"] == text


def test_the_note_of_a_repair_is_of_the_text_that_is_there(alice: BotStore) -> None:
    alice.record_message(
        1, sender_type="user", content="a\0", telegram_message_id=7, metadata={"x": "\0"}
    )
    broken = alice.edit_message(1, 7, "b\0").metadata["repaired"]
    assert (broken["content"], "metadata" in broken) == ('"b\\u0000"', True)
    assert list(alice.edit_message(1, 7, "whole").metadata["repaired"]) == ["metadata"]
    alice.record_message(1, sender_type="user", telegram_message_id=8, metadata={"repaired": "own"})
    assert alice.edit_message(1, 8, "whole").metadata["repaired"] == "own"
    assert alice.edit_message(1, 8, "c\0").metadata["repaired"] == {"content": '"c\\u0000"'}
