"""Positions are 1, 2, 3... in the order of arrival, however rows arrive, and never given twice."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from conversations.models import Conversation, Message
from tenants.models import Bot
from tests.factories import ConversationFactory, MessageFactory

pytestmark = pytest.mark.django_db

COLUMNS = "id, bot_id, conversation_id, position, sender_type, content"


@pytest.fixture
def chat(alice_bot: Bot) -> Conversation:
    return ConversationFactory(bot=alice_bot)


def run(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def insert(*rows: tuple[Conversation, int | None], then: str = "") -> None:
    values = ", ".join("(gen_random_uuid(), %s, %s, %s, 'user', %s)" for _ in rows)
    run(
        f"INSERT INTO messages ({COLUMNS}) VALUES {values} {then}",
        *(
            value
            for n, (chat, position) in enumerate(rows)
            for value in (chat.bot_id, chat.id, position, str(n))
        ),
    )


def positions(chat: Conversation) -> list[int]:
    return list(chat.messages.order_by("position").values_list("position", flat=True))


def counters(chat: Conversation) -> tuple[int, int]:
    chat.refresh_from_db()
    last = chat.messages.order_by("position").last()
    assert chat.last_message_at == (last.sent_at if last else None)
    return chat.message_count, chat.last_position


def test_one_at_a_time(chat: Conversation) -> None:
    assert [MessageFactory(conversation=chat).position for _ in range(8)] == list(range(1, 9))
    assert counters(chat) == (8, 8)


def test_many_at_once_in_their_order(chat: Conversation) -> None:
    insert(*[(chat, None)] * 20)
    contents = chat.messages.order_by("position").values_list("content", flat=True)
    assert list(contents) == [str(n) for n in range(20)]
    assert counters(chat) == (20, 20)


def test_interleaved_chats(alice_bot: Bot, bob_bot: Bot) -> None:
    chats = [ConversationFactory(bot=bot) for bot in (alice_bot, bob_bot, alice_bot)]
    insert(*[(chats[n % 3], None) for n in range(12)])
    insert(*[(chats[n % 3], None) for n in (2, 1, 1, 0, 2, 2)])
    assert [positions(chat) for chat in chats] == [
        list(range(1, 6)), list(range(1, 7)), list(range(1, 8))
    ]  # fmt: skip
    assert [counters(chat) for chat in chats] == [(5, 5), (6, 6), (7, 7)]


@pytest.mark.parametrize(
    ("given", "got"),
    [
        ([5, 6, 7], [5, 6, 7]),
        ([3, 1, 2], [1, 2, 3]),
        ([None, 10, None, 4, None], [1, 4, 10, 11, 12]),
        ([7, None], [7, 8]),
        ([None, None, 9], [1, 2, 9]),
    ],
)
def test_given_positions_are_kept_and_gaps_stay(
    chat: Conversation, given: list[int | None], got: list[int]
) -> None:
    insert(*[(chat, position) for position in given])
    assert positions(chat) == got
    assert counters(chat) == (len(got), max(got))
    assert MessageFactory(conversation=chat).position == max(got) + 1


def test_an_earlier_position_leaves_the_last_message(chat: Conversation) -> None:
    insert((chat, 10))
    insert((chat, 4))
    assert counters(chat) == (2, 10)


def test_sent_at_follows_the_position_not_the_clock(chat: Conversation) -> None:
    MessageFactory(conversation=chat, sent_at="2024-05-02T00:00Z")
    MessageFactory(conversation=chat, sent_at="2020-01-01T00:00Z")
    assert counters(chat) == (2, 2)
    assert chat.last_message_at.year == 2020


@pytest.mark.parametrize("given", [[None] * 5, [4, 5, 6], [None, 9, None]])
def test_copy(chat: Conversation, given: list[int | None]) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY messages ({COLUMNS}) FROM STDIN") as copy,
    ):
        for position in given:
            row = MessageFactory.build(conversation=chat)
            copy.write_row((row.id, row.bot_id, chat.id, position, "user", row.content))
    assert len(positions(chat)) == len(given)
    assert counters(chat) == (len(given), positions(chat)[-1])
    assert MessageFactory(conversation=chat).position == positions(chat)[-2] + 1


def test_rows_skipped_by_on_conflict_take_no_position(chat: Conversation) -> None:
    insert((chat, 1), (chat, 2))
    insert((chat, 2), (chat, None), (chat, 1), (chat, None), then="ON CONFLICT DO NOTHING")
    assert positions(chat) == [1, 2, 3, 4]
    assert counters(chat) == (4, 4)


def test_on_conflict_do_update_counts_new_rows_only(chat: Conversation) -> None:
    conflict = "ON CONFLICT (bot_id, conversation_id, position) DO UPDATE SET content = 'edited'"
    insert((chat, 1))
    insert((chat, 1), (chat, 2), then=conflict)
    assert counters(chat) == (2, 2)
    assert chat.messages.get(position=1).content == "edited"


def test_a_refused_statement_changes_nothing(chat: Conversation) -> None:
    insert((chat, None))
    with pytest.raises(IntegrityError), transaction.atomic():
        insert((chat, None), (chat, None), (chat, 1))
    assert counters(chat) == (1, 1)
    assert MessageFactory(conversation=chat).position == 2


def test_a_savepoint_gives_its_positions_back(chat: Conversation) -> None:
    MessageFactory(conversation=chat)
    savepoint = transaction.savepoint()
    MessageFactory.create_batch(3, conversation=chat)
    transaction.savepoint_rollback(savepoint)
    assert counters(chat) == (1, 1)
    assert MessageFactory(conversation=chat).position == 2


@pytest.mark.django_db(transaction=True)
def test_a_transaction_gives_its_positions_back() -> None:
    chat = ConversationFactory()
    with transaction.atomic():
        MessageFactory.create_batch(3, conversation=chat)
        transaction.set_rollback(True)
    assert counters(chat) == (0, 0)
    assert Message.objects.create(conversation=chat, sender_type="user").position == 1
