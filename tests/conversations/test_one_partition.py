"""Each thing the ORM does for a row of a bot touches one partition of each table."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Count, Exists, OuterRef

from conversations.models import Conversation, Message, Profile
from metrics.models import BotMetric
from tenants.models import Bot
from tests.factories import ConversationFactory, MessageFactory, ProfileFactory
from tests.plans import explain, narrow, one_partition, partitions_used, plans

pytestmark = pytest.mark.django_db

DEEDS: dict[str, Callable[[Message], Any]] = {}


def deed(function: Callable[[Message], Any]) -> Callable[[Message], Any]:
    DEEDS[function.__name__] = function
    return function


@pytest.fixture
def message(alice_bot: Bot) -> Message:
    profile = ProfileFactory(bot=alice_bot)
    chat = ConversationFactory(bot=alice_bot, profile=profile)
    return Message.objects.get(bot=alice_bot, pk=MessageFactory(conversation=chat).pk)


@deed
def save(message: Message) -> None:
    message.save()


@deed
def save_some_fields(message: Message) -> None:
    message.save(update_fields=["content"])


@deed
def delete(message: Message) -> None:
    message.delete()


@deed
def delete_a_conversation(message: Message) -> None:
    message.conversation.delete()


@deed
def refresh(message: Message) -> None:
    message.refresh_from_db()


@deed
def get_or_create(message: Message) -> None:
    Conversation.objects.get_or_create(bot=message.bot, chat_id=message.conversation.chat_id)


@deed
def update_or_create(message: Message) -> None:
    person = message.conversation.profile
    Profile.objects.update_or_create(
        bot=message.bot, telegram_id=person.telegram_id, defaults={"name": "new"}
    )


@deed
def update_or_create_through_a_relation(message: Message) -> None:
    message.conversation.messages.update_or_create(position=1, defaults={"content": "new"})


@deed
def bulk_update(message: Message) -> None:
    assert Message.objects.bulk_update([message], ["content"]) == 1


@deed
def queryset_update(message: Message) -> None:
    assert Message.objects.filter(bot=message.bot).update(content="") == 1


@deed
def queryset_delete(message: Message) -> None:
    assert Message.objects.filter(bot=message.bot, position__lte=1).delete()[0] == 1


@deed
def filter_by_bot(message: Message) -> None:
    assert list(Message.objects.filter(bot=message.bot)) == [message]


@deed
def select_related(message: Message) -> None:
    list(Message.objects.filter(bot=message.bot).select_related("conversation__profile", "bot"))


@deed
def forward_relations(message: Message) -> None:
    assert message.conversation.profile.name


@deed
def reverse_relations(message: Message) -> None:
    assert message.conversation.messages.exists()
    assert message.conversation.profile.conversations.count() == 1


@deed
def prefetch_messages(message: Message) -> None:
    list(Conversation.objects.filter(bot=message.bot).prefetch_related("messages"))


@deed
def prefetch_conversations(message: Message) -> None:
    list(Message.objects.filter(bot=message.bot).prefetch_related("conversation__profile", "bot"))


@deed
def prefetch_for_one_instance(message: Message) -> None:
    list(Profile.objects.filter(bot=message.bot).prefetch_related("conversations__messages"))


@deed
def latest_page(message: Message) -> None:
    list(message.conversation.messages.filter(position__lt=9).order_by("-position")[:50])


@deed
def filter_through_relations(message: Message) -> None:
    list(Message.objects.filter(bot=message.bot, conversation__profile__name="Оля"))


@deed
def annotate(message: Message) -> None:
    list(Conversation.objects.filter(bot=message.bot).annotate(n=Count("messages")))


@deed
def exists_subquery(message: Message) -> None:
    mine = Message.objects.filter(bot=message.bot, conversation_id=OuterRef("pk"))
    list(Conversation.objects.filter(Exists(mine), bot=message.bot))


@deed
def in_bulk(message: Message) -> None:
    assert Message.objects.filter(bot=message.bot).in_bulk([message.pk])


@deed
def validate_a_changed_row(message: Message) -> None:
    message.full_clean()
    message.conversation.full_clean()


@deed
def validate_a_new_row(message: Message) -> None:
    Message(conversation=message.conversation, sender_type="user").full_clean()


@deed
def deferred_field(message: Message) -> None:
    assert Message.objects.filter(bot=message.bot).defer("content").get().content


@pytest.mark.parametrize("name", DEEDS)
def test_it_touches_one_partition(message: Message, name: str) -> None:
    with plans() as found:
        DEEDS[name](message)
    assert found.statements
    touching_many = [
        statement for statement, root in zip(found.statements, found.roots, strict=True)
        if not narrow(root)
    ]  # fmt: skip
    assert touching_many == []
    assert one_partition(found)


def test_the_measure_sees_ten_partitions(message: Message) -> None:
    with plans() as found:
        list(Message.objects.filter(pk=message.pk))
    assert len(found.partitions["messages"]) == 10
    assert not one_partition(found)


def test_partitions_removed_at_the_start_of_execution_do_not_count(message: Message) -> None:
    root = explain(
        "SELECT * FROM messages WHERE bot_id ="
        f" (SELECT id FROM bots WHERE id = '{message.bot_id}' LIMIT 1)"
    )
    assert not narrow(root), "a subquery's value is known only while it runs"
    generic = explain(f"SELECT * FROM messages WHERE bot_id = concat('{message.bot_id}')::uuid")
    assert narrow(generic)
    assert generic.get("Subplans Removed", 9) == 9


def test_triggers_and_keys_stay_in_the_partition_too(alice_bot: Bot) -> None:
    """However often: PostgreSQL may choose a generic plan from the sixth time on."""
    before = partitions_used()
    person = ProfileFactory(bot=alice_bot)
    chats = [ConversationFactory(bot=alice_bot, profile=person) for _ in range(12)]
    for chat in chats:
        messages = [MessageFactory(conversation=chat, telegram_message_id=n) for n in range(12)]
        messages[0].delete()
        Message.objects.bulk_create(Message(conversation=chat, sender_type="bot") for _ in "123")
        BotMetric.objects.create(bot=alice_bot, metric_name="load", metric_value=1)
    for chat in chats[1:]:
        chat.delete()
    person.delete()
    names = set(partitions_used() - before)
    assert {name.rpartition("_p")[0] for name in names} == {
        "profiles", "conversations", "messages", "bot_metrics"
    }  # fmt: skip
    assert len({name.rpartition("_p")[2] for name in names}) == 1
