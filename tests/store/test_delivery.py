"""However often, by how many and in what batches a message is delivered, it is there once."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import psycopg
import pytest

from botplatform.store import BotStore, NewMessage

pytestmark = pytest.mark.django_db


def update(n: int, chat_id: int = 1) -> NewMessage:
    return NewMessage(
        chat_id=chat_id, sender_type="user", content=f"message {n}", telegram_message_id=n
    )


def assert_in_order(store: BotStore, chat_id: int, count: int) -> None:
    chat = store.get_conversation(chat_id)
    messages = store.recent_messages(chat_id, limit=10_000)
    assert [message.position for message in messages] == list(range(1, count + 1))
    assert (chat.message_count, chat.last_position) == (count, count)
    assert chat.last_message_at == messages[-1].sent_at


def test_a_redelivered_update_gives_the_row_that_is_there(alice: BotStore) -> None:
    first, is_new = alice.record_message(1, sender_type="user", content="a", telegram_message_id=5)
    assert is_new
    again, is_new = alice.record_message(1, sender_type="user", content="b", telegram_message_id=5)
    assert (again, is_new) == (first, False)
    assert_in_order(alice, 1, 1)


def test_the_same_id_in_another_chat_is_another_message(alice: BotStore) -> None:
    for chat_id in (1, 2):
        assert alice.record_messages([update(5, chat_id)])[0][1]


def test_messages_without_an_id_are_all_new(alice: BotStore) -> None:
    for _ in range(2):
        assert alice.record_message(1, sender_type="bot", content="same")[1]
    assert_in_order(alice, 1, 2)


def test_fifty_tasks_deliver_the_same_update(alice: BotStore, run: Any) -> None:
    async def main() -> list[Any]:
        return await asyncio.gather(*(alice.arecord_messages([update(7)]) for _ in range(50)))

    delivered = [recorded for [recorded] in run(main())]
    assert len({message.id for message, _ in delivered}) == 1
    assert Counter(is_new for _, is_new in delivered) == {True: 1, False: 49}
    assert_in_order(alice, 1, 1)


def test_threads_deliver_the_same_updates(alice: BotStore) -> None:
    def deliver(n: int) -> int:
        return sum(is_new for _, is_new in alice.record_messages([update(n % 10)]))

    with ThreadPoolExecutor(20) as threads:
        assert sum(threads.map(deliver, range(200))) == 10
    assert_in_order(alice, 1, 10)


def test_a_batch_gives_each_message_in_the_order_given(alice: BotStore) -> None:
    alice.record_messages([update(3), update(1, chat_id=2)])
    batch = [update(4), update(3), update(1, 2), update(2, 2), update(4), update(5)]
    recorded = alice.record_messages(batch)
    assert [is_new for _, is_new in recorded] == [True, False, False, True, False, True]
    assert [(m.chat_id, m.telegram_message_id) for m, _ in recorded] == [
        (message.chat_id, message.telegram_message_id) for message in batch
    ]
    assert [m.position for m, _ in recorded] == [2, 1, 1, 2, 2, 3]
    assert recorded[0][0] == recorded[4][0]
    assert alice.record_messages([]) == []


def test_concurrent_batches_over_the_same_chats(alice: BotStore, run: Any) -> None:
    """In any order, overlapping, and with chats that are new: no deadlock, no gap."""
    rng = Random(1)
    updates = [update(n, chat_id) for n in range(20) for chat_id in (1, 2, 3)]
    batches = [rng.sample(updates, 15) for _ in range(40)] + [updates]

    async def main() -> int:
        results = await asyncio.gather(*(alice.arecord_messages(batch) for batch in batches))
        return sum(is_new for result in results for _, is_new in result)

    assert run(main()) == len(updates)
    for chat_id in (1, 2, 3):
        assert_in_order(alice, chat_id, 20)


def test_many_senders_in_tasks_and_threads(alice: BotStore, run: Any) -> None:
    async def send(sender: int) -> None:
        for n in range(10):
            await alice.arecord_message(1, sender_type="user", sender_id=sender, content=str(n))

    async def main() -> None:
        await asyncio.gather(*(send(sender) for sender in range(20)))

    with ThreadPoolExecutor(5) as threads:
        calls = [
            threads.submit(alice.record_message, 1, sender_type="bot", content=str(n))
            for n in range(50)
        ]
        run(main())
        assert all(call.result()[1] for call in calls)
    assert_in_order(alice, 1, 250)
    said = [m for m in alice.recent_messages(1, limit=300) if m.sender_id is not None]
    for sender in range(20):
        mine = [message.content for message in said if message.sender_id == sender]
        assert mine == [str(n) for n in range(10)], "each sender's own messages keep their order"


def test_a_batch_is_all_or_nothing(alice: BotStore, migrator: psycopg.Connection) -> None:
    bad = NewMessage(chat_id=3, sender_type="stranger")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"The sender is user, bot or system\."):
        alice.record_messages([update(1), update(2, chat_id=2), bad])
    count = "SELECT count(*) FROM conversations WHERE bot_id = %s"
    assert migrator.execute(count, [alice.bot_id]).fetchone() == (0,)


def test_profiles_and_chats_are_made_once(alice: BotStore, run: Any) -> None:
    async def main() -> None:
        people = await asyncio.gather(
            *(alice.aupsert_profile(9, name=f"name {n}") for n in range(20))
        )
        assert sum(is_new for _, is_new in people) == 1
        chats = await asyncio.gather(*(alice.aget_or_create_conversation(9) for _ in range(20)))
        assert sum(is_new for _, is_new in chats) == 1
        assert len({chat.id for chat, _ in chats}) == 1

    run(main())
