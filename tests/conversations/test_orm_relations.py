"""The ORM's relations over (bot, id), in both directions."""

import contextlib

import pytest
from django.db import connection
from django.db.models import Count, Exists, Max, OuterRef, Subquery
from django.test.utils import CaptureQueriesContext

from conversations.models import Conversation, Message, Profile
from tenants.models import Bot
from tests.factories import ConversationFactory, MessageFactory, ProfileFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(alice_bot: Bot) -> Profile:
    return ProfileFactory(bot=alice_bot, name="Оля")


@pytest.fixture
def chat(person: Profile) -> Conversation:
    conversation = ConversationFactory(bot=person.bot, profile=person, title="чай")
    MessageFactory.create_batch(3, conversation=conversation)
    return conversation


@pytest.fixture
def bobs_chat(bob_bot: Bot) -> Conversation:
    return MessageFactory.create_batch(2, conversation__bot=bob_bot)[0].conversation


def test_a_conversation_gives_its_message_the_bot(chat: Conversation) -> None:
    message = Message(conversation=chat, sender_type="user")
    assert (message.bot_id, message.conversation_id) == (chat.bot_id, chat.id)
    message.save()
    assert message.position == 4


def test_reverse_relations(chat: Conversation, person: Profile, bobs_chat: Conversation) -> None:
    created = chat.messages.create(sender_type="bot", content="да")
    assert (created.bot_id, created.position) == (chat.bot_id, 4)
    assert chat.messages.count() == 4
    assert list(person.conversations.all()) == [chat]
    assert person.conversations.create(chat_id=77).bot_id == person.bot_id


def test_a_relation_may_be_set_to_none(chat: Conversation) -> None:
    chat.profile = None
    assert chat.bot_id is not None
    chat.save()
    chat.refresh_from_db()
    assert chat.profile is None


def test_a_conversation_made_without_profile(alice_bot: Bot) -> None:
    assert Conversation(bot=alice_bot, chat_id=1, profile=None).bot_id == alice_bot.id


def test_a_profile_is_linked_by_id(chat: Conversation) -> None:
    assert chat.profile.name == "Оля"
    chat.profile_id = ProfileFactory(bot=chat.bot, name="Юра").id
    assert chat.profile.name == "Юра"
    chat.profile_id = None
    assert chat.profile is None


def test_refreshing_forgets_the_old_relation(chat: Conversation) -> None:
    assert chat.profile.name == "Оля"
    Conversation.objects.filter(pk=chat.pk).update(profile_id=None)
    chat.refresh_from_db()
    assert chat.profile is None


def test_another_bots_row_never_moves_a_row(
    chat: Conversation, person: Profile, bobs_chat: Conversation
) -> None:
    stranger = ProfileFactory(bot=bobs_chat.bot)
    with contextlib.suppress(ValueError):
        chat.profile = stranger
    assert chat.bot_id == person.bot_id


def test_select_related(chat: Conversation) -> None:
    with CaptureQueriesContext(connection) as queries:
        message = Message.objects.select_related("conversation__profile", "bot").get(
            bot=chat.bot, conversation=chat, position=2
        )
        assert message.conversation.profile.name == "Оля"
        assert message.conversation.title == "чай"
        assert message.bot.name == "Alice's bot"
    assert len(queries) == 1


def test_select_related_keeps_conversations_without_profile(alice_bot: Bot) -> None:
    Conversation.objects.create(bot=alice_bot, chat_id=1)
    assert Conversation.objects.select_related("profile").get().profile is None


def test_prefetch_in_both_directions(chat: Conversation, bobs_chat: Conversation) -> None:
    with CaptureQueriesContext(connection) as queries:
        chats = {
            c.id: c for c in Conversation.objects.prefetch_related("messages", "profile").all()
        }
        assert [m.position for m in chats[chat.id].messages.all()] == [1, 2, 3]
        assert len(chats[bobs_chat.id].messages.all()) in (1, 2)
        assert chats[chat.id].profile.name == "Оля"
    assert len(queries) == 3
    with CaptureQueriesContext(connection) as queries:
        messages = Message.objects.filter(bot=chat.bot).prefetch_related("conversation")
        assert {m.conversation.title for m in messages} == {"чай"}
        people = Profile.objects.prefetch_related("conversations__messages").filter(bot=chat.bot)
        assert sum(len(c.messages.all()) for p in people for c in p.conversations.all()) == 3
    assert len(queries) == 5


def test_filters_through_relations(chat: Conversation, bobs_chat: Conversation) -> None:
    assert set(Message.objects.filter(conversation=chat)) == set(chat.messages.all())
    both = Message.objects.filter(conversation__in=[chat, bobs_chat])
    assert both.count() == chat.messages.count() + bobs_chat.messages.count()
    assert Message.objects.filter(conversation__profile__name="Оля").count() == 3
    assert Conversation.objects.filter(messages__position=3).get() == chat
    assert Conversation.objects.filter(profile__isnull=False, bot=chat.bot).get() == chat
    assert Profile.objects.exclude(conversations__isnull=True).filter(bot=chat.bot).exists()


def test_counting(chat: Conversation, bobs_chat: Conversation) -> None:
    counted = Conversation.objects.annotate(n=Count("messages")).get(pk=chat.pk, bot=chat.bot)
    assert (counted.n, counted.title) == (3, "чай")
    person = Profile.objects.annotate(n=Count("conversations__messages")).get(bot=chat.bot)
    assert person.n == 3
    by_bot = Message.objects.values("bot__name").annotate(n=Count("id")).order_by("bot__name")
    assert by_bot[0] == {"bot__name": "Alice's bot", "n": 3}
    top = Message.objects.filter(bot=chat.bot).aggregate(n=Count("*"), top=Max("position"))
    assert top == {"n": 3, "top": 3}
    chats = Bot.objects.annotate(n=Count("conversation", distinct=True))
    assert chats.get(name="Alice's bot").n == 1


def test_subqueries(chat: Conversation, bobs_chat: Conversation) -> None:
    mine = Message.objects.filter(bot=OuterRef("bot"), conversation_id=OuterRef("id"))
    last = Subquery(mine.order_by("-position").values("position")[:1])
    found = Conversation.objects.annotate(last=last, any=Exists(mine)).get(bot=chat.bot)
    assert (found.last, found.any) == (3, True)
    assert not Conversation.objects.filter(~Exists(mine), bot=chat.bot).exists()
    assert Message.objects.filter(
        bot=chat.bot, conversation_id__in=Conversation.objects.filter(title="чай").values("id")
    ).exists()
