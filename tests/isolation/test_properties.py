"""For random data and filters: what a bot reads is the unrestricted result, filtered by the bot."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Length, Lower, RowNumber

from conversations.models import Conversation, Message, Profile
from metrics.models import BotMetric
from tenants.context import bot_context
from tenants.models import Bot
from tests.factories import BotFactory, ConversationFactory, MessageFactory, ProfileFactory
from tests.isolation.world import acting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("planes")]

WORDS = ("чай", "кофе", "Tea", "coffee", "", "'; --", "%", "Ёлка")
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def fleet(world: Any, django_db_blocker: Any) -> Iterator[list[Bot]]:
    """Bots whose rows have the same values, so that only the bot tells them apart."""
    chance = random.Random(20)
    with django_db_blocker.unblock():
        bots = [BotFactory() for _ in range(4)]
        for bot in bots:
            profiles = [
                ProfileFactory(
                    bot=bot,
                    telegram_id=n,
                    name=chance.choice(WORDS),
                    age=chance.choice([None, 18, 30, 99]),
                    additional_data={"k": chance.randint(0, 3)},
                )
                for n in range(6)
            ]
            for n in range(5):
                chat = ConversationFactory(
                    bot=bot,
                    chat_id=n,
                    profile=chance.choice([None, *profiles]),
                    title=chance.choice(WORDS),
                )
                MessageFactory.create_batch(chance.randint(0, 4), conversation=chat,
                                            content=chance.choice(WORDS),
                                            sent_at=BEGINNING + timedelta(days=n))  # fmt: skip
            BotMetric.objects.bulk_create(
                BotMetric(bot=bot, metric_name=chance.choice("abc"), metric_value=n)
                for n in range(5)
            )
        yield bots


def conditions(chance: random.Random) -> dict[type, list[Q]]:
    word, n = chance.choice(WORDS), chance.randint(0, 5)
    return {
        Profile: [
            *(Q(name=word), Q(name__icontains=word), Q(age__isnull=True), Q(age__gte=n * 10)),
            *(Q(telegram_id__lte=n), Q(additional_data__k=n), Q(interests__contains=["travel"])),
            *(Q(conversations__isnull=False), Q(conversations__title=word)),
            *(Q(conversations__messages__content=word), Q(pk__isnull=False)),
        ],
        Conversation: [
            *(Q(chat_id__gt=n), Q(title=word), Q(profile__isnull=True), Q(profile__age__gte=30)),
            *(Q(message_count__gte=n), Q(messages__position=n), Q(profile__name__contains=word)),
            *(Q(last_message_at__isnull=True), Q(messages__content__startswith=word)),
        ],
        Message: [
            *(Q(content=word), Q(position__gt=n), Q(conversation__title=word)),
            *(Q(conversation__profile__age=30), Q(sent_at__gte=BEGINNING + timedelta(days=n))),
            *(Q(search="чай"), Q(conversation__profile__isnull=True), Q(sender_id=None)),
        ],
        BotMetric: [Q(metric_value__gte=n), Q(metric_name=chance.choice("abc")), Q(pk=None)],
    }


def random_query(chance: random.Random, model: type) -> QuerySet:
    choices = conditions(chance)[model]
    rows = model._base_manager.all()
    for _ in range(chance.randint(1, 4)):
        a, b = chance.choice(choices), chance.choice(choices)
        condition = chance.choice([a & b, a | b, ~a, ~(a | b), a ^ b, a & ~b])
        rows = rows.exclude(condition) if chance.random() < 0.3 else rows.filter(condition)
    if chance.random() < 0.3:
        rows = rows.distinct()
    return annotated(chance, model, rows)


def annotated(chance: random.Random, model: type, rows: QuerySet) -> QuerySet:
    own = Message.objects.filter(bot_id=OuterRef("bot_id"))
    extra: dict[type, list[dict[str, Any]]] = {
        Profile: [{"x": Count("conversations")}, {"x": Max("conversations__messages__position")},
                  {"x": Lower("name")}],
        Conversation: [{"x": Count("messages", distinct=True)},
                       {"x": Subquery(own.filter(conversation_id=OuterRef("id"))
                                      .order_by("-position").values("content")[:1])},
                       {"x": Exists(own.filter(conversation_id=OuterRef("id"), position=2))}],
        Message: [{"x": Length("content")}, {"x": F("conversation__title")},
                  {"x": Window(RowNumber(), partition_by=["bot_id"], order_by=["id"])}],
        BotMetric: [{"x": F("metric_value") * 2}],
    }  # fmt: skip
    if chance.random() < 0.5:
        return rows.annotate(**chance.choice(extra[model])).values_list("bot_id", "id", "x")
    return rows.values_list("bot_id", "id")


@pytest.mark.parametrize("seed", range(60))
def test_a_bots_result_is_the_unrestricted_one_filtered(fleet: list[Bot], seed: int) -> None:
    """Through the ORM inside a context, and as the very same SQL without the managers' filter."""
    chance = random.Random(seed)
    for model in (Profile, Conversation, Message, BotMetric):
        query = random_query(chance, model)
        everything = list(query)
        sql, params = query.query.sql_with_params()
        bot = chance.choice(fleet)
        expected = Counter(row for row in everything if row[0] == bot.id)
        with acting("bot", bot=bot.id) as session:
            cursor = connection.cursor()
            text = cursor.cursor.mogrify(sql, params)
            assert Counter(session.execute(text).fetchall()) == expected, text
        with bot_context(bot.id, using="runtime"):
            assert Counter(query.using("runtime")) == expected, text


