"""A bot with 100,000 messages is deleted by the database, not by Python."""

import tracemalloc

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.models import Bot
from tenants.tenant import TenantModel
from tests.factories import BotFactory, BotMetricFactory, MessageFactory
from tests.tenants.guards import models_of_bots, query

MESSAGES = 100_000
FILL = [
    "INSERT INTO profiles (id, bot_id, telegram_id)"
    " SELECT gen_random_uuid(), %(bot)s, n FROM generate_series(1, 1000) AS n",
    "INSERT INTO conversations (id, bot_id, chat_id, profile_id)"
    " SELECT gen_random_uuid(), bot_id, telegram_id, id FROM profiles WHERE bot_id = %(bot)s",
    "INSERT INTO messages (id, bot_id, conversation_id, position, sender_type, content)"
    " SELECT gen_random_uuid(), bot_id, id, n, 'user', 'hello'"
    " FROM conversations, generate_series(1, %(each)s) AS n WHERE bot_id = %(bot)s",
    "INSERT INTO bot_metrics (id, bot_id, metric_name, metric_value)"
    " SELECT gen_random_uuid(), %(bot)s, 'load', n FROM generate_series(1, 10000) AS n",
]

pytestmark = pytest.mark.django_db

TABLES = sorted(
    model._meta.db_table for model in models_of_bots(apps) if issubclass(model, TenantModel)
)


def rows_of(bot_id: object) -> dict[str, int]:
    """Counted in the partitions themselves."""
    return {
        f"{table}_p{n}": count
        for table in TABLES
        for n in range(10)
        for (count,) in query(
            f"SELECT count(*) FROM {table}_p{n} WHERE bot_id = %(bot)s", bot=bot_id
        )
        if count
    }


@pytest.mark.slow
def test_a_big_bot_goes_in_one_statement(bob_bot: Bot) -> None:
    BotMetricFactory(bot=bob_bot)
    MessageFactory(conversation__bot=bob_bot)
    bobs_rows = rows_of(bob_bot.pk)
    big = BotFactory()
    with connection.cursor() as cursor:
        for statement in FILL:
            cursor.execute(statement, {"bot": big.pk, "each": MESSAGES // 1000})
    bot_id = big.pk
    assert sum(rows_of(bot_id).values()) == MESSAGES + 12_000

    tracemalloc.start()
    with CaptureQueriesContext(connection) as queries:
        assert big.delete() == (1, {"tenants.Bot": 1})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(queries) <= 2
    assert peak < 1_000_000
    assert rows_of(bot_id) == {}
    assert rows_of(bob_bot.pk) == bobs_rows


def test_a_queryset_of_bots(alice_bot: Bot, bob_bot: Bot) -> None:
    MessageFactory(conversation__bot=alice_bot)
    MessageFactory(conversation__bot=bob_bot)
    with CaptureQueriesContext(connection) as queries:
        Bot.objects.filter(pk=alice_bot.pk).delete()
    assert len(queries) <= 2
    assert rows_of(alice_bot.pk) == {}
    assert len(rows_of(bob_bot.pk)) == 3
