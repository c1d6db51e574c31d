"""What forms say instead of an error of the database."""

import json
import re
import uuid
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.forms import modelform_factory

from conversations.models import Conversation, Message, Profile
from tenants.models import Bot
from tests.factories import ConversationFactory, MessageFactory, ProfileFactory

pytestmark = pytest.mark.django_db

ProfileForm = modelform_factory(Profile, fields=["bot", "telegram_id", "interests", "age"])


def errors_of(row: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refused:
        row.full_clean()
    return refused.value.message_dict


def nested(value: Any, depth: int = 50) -> Any:
    return value if depth == 0 else {"in": [nested(value, depth - 1)]}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "Enter a JSON object"),
        ("text", "Enter a JSON object"),
        (0, "Enter a JSON object"),
        (False, "Enter a JSON object"),
        ({"a": "\x00"}, "NUL character"),
        ({"a\x00": 1}, "NUL character"),
        ({"a": "\ud800"}, "half of a surrogate pair"),
        ({"\udfff": 1}, "half of a surrogate pair"),
        ({"a": float("nan")}, "NaN or Infinity"),
        ({"a": [float("-inf")]}, "NaN or Infinity"),
        ({"a": ("\x00",)}, "NUL character"),
        (nested("\x00"), "NUL character"),
        ({"a": {1, 2}}, "valid JSON"),
    ],
)
def test_json_that_cannot_be_stored(alice_bot: Bot, value: Any, message: str) -> None:
    profile = ProfileFactory.build(bot=alice_bot, additional_data=value)
    [said] = errors_of(profile)["additional_data"]
    assert message in said


@pytest.mark.parametrize("value", [{}, "text", 5, [float("nan")], ["\ud83d"]])
def test_interests_are_an_array(alice_bot: Bot, value: Any) -> None:
    assert "interests" in errors_of(ProfileFactory.build(bot=alice_bot, interests=value))


@pytest.mark.parametrize("value", [{}, {"😀": ["é", None, 1.5, 10**30]}, nested("\u2028")])
def test_json_that_can_be_stored(alice_bot: Bot, value: Any) -> None:
    profile = ProfileFactory.build(bot=alice_bot, additional_data=value)
    profile.full_clean()
    profile.save()
    profile.refresh_from_db()
    assert profile.additional_data == value


def test_missing_json_is_the_empty_one(alice_bot: Bot) -> None:
    profile = ProfileFactory.build(bot=alice_bot, additional_data=None, interests=None)
    profile.full_clean()
    profile.save()
    assert (profile.additional_data, profile.interests) == ({}, [])


@pytest.mark.parametrize("text", ["{}", "null", '["\\u0000"]', '["\\ud800"]', "[NaN]", "[1"])
def test_a_form_refuses_interests(alice_bot: Bot, text: str) -> None:
    form = ProfileForm({"bot": alice_bot.pk, "telegram_id": 1, "interests": text})
    if text == "null":
        assert form.is_valid()
        assert form.save().interests == []
    else:
        assert list(form.errors) == ["interests"]


def test_a_form_saves_a_profile(alice_bot: Bot) -> None:
    form = ProfileForm({"bot": alice_bot.pk, "telegram_id": 1, "interests": '["чай"]'})
    form.save()
    assert Profile.objects.get(bot=alice_bot).interests == ["чай"]


@pytest.mark.parametrize("beyond", [2**63, -(2**63) - 1, 10**30])
@pytest.mark.parametrize(
    ("factory", "field"),
    [
        (ProfileFactory, "telegram_id"),
        (ConversationFactory, "chat_id"),
        (MessageFactory, "telegram_message_id"),
        (MessageFactory, "sender_id"),
    ],
)
def test_ids_beyond_64_bits(factory: Any, field: str, beyond: int) -> None:
    row = factory()
    setattr(row, field, beyond)
    assert re.search("less than or equal|greater than or equal", errors_of(row)[field][0])


@pytest.mark.parametrize("extreme", [2**63 - 1, -(2**63)])
def test_ids_of_64_bits(alice_bot: Bot, extreme: int) -> None:
    row = ProfileFactory.build(bot=alice_bot, telegram_id=extreme)
    row.full_clean()
    row.save()
    assert Profile.objects.filter(bot=alice_bot, telegram_id=extreme).exists()


@pytest.mark.parametrize("age", [17, 101, 40_000])
def test_an_age_out_of_range(alice_bot: Bot, age: int) -> None:
    assert "age" in errors_of(ProfileFactory.build(bot=alice_bot, age=age))


def test_a_message_without_conversation(alice_bot: Bot) -> None:
    message = Message(bot=alice_bot, sender_type="user")
    assert errors_of(message) == {"conversation_id": ["This field cannot be null."]}


@pytest.mark.parametrize("conversation_id", [uuid.uuid4(), "not a uuid"])
def test_a_message_of_no_conversation(alice_bot: Bot, conversation_id: Any) -> None:
    message = Message(bot=alice_bot, sender_type="user", conversation_id=conversation_id)
    assert list(errors_of(message)) == ["conversation_id"]


def test_a_message_in_another_bots_conversation(alice_bot: Bot, bob_bot: Bot) -> None:
    chat = ConversationFactory(bot=alice_bot)
    message = Message(bot=bob_bot, sender_type="user", conversation_id=chat.id)
    assert errors_of(message) == {"conversation_id": ["This bot has no conversation with this id."]}


def test_another_bots_profile(alice_bot: Bot, bob_bot: Bot) -> None:
    stranger = ProfileFactory(bot=bob_bot)
    chat = Conversation(bot=alice_bot, chat_id=1, profile_id=stranger.id)
    assert errors_of(chat) == {"profile_id": ["This bot has no profile with this id."]}


def test_a_row_without_a_bot() -> None:
    assert "bot" in errors_of(Conversation(chat_id=1))
    assert "bot" in errors_of(Message(sender_type="user", conversation_id=uuid.uuid4()))


def test_a_form_of_a_message(alice_bot: Bot) -> None:
    form_class = modelform_factory(
        Message, fields=["bot", "conversation_id", "sender_type", "content", "metadata"]
    )
    chat = ConversationFactory(bot=alice_bot)
    data = {"bot": alice_bot.pk, "conversation_id": chat.pk, "sender_type": "user"}
    assert form_class(data | {"metadata": json.dumps({"a": 1})}).save().position == 1
    assert list(form_class(data | {"conversation_id": ""}).errors) == ["conversation_id"]
