"""A metric is kept exactly as it came."""

from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Avg, Sum

from metrics.models import BotMetric
from tenants.models import Bot

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "value", ["0", "-1", "0.1", "1E-40", "12345678901234567890.123456789012345678901234567890"]
)
def test_numbers_of_any_length(alice_bot: Bot, value: str) -> None:
    metric = BotMetric(bot=alice_bot, metric_name="load", metric_value=Decimal(value))
    metric.full_clean()
    metric.save()
    metric.refresh_from_db()
    assert metric.metric_value == Decimal(value)


def test_sums_and_averages(alice_bot: Bot) -> None:
    BotMetric.objects.bulk_create(
        BotMetric(bot=alice_bot, metric_name="load", metric_value=Decimal(n) / 10) for n in (1, 2)
    )
    found = BotMetric.objects.filter(bot=alice_bot).aggregate(
        sum=Sum("metric_value"), average=Avg("metric_value")
    )
    assert found == {"sum": Decimal("0.3"), "average": Decimal("0.15")}


def test_a_measurement_by_sql_gets_its_time_and_tags(alice_bot: Bot) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bot_metrics (id, bot_id, metric_name, metric_value)"
            " VALUES (gen_random_uuid(), %s, 'load', 1)",
            [alice_bot.pk],
        )
    metric = BotMetric.objects.get()
    assert metric.metric_tags == {}
    assert metric.recorded_at
