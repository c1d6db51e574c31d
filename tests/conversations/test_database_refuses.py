"""What the database itself refuses, whoever sends it: through the ORM and as raw SQL."""

from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, models
from django.db.models import Value

from conversations.models import Conversation, Message, Profile
from metrics.models import BotMetric
from tenants.models import Bot
from tests.factories import ConversationFactory, MessageFactory, ProfileFactory

pytestmark = pytest.mark.django_db


def run(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


@pytest.fixture
def chat(alice_bot: Bot) -> Conversation:
    return ConversationFactory(bot=alice_bot)


def test_a_message_in_another_bots_conversation(chat: Conversation, bob_bot: Bot) -> None:
    with pytest.raises(IntegrityError, match="conversation_fkey"):
        Message.objects.create(bot=bob_bot, conversation_id=chat.id, sender_type="user", position=1)


def test_a_message_without_position_in_another_bots_conversation(
    chat: Conversation, bob_bot: Bot
) -> None:
    with pytest.raises(IntegrityError, match="conversation_fkey"):
        Message.objects.create(bot=bob_bot, conversation_id=chat.id, sender_type="user")


def test_a_message_in_another_bots_conversation_by_sql(chat: Conversation, bob_bot: Bot) -> None:
    with pytest.raises(IntegrityError, match="conversation_fkey"):
        run(
            "INSERT INTO messages (id, bot_id, conversation_id, sender_type)"
            " VALUES (gen_random_uuid(), %s, %s, 'user')",
            bob_bot.id,
            chat.id,
        )


def test_another_bots_profile(alice_bot: Bot, bob_bot: Bot) -> None:
    profile = ProfileFactory(bot=bob_bot)
    with pytest.raises(IntegrityError, match="profile_fkey"):
        Conversation.objects.create(bot=alice_bot, chat_id=1, profile_id=profile.id)


def test_linking_another_bots_profile_later(chat: Conversation, bob_bot: Bot) -> None:
    stranger = ProfileFactory(bot=bob_bot)
    with pytest.raises(IntegrityError, match="profile_fkey"):
        run("UPDATE conversations SET profile_id = %s WHERE id = %s", stranger.id, chat.id)


@pytest.mark.parametrize("age", [17, 101, -1, 0])
def test_an_age_out_of_range(alice_bot: Bot, age: int) -> None:
    with pytest.raises(IntegrityError, match="profiles_age_range"):
        ProfileFactory(bot=alice_bot, age=age)


@pytest.mark.parametrize("age", [18, 100, None])
def test_an_age_in_range(alice_bot: Bot, age: int | None) -> None:
    assert ProfileFactory(bot=alice_bot, age=age).pk


def test_a_telegram_id_twice(alice_bot: Bot, bob_bot: Bot) -> None:
    ProfileFactory(bot=alice_bot, telegram_id=7)
    ProfileFactory(bot=bob_bot, telegram_id=7)
    with pytest.raises(IntegrityError, match="bot_id, telegram_id"):
        ProfileFactory(bot=alice_bot, telegram_id=7)


def test_a_chat_id_twice(alice_bot: Bot, bob_bot: Bot) -> None:
    ConversationFactory(bot=alice_bot, chat_id=7)
    ConversationFactory(bot=bob_bot, chat_id=7)
    with pytest.raises(IntegrityError, match="bot_id, chat_id"):
        ConversationFactory(bot=alice_bot, chat_id=7)


def test_a_position_twice(chat: Conversation) -> None:
    MessageFactory(conversation=chat)
    MessageFactory(conversation__bot=chat.bot, position=1)
    with pytest.raises(IntegrityError, match="conversation_id_position"):
        MessageFactory(conversation=chat, position=1)


@pytest.mark.parametrize("position", [0, -1])
def test_a_position_before_the_first(chat: Conversation, position: int) -> None:
    with pytest.raises(IntegrityError, match="messages_position_positive"):
        MessageFactory(conversation=chat, position=position)


def test_a_telegram_message_twice(chat: Conversation) -> None:
    MessageFactory(conversation=chat, telegram_message_id=5)
    MessageFactory(conversation__bot=chat.bot, telegram_message_id=5)
    MessageFactory.create_batch(2, conversation=chat, telegram_message_id=None)
    with pytest.raises(IntegrityError, match="telegram_message_id"):
        MessageFactory(conversation=chat, telegram_message_id=5)


def test_an_unknown_sender(chat: Conversation) -> None:
    with pytest.raises(IntegrityError, match="messages_sender_known"):
        MessageFactory(conversation=chat, sender_type="robot")


def test_a_message_without_type(chat: Conversation) -> None:
    with pytest.raises(IntegrityError, match="messages_type_present"):
        MessageFactory(conversation=chat, message_type="")


@pytest.mark.parametrize("counter", ["message_count", "last_position"])
def test_a_negative_counter(chat: Conversation, counter: str) -> None:
    with pytest.raises(IntegrityError, match="conversations_counters_positive"):
        run(f"UPDATE conversations SET {counter} = -1 WHERE id = %s", chat.id)


@pytest.mark.parametrize(
    ("table", "column", "wrong"),
    [
        ("bots", "config", "[]"),
        ("profiles", "interests", "{}"),
        ("profiles", "additional_data", "[]"),
        ("messages", "metadata", '"text"'),
        ("bot_metrics", "metric_tags", "null"),
    ],
)
def test_json_of_a_wrong_type(chat: Conversation, table: str, column: str, wrong: str) -> None:
    MessageFactory(conversation=chat)
    BotMetric.objects.create(bot=chat.bot, metric_name="load", metric_value=1)
    with pytest.raises(IntegrityError, match=f"{column}_check"):
        run(f"UPDATE {table} SET {column} = %s::jsonb", wrong)


def test_json_null_through_the_orm(alice_bot: Bot) -> None:
    with pytest.raises(IntegrityError, match="interests_check"):
        Profile.objects.create(
            bot=alice_bot, telegram_id=1, interests=Value(None, models.JSONField())
        )


def test_json_with_a_nul_character(alice_bot: Bot) -> None:
    with pytest.raises(DataError, match="Unicode escape"):
        Profile.objects.create(bot=alice_bot, telegram_id=1, interests=["\x00"])


@pytest.mark.parametrize("column", ["bot_id", "conversation_id", "position"])
def test_a_message_keeps_its_place(chat: Conversation, bob_bot: Bot, column: str) -> None:
    message = MessageFactory(conversation=chat)
    other = ConversationFactory(bot=chat.bot)
    value = {"bot_id": bob_bot.id, "conversation_id": other.id, "position": 9}[column]
    with pytest.raises(IntegrityError, match="keeps its bot, conversation and position"):
        run(f"UPDATE messages SET {column} = %s WHERE id = %s", value, message.id)


def test_the_rest_of_a_message_may_change(chat: Conversation) -> None:
    message = MessageFactory(conversation=chat)
    run("UPDATE messages SET content = 'edited', position = position WHERE id = %s", message.id)
    message.refresh_from_db()
    assert message.content == "edited"


@pytest.mark.parametrize("model", [Profile, Conversation, BotMetric])
def test_a_row_of_no_bot(model: type, db: None) -> None:
    bot = Bot(name="never saved")
    row = {
        Profile: {"telegram_id": 1},
        Conversation: {"chat_id": 1},
        BotMetric: {"metric_name": "load", "metric_value": 1},
    }[model]
    with pytest.raises(IntegrityError, match="bot_fkey"):
        model.objects.create(bot_id=bot.id, **row)
