"""The ORM's writes on partitioned tables."""

import uuid

import pytest
from asgiref.sync import async_to_sync
from django.db import DatabaseError, IntegrityError, models, transaction

from conversations.models import Conversation, Message, Profile
from metrics.models import BotMetric
from tenants.models import Bot
from tests.factories import ConversationFactory, MessageFactory, ProfileFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat(alice_bot: Bot) -> Conversation:
    return ConversationFactory(bot=alice_bot)


def unsaved(chat: Conversation, *positions: int | None) -> list[Message]:
    return [Message(conversation=chat, sender_type="user", position=n) for n in positions]


def test_bulk_create_reads_positions_back(chat: Conversation) -> None:
    made = Message.objects.bulk_create(unsaved(chat, None, None, None))
    assert [message.position for message in made] == [1, 2, 3]
    made = Message.objects.bulk_create(unsaved(chat, 10, 11))
    assert [message.position for message in made] == [10, 11]
    assert MessageFactory(conversation=chat).position == 12


def test_bulk_create_in_batches(chat: Conversation) -> None:
    made = Message.objects.bulk_create(unsaved(chat, *[None] * 25), batch_size=10)
    assert [message.position for message in made] == list(range(1, 26))


def test_bulk_create_ignoring_conflicts(chat: Conversation) -> None:
    MessageFactory(conversation=chat, telegram_message_id=1)
    Message.objects.bulk_create(
        [
            Message(conversation=chat, sender_type="user", telegram_message_id=n)
            for n in (1, 2, 1, 3)
        ],
        ignore_conflicts=True,
    )
    chat.refresh_from_db()
    assert (chat.message_count, chat.last_position) == (3, 3)
    assert list(chat.messages.values_list("position", flat=True).order_by("position")) == [1, 2, 3]


def test_bulk_update_over_two_bots(alice_bot: Bot, bob_bot: Bot) -> None:
    people = [ProfileFactory(bot=bot) for bot in (alice_bot, bob_bot, alice_bot)]
    for person in people:
        person.location = "Омск"
    assert Profile.objects.bulk_update(people, ["location"]) == 3
    assert Profile.objects.filter(location="Омск").count() == 3
    assert Profile.objects.bulk_update([], ["location"]) == 0
    with pytest.raises(ValueError, match="Field names"):
        Profile.objects.bulk_update(people, [])


@pytest.mark.django_db(transaction=True)
def test_bulk_update_is_all_or_nothing(alice_bot: Bot, bob_bot: Bot) -> None:
    people = [ProfileFactory(bot=alice_bot), ProfileFactory(bot=bob_bot)]
    people[0].age, people[1].age = 50, 17
    Profile.objects.filter(pk=people[0].pk).update(age=20)
    with pytest.raises(IntegrityError):
        Profile.objects.bulk_update(people, ["age"])
    assert Profile.objects.get(pk=people[0].pk).age == 20


def test_get_or_create_and_update_or_create(alice_bot: Bot, bob_bot: Bot) -> None:
    values = {"telegram_id": 5, "defaults": {"name": "Оля"}}
    person, created = Profile.objects.get_or_create(bot=alice_bot, **values)
    assert created
    assert Profile.objects.get_or_create(bot=alice_bot, **values) == (person, False)
    assert Profile.objects.get_or_create(bot=bob_bot, **values)[1]
    changed, created = Profile.objects.update_or_create(
        bot=alice_bot, telegram_id=5, defaults={"name": "Ольга"}
    )
    assert (changed.pk, changed.name, created) == (person.pk, "Ольга", False)
    assert Profile.objects.get(bot=bob_bot).name == "Оля"


def test_save_and_refresh(alice_bot: Bot) -> None:
    person = ProfileFactory(bot=alice_bot, name="before")
    Profile.objects.filter(pk=person.pk).update(location="Омск")
    person.name = "after"
    person.save(update_fields=["name"])
    person.refresh_from_db()
    assert (person.name, person.location) == ("after", "Омск")
    person.refresh_from_db(fields=["name"])
    person.refresh_from_db(from_queryset=Profile.objects.only("name"))
    with pytest.raises(Profile.DoesNotExist):
        person.refresh_from_db(from_queryset=Profile.objects.filter(name="other"))


@pytest.mark.parametrize("options", [{}, {"update_fields": ["bot"]}, {"force_update": True}])
def test_save_never_changes_the_bot(alice_bot: Bot, bob_bot: Bot, options: dict) -> None:
    person = ProfileFactory(bot=alice_bot)
    person.bot = bob_bot
    try:
        with transaction.atomic():
            person.save(**options)
    except (DatabaseError, ValueError):
        pass
    assert [p.bot for p in Profile.objects.filter(pk=person.pk)] == [alice_bot]


def test_save_of_a_row_that_is_gone(alice_bot: Bot) -> None:
    person = ProfileFactory(bot=alice_bot)
    Profile.objects.filter(pk=person.pk).delete()
    with pytest.raises(DatabaseError, match="did not affect any rows"):
        person.save(update_fields=["name"])


def test_delete(alice_bot: Bot, bob_bot: Bot) -> None:
    chat = MessageFactory(conversation__bot=alice_bot).conversation
    kept = MessageFactory(conversation__bot=bob_bot)
    person = chat.profile
    assert person.delete() == (1, {"conversations.Profile": 1})
    chat.refresh_from_db()
    assert chat.profile_id is None
    assert chat.delete()[0] == 1
    assert chat.pk is None
    assert list(Message.objects.all()) == [kept]
    assert Message.objects.filter(bot=bob_bot).delete()[0] == 1
    assert not Message.objects.exists()


def test_in_bulk_exists_and_values(alice_bot: Bot) -> None:
    people = ProfileFactory.create_batch(3, bot=alice_bot)
    found = Profile.objects.filter(bot=alice_bot).in_bulk([p.pk for p in people])
    assert set(found) == {p.pk for p in people}
    assert not Profile.objects.filter(pk=uuid.uuid4()).exists()
    assert Profile.objects.filter(bot=alice_bot).values("bot").annotate(
        oldest=models.Max("age"), n=models.Count("pk")
    ).get() == {"bot": alice_bot.pk, "oldest": max(p.age for p in people), "n": 3}


def test_deferred_fields(alice_bot: Bot) -> None:
    person = ProfileFactory(bot=alice_bot, personality="calm")
    assert Profile.objects.only("name").get(pk=person.pk).personality == "calm"
    assert Profile.objects.defer("bot").get(pk=person.pk).personality == "calm"
    chosen = Profile.objects.only("name").get(pk=person.pk)
    chosen.name = "new"
    chosen.save()
    person.refresh_from_db()
    assert (person.name, person.personality) == ("new", "calm")


@pytest.mark.django_db(transaction=True)
def test_async() -> None:
    async def talk() -> tuple[int, int]:
        bot = await Bot.objects.acreate(name="Async")
        chat, _ = await Conversation.objects.aget_or_create(bot=bot, chat_id=1)
        await Message.objects.acreate(conversation=chat, sender_type="user")
        await Message.objects.abulk_create(unsaved(chat, None, None))
        metric = BotMetric(bot=bot, metric_name="load", metric_value=1)
        await metric.asave()
        await metric.adelete()
        await chat.arefresh_from_db()
        last = await Message.objects.aget(conversation=chat, position=3)
        return last.position, chat.message_count

    assert async_to_sync(talk)() == (3, 3)