@pytest.mark.parametrize("seed", range(10))
def test_filters_are_not_all_empty(fleet: list[Bot], seed: int) -> None:
    """The property would hold for queries without rows as well."""
    found = 0
    for n in range(60):
        found += bool(random_query(random.Random(n + seed * 60), Message))
    assert found > 5


RAW = [
    "SELECT bot_id, id FROM messages m WHERE position = (SELECT max(position) FROM messages"
    " WHERE bot_id = m.bot_id AND conversation_id = m.conversation_id)",
    "SELECT p.bot_id, c.id FROM profiles p FULL JOIN conversations c"
    " ON (p.bot_id, p.id) = (c.bot_id, c.profile_id) WHERE p.bot_id IS NOT NULL",
    "SELECT bot_id, count(*) FROM messages GROUP BY bot_id",
    "SELECT bot_id, id FROM profiles UNION SELECT bot_id, id FROM conversations",
    "WITH RECURSIVE r AS (SELECT bot_id, 1 AS n FROM bot_metrics"
    " UNION ALL SELECT bot_id, n + 1 FROM r WHERE n < 3) SELECT bot_id, n FROM r",
    "SELECT c.bot_id, m.content FROM conversations c CROSS JOIN LATERAL (SELECT content FROM"
    " messages WHERE bot_id = c.bot_id AND conversation_id = c.id ORDER BY position LIMIT 1) m",
    "SELECT bot_id, rank() OVER (PARTITION BY bot_id ORDER BY telegram_id) FROM profiles",
    "SELECT b.id, m.metric_value FROM bots b LEFT JOIN bot_metrics m ON m.bot_id = b.id",
    "SELECT bot_id, id FROM messages WHERE conversation_id NOT IN"
    " (SELECT id FROM conversations WHERE chat_id < 3)",
]


@pytest.mark.parametrize("sql", RAW)
def test_raw_sql(fleet: list[Bot], sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        everything = cursor.fetchall()
    for bot in fleet:
        expected = Counter(row for row in everything if row[0] == bot.id)
        assert expected
        with bot_context(bot.id, using="runtime"), connections["runtime"].cursor() as cursor:
            cursor.execute(sql)
            assert Counter(cursor.fetchall()) == expected
