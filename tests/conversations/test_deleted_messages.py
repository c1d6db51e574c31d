"""Deleting keeps the counters true and never frees a position."""

import pytest
from django.db import connection

from conversations.models import Conversation, Message
from tests.conversations.test_positions import counters, insert, positions
from tests.factories import ConversationFactory, MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat(db: None) -> Conversation:
    conversation = ConversationFactory()
    for day in range(1, 6):
        MessageFactory(conversation=conversation, sent_at=f"2024-01-0{day}T00:00Z")
    return conversation


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        ([5], [1, 2, 3, 4]),
        ([3], [1, 2, 4, 5]),
        ([1], [2, 3, 4, 5]),
        ([4, 5], [1, 2, 3]),
        ([1, 2, 3, 4, 5], []),
    ],
)
def test_counters_after_a_delete(chat: Conversation, gone: list[int], left: list[int]) -> None:
    assert chat.messages.filter(position__in=gone).delete()[0] == len(gone)
    assert positions(chat) == left
    assert counters(chat) == (len(left), 5)
    assert MessageFactory(conversation=chat).position == 6
    assert counters(chat) == (len(left) + 1, 6)


def test_one_by_one(chat: Conversation) -> None:
    for message in chat.messages.order_by("-position"):
        message.delete()
        assert counters(chat)[1] == 5
    assert counters(chat) == (0, 5)


def test_several_chats_in_one_statement(chat: Conversation) -> None:
    other = ConversationFactory()
    MessageFactory.create_batch(2, conversation=other)
    Message.objects.filter(position=2).delete()
    assert (counters(chat), counters(other)) == ((4, 5), (1, 2))


def test_a_position_below_the_highest_deleted_one_may_be_the_last(chat: Conversation) -> None:
    chat.messages.filter(position__gte=4).delete()
    insert((chat, 4))
    assert positions(chat) == [1, 2, 3, 4]
    assert counters(chat) == (4, 5)


def test_editing_the_time_of_the_last_message(chat: Conversation) -> None:
    chat.messages.filter(position=5).update(sent_at="2024-02-01T00:00Z")
    assert counters(chat) == (5, 5)


def test_delete_and_insert_in_one_statement(chat: Conversation) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH gone AS (DELETE FROM messages WHERE bot_id = %(bot)s"
            "  AND conversation_id = %(chat)s AND position = 5 RETURNING *)"
            " INSERT INTO messages (id, bot_id, conversation_id, sender_type)"
            " SELECT gen_random_uuid(), bot_id, conversation_id, 'bot' FROM gone",
            {"bot": chat.bot_id, "chat": chat.id},
        )
    assert counters(chat) == (5, 6)


def test_a_deleted_chat_takes_its_messages_along(chat: Conversation) -> None:
    other = ConversationFactory(bot=chat.bot, profile=chat.profile)
    MessageFactory.create_batch(2, conversation=other)
    chat.delete()
    assert Message.objects.count() == 2
    assert counters(other) == (2, 2)


def test_a_chat_deleted_with_its_messages_in_one_transaction(chat: Conversation) -> None:
    chat.messages.all().delete()
    chat.delete()
    assert not Message.objects.exists()


def test_a_message_of_a_deleted_profile_stays(chat: Conversation) -> None:
    chat.profile.delete()
    assert counters(chat) == (5, 5)
