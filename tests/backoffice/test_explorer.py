"""Any metric of a bot over time, as its rows say, and clear words about what cannot be shown."""

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from statistics import mean
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from metrics.explorer.names import names_of
from metrics.models import BotMetric
from tenants.models import Bot
from tests.backoffice.test_dashboard import MISSING, signed_in, without_tokens
from tests.factories import BotMetricFactory
from tests.plans import narrow, plans

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/admin/metrics/botmetric/explore/"
ZONE = ZoneInfo("Asia/Kolkata")
FUNCTIONS = {"avg": mean, "sum": sum, "max": max}


@pytest.fixture
def measured(alice_bot: Bot, settings: Any) -> Bot:
    settings.TIME_ZONE = "Asia/Kolkata"
    rng = Random(1)
    BotMetric.objects.bulk_create(
        BotMetric(
            bot=alice_bot,
            metric_name=rng.choice(("load", "tokens")),
            metric_value=Decimal(rng.randint(-50, 500)) / 4,
            recorded_at=datetime(2025, 1, 1, tzinfo=ZONE) + timedelta(hours=rng.uniform(0, 1600)),
        )
        for _ in range(300)
    )
    return alice_bot


def truncated(at: datetime, by: str) -> str:
    if by == "hour":
        return f"{at.day} {at:%b} {at:%H}:00"
    if by == "week":
        at -= timedelta(days=at.weekday())
    return f"{at:%b} {at.year}" if by == "month" else f"{at.day} {at:%b}"


@pytest.mark.parametrize("value", FUNCTIONS)
@pytest.mark.parametrize(
    ("by", "end"),
    [
        ("hour", "2025-01-20"),
        ("day", "2025-03-01"),
        ("week", "2025-03-01"),
        ("month", "2025-03-01"),
    ],
)
def test_its_numbers_are_the_rows(measured: Bot, by: str, end: str, value: str) -> None:
    asked = {"bot": measured.pk, "metric": "load", "begin": "2025-01-06", "end": end}
    response = signed_in("viewer", measured).get(URL, {**asked, "by": by, "value": value})
    chart = response.context["chart"]
    expected = defaultdict(list)
    until = datetime.fromisoformat(end).replace(tzinfo=ZONE) + timedelta(days=1)
    for metric in BotMetric.objects.filter(metric_name="load"):
        at = metric.recorded_at.astimezone(ZONE)
        if datetime(2025, 1, 6, tzinfo=ZONE) <= at < until:
            expected[truncated(at, by)].append(float(metric.metric_value))
    found = zip(chart.labels, chart.series[0].values, strict=True)
    shown = {label: number for label, number in found if number is not None}
    assert shown == {
        label: pytest.approx(FUNCTIONS[value](numbers)) for label, numbers in expected.items()
    }
    assert expected


def test_what_is_left_out_is_the_first_metric_lately(alice_bot: Bot) -> None:
    BotMetricFactory(bot=alice_bot, metric_name="b", metric_value=1)
    BotMetricFactory(bot=alice_bot, metric_name="a", metric_value=42)
    response = signed_in("viewer", alice_bot).get(URL, {"bot": alice_bot.pk})
    chart = response.context["chart"]
    assert "a, average by day" in response.content.decode()
    assert (len(chart.labels), chart.series[0].values[-1]) == (30, 42)


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ({"metric": "nope"}, "metric", "no metric of this name"),
        ({"metric": "a\x00"}, "metric", "Null characters"),
        ({"begin": "yesterday"}, "begin", "valid date"),
        ({"begin": "2025-02-01", "end": "2025-01-01"}, "begin", "after the last"),
        ({"begin": "1900-01-01"}, "begin", "since 1970"),
        ({"begin": "1970-01-01", "end": "2199-12-31"}, "by", "84,006 points"),
        ({"begin": "2025-01-01", "end": "2025-02-01", "by": "hour"}, "by", "768 points"),
        ({"by": "minute"}, "by", "valid choice"),
        ({"value": "median"}, "value", "valid choice"),
    ],
)
def test_what_cannot_be_shown(
    alice_bot: Bot, asked: dict[str, str], field: str, words: str
) -> None:
    BotMetricFactory(bot=alice_bot, metric_name="a")
    response = signed_in("viewer", alice_bot).get(URL, {"bot": alice_bot.pk, **asked})
    assert response.status_code == 200
    assert words in str(response.context["form"].errors[field])
    assert "chart" not in response.context


def test_values_too_large_and_too_small(alice_bot: Bot) -> None:
    for n, value in enumerate(("1e400", "-1e-300", "1e299", "0")):
        at = timezone.now() - timedelta(days=n)
        BotMetricFactory(
            bot=alice_bot, metric_name="a", metric_value=Decimal(value), recorded_at=at
        )
    response = signed_in("viewer", alice_bot).get(URL, {"bot": alice_bot.pk})
    assert "1 value is too large to be shown" in response.content.decode()
    assert "1e+299" in response.content.decode()


def test_a_bot_of_others_is_one_that_is_not_there(alice_bot: Bot, bob_bot: Bot) -> None:
    BotMetricFactory(bot=bob_bot, metric_name="secret of Bob")
    for client in (signed_in("viewer", alice_bot), signed_in("manager", alice_bot), signed_in()):
        asked = {"metric": "secret of Bob"}
        foreign = client.get(URL, {"bot": bob_bot.pk, **asked})
        missing = client.get(URL, {"bot": MISSING, **asked})
        assert foreign.status_code == missing.status_code in (403, 404)
        assert without_tokens(foreign) == without_tokens(missing)


def test_what_to_do_first(alice_bot: Bot) -> None:
    client = signed_in("viewer", alice_bot)
    assert "Choose a bot" in client.get(URL).content.decode()
    assert "record_metric" in client.get(URL, {"bot": alice_bot.pk}).content.decode()
    assert URL in client.get("/admin/metrics/botmetric/").content.decode()


def test_names_are_looked_up_and_not_all_rows_read(alice_bot: Bot) -> None:
    BotMetric.objects.bulk_create(
        BotMetric(bot=alice_bot, metric_name=f"name {n % 7}", metric_value=n) for n in range(6000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE bot_metrics")
    with plans() as found:
        assert names_of(alice_bot) == [f"name {n}" for n in range(7)]
    assert all(narrow(root) for root in found.roots)
    assert all(name.startswith("bot_metrics") for name in found.indexes)
    assert found.indexes


def test_queries_are_constant(alice_bot: Bot) -> None:
    client = signed_in("viewer", alice_bot)
    counts = []
    for n in range(2):
        for m in range(1 + 5 * n):
            BotMetricFactory(bot=alice_bot, metric_name=f"name {m}")
        with CaptureQueriesContext(connection) as queries:
            client.get(URL, {"bot": alice_bot.pk})
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 11
