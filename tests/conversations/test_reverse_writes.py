"""Reverse relations write as Django's users expect, and never across bots."""

import pytest
from django.core import serializers
from django.db import IntegrityError, transaction

from conversations.models import Conversation, Message, Profile
from tests.factories import ConversationFactory, MessageFactory, ProfileFactory


def test_conversations_of_a_profile(alice_bot):
    profile, other = ProfileFactory(bot=alice_bot), ProfileFactory(bot=alice_bot)
    one, two = ConversationFactory.create_batch(2, bot=alice_bot, profile=other)
    profile.conversations.add(one)
    assert set(profile.conversations.all()) == {one}
    profile.conversations.set([two])
    assert set(profile.conversations.all()) == {two}
    one.refresh_from_db()
    assert (one.profile_id, one.bot_id) == (None, alice_bot.pk)
    profile.conversations.remove(two)
    assert not profile.conversations.exists()
    profile.conversations.add(one, two)
    profile.conversations.clear()
    assert Conversation.objects.filter(bot=alice_bot, profile_id=None).count() == 2


def test_update_takes_a_relation(alice_bot, bob_bot):
    hers, his = ProfileFactory(bot=alice_bot), ProfileFactory(bot=bob_bot)
    chat = ConversationFactory(bot=alice_bot, profile=None)
    assert Conversation.objects.filter(pk=chat.pk).update(profile=hers, title="x") == 1
    assert Conversation.objects.filter(pk=chat.pk).update(profile=his) == 0
    chat.refresh_from_db()
    assert chat.profile == hers


def test_another_bots_row_is_refused(alice_bot, bob_bot):
    profile = ProfileFactory(bot=alice_bot)
    with pytest.raises(ValueError, match="another bot"):
        profile.conversations.add(ConversationFactory(bot=bob_bot))


def test_a_message_cannot_be_moved(alice_bot):
    message = MessageFactory(conversation=ConversationFactory(bot=alice_bot))
    other = ConversationFactory(bot=alice_bot)
    with pytest.raises(IntegrityError, match="keeps its"), transaction.atomic():
        other.messages.add(message)


@pytest.mark.parametrize("model", [Profile, Conversation, Message])
def test_what_was_dumped_can_be_loaded(db, model):
    MessageFactory()
    before = list(model.objects.values())
    text = serializers.serialize("json", model.objects.all())
    loaded = [each.object for each in serializers.deserialize("json", text)]
    assert [row.pk for row in loaded] == [row["id"] for row in before]
    assert [row.bot_id for row in loaded] == [row["bot_id"] for row in before]
