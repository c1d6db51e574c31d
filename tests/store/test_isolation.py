"""A store for Alice cannot be made to touch, or to show, anything of Bob's by any argument."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from botplatform.store import BotStore, InvalidValue, Metric, NewMessage, StoreError
from tests.isolation.world import rows_of_bot

pytestmark = pytest.mark.django_db

SINCE, UNTIL = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def bobs(bob: BotStore) -> Iterator[BotStore]:
    """Has what Alice will ask for; fails where anything of it was changed."""
    bob.upsert_profile(1, name="bob-secret", additional_data={"bob-secret": 1})
    bob.touch_profile(1)
    bob.record_message(1, sender_type="user", content="bob-secret", telegram_message_id=1)
    bob.link_profile(1, 1)
    bob.record_metric("bob-secret", 1)
    before = rows_of_bot(bob.bot_id)
    yield bob
    assert rows_of_bot(bob.bot_id) == before


def poisons(bob: BotStore) -> list[str]:
    bot = bob.bot_id
    claim = f"SET LOCAL app.current_bot_id = '{bot}'"
    return [
        str(bot),
        f"'; {claim}; UPDATE messages SET content = 'x' WHERE bot_id = '{bot}'; --",
        f"\\'; {claim}; DELETE FROM messages; --",
        f"$$; COMMIT; BEGIN; {claim}; SET LOCAL ROLE bot; DELETE FROM profiles; --",
        f"%(bot)s %s {{}} %% '{bot}'",
        f"' OR bot_id = '{bot}' OR '' = '",
        '"; DROP TABLE messages; --',
        "E'\\047; RESET ROLE; --",
    ]


def calls(store: BotStore, text: str) -> Iterator[Callable[[], Any]]:
    """Every call that takes a text or JSON, with this one wherever it takes it."""
    anything: Any = text
    yield lambda: store.upsert_profile(2, name=text, location=text, chat_style=text)
    yield lambda: store.upsert_profile(2, interests=[text], additional_data={text: text})
    yield lambda: store.upsert_profile(2, **{text: text})  # type: ignore[misc]
    yield lambda: store.merge_profile_data(2, {text: text})
    yield lambda: store.get_or_create_conversation(2, title=text)
    yield lambda: store.record_message(
        2, sender_type="user", content=text, message_type=text, metadata={text: [text]}
    )
    yield lambda: store.record_message(2, sender_type=anything)
    yield lambda: store.record_messages(
        [NewMessage(chat_id=anything, sender_type="user", content=text)]
    )
    yield lambda: store.record_message(
        2, sender_type="bot", telegram_message_id=anything, sender_id=anything
    )
    yield lambda: store.record_message(2, sender_type="bot", telegram_message_id=3)
    yield lambda: store.edit_message(2, 3, text)
    yield lambda: store.search(text)
    yield lambda: store.search(text, newest_first=True)
    yield lambda: store.record_metric(text, 1, {text: text})
    yield lambda: store.record_metrics([Metric("x", anything)])
    yield lambda: store.merge_config({text: text})
    yield lambda: store.set_status(text)
    for call in (store.get_profile, store.touch_profile, store.get_conversation):
        yield lambda call=call: call(anything)  # type: ignore[misc]
    yield lambda: store.recent_messages(anything, anything, anything)
    yield lambda: store.messages_between(anything, SINCE, UNTIL, anything, anything)
    yield lambda: store.delete_message(anything, anything)
    yield lambda: store.link_profile(anything, anything)
    yield lambda: store.list_profiles(anything)
    yield lambda: store.list_inbox(anything)


def test_no_text_is_ever_sql(alice: BotStore, bobs: BotStore) -> None:
    done = 0
    for text in poisons(bobs):
        for call in calls(alice, text):
            try:
                said = repr(call())
            except (StoreError, TypeError) as refusal:
                said = str(refusal)
            else:
                done += 1
            assert "bob-secret" not in said
    assert done > 50, "most of them are stored as the texts they are"
    stored = {message.content for message in alice.recent_messages(2, limit=1000)}
    assert stored == set(poisons(bobs))


def test_bobs_keys_lead_nowhere(alice: BotStore, bobs: BotStore) -> None:
    """Telegram's ids are the same for both bots: a person may talk to both."""
    for call in (
        lambda: alice.get_profile(1),
        lambda: alice.merge_profile_data(1, {"a": 1}),
        lambda: alice.touch_profile(1),
        lambda: alice.get_conversation(1),
        lambda: alice.recent_messages(1),
        lambda: alice.messages_between(1, SINCE, UNTIL),
        lambda: alice.link_profile(1, 1),
        lambda: alice.edit_message(1, 1, "x"),
        lambda: alice.delete_message(1, 1),
    ):
        with pytest.raises(StoreError, match=r"This bot has no|The chat 1 has no"):
            call()
    assert alice.search("secret") == alice.list_inbox() == alice.list_profiles() == []
    _, is_new = alice.upsert_profile(1, name="alice")
    message, message_is_new = alice.record_message(1, sender_type="user", telegram_message_id=1)
    assert is_new
    assert message_is_new
    assert message.position == 1
    with pytest.raises(StoreError):
        alice.link_profile(1, 2)


def test_bobs_rows_as_the_end_of_a_page(alice: BotStore, bobs: BotStore) -> None:
    [chat], [person] = bobs.list_inbox(), bobs.list_profiles()
    alice.record_message(5, sender_type="user", sent_at=SINCE)
    alice.upsert_profile(5)
    assert [found.chat_id for found in alice.list_inbox(after=chat)] == [5]
    assert [found.telegram_id for found in alice.list_profiles(after=person)] == [5]
    assert alice.list_inbox(after=replace(chat, last_message_at=SINCE.replace(year=1999))) == []


def test_the_token_is_the_bots_own(alice: BotStore, bobs: BotStore) -> None:
    mine, his = alice.get_token(), bobs.get_token()
    assert mine
    assert his
    assert mine.reveal() != his.reveal()
    assert "AAAA" not in f"{mine!r}{mine}".replace("…AAAA", "")


@pytest.mark.parametrize("bot_id", ["", "x", None, 7, "'; RESET ROLE; --", b"1" * 16])
def test_a_bot_is_named_by_its_id(bot_id: Any) -> None:
    with pytest.raises(InvalidValue, match="ids are UUIDs"):
        BotStore(bot_id)


def test_the_bot_of_a_store_stays(alice: BotStore, bobs: BotStore) -> None:
    with pytest.raises(AttributeError):
        alice.bot_id = bobs.bot_id  # type: ignore[misc]
    with pytest.raises(TypeError):
        alice.upsert_profile(1, bot=bobs.bot_id)  # type: ignore[call-arg]


def test_stores_of_both_in_turn_on_the_same_connections(
    alice: BotStore, bobs: BotStore, run: Any
) -> None:
    alice.record_message(1, sender_type="user", content="alice-secret")

    async def main() -> None:
        stores = list(itertools.islice(itertools.cycle([alice, bobs]), 60))
        read = await asyncio.gather(*(store.arecent_messages(1) for store in stores))
        for store, [message] in zip(stores, read, strict=True):
            assert message.content == ("alice-secret" if store is alice else "bob-secret")

    run(main())
    for store, content in ((alice, "alice-secret"), (bobs, "bob-secret")) * 5:
        assert store.recent_messages(1)[0].content == content
