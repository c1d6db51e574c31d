"""The dashboard shows the numbers of the bots one may see, and what to do where there are none."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from legacy_import.models import ImportRun
from tenants.models import Bot
from tests.factories import (
    BotAccessFactory,
    BotFactory,
    BotMetricFactory,
    ConversationFactory,
    MessageFactory,
    ProfileFactory,
    UserFactory,
)
from tests.metrics.rollups.world import rolled_up, talk

pytestmark = pytest.mark.django_db(transaction=True)
MISSING = "01a1fdf1-8a0a-783c-8f80-cbfa4bf2f91d"


@pytest.fixture
def fleet() -> list[Bot]:
    """The busier the later; the last one has nothing."""
    bots = [BotFactory(name=f"Bot of {n}") for n in (20, 40, 60)]
    for n, bot in enumerate(bots, 1):
        chat = ConversationFactory(bot=bot, profile=ProfileFactory(bot=bot))
        talk(Random(n), chat, 20 * n - 1, timezone.now() - timedelta(days=25))
        MessageFactory(conversation=chat, sent_at=timezone.now())
    BotMetricFactory(bot=bots[0], metric_name="errors", metric_value=7)
    return [*bots, BotFactory(name="Idle", status="error")]


def signed_in(role: str | None = None, *bots: Bot, **fields: Any) -> Client:
    user = UserFactory(**fields)
    for bot in bots:
        BotAccessFactory(user=user, bot=bot, role=role)
    client = Client()
    client.force_login(user)
    return client


def card(context: Any, title: str) -> str:
    [found] = [card.value for card in context["cards"] if card.title == title]
    return found


def rows(sql: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor)


def test_its_numbers_are_the_datas(fleet: list[Bot]) -> None:
    rolled_up()
    response = signed_in(is_superuser=True).get("/admin/")
    context = response.context
    today = timezone.now().date()
    expected = dict(
        rows(
            "SELECT (sent_at AT TIME ZONE 'UTC')::date, count(*) FROM messages"
            " WHERE sender_type <> 'system' AND sent_at < now() + interval '1 day' GROUP BY 1"
        )
    )
    chart = context["charts"][0]
    people, bots = (series.values for series in chart.series)
    assert len(chart.labels) == 30
    shown = [a + b for a, b in zip(people, bots, strict=True)]
    assert shown == [expected.get(today - timedelta(days=ago), 0) for ago in range(29, -1, -1)]
    assert card(context, "Messages today") == str(expected.get(today, 0))
    assert card(context, "Messages") == str(rows("SELECT count(*) FROM messages")[0][0])
    assert card(context, "Conversations") == "3"
    assert (card(context, "Bots"), card(context, "Active bots")) == ("4", "3")
    assert [one.name for one in context["busiest"]] == ["Bot of 60", "Bot of 40"]
    assert [one.name for one in context["quietest"]] == ["Idle", "Bot of 20"]
    assert [one.name for one in context["most_errors"]] == ["Bot of 20"]
    assert [bot.name for bot in context["in_error"]] == ["Idle"]
    assert sum(partition.size for partition in context["partitions"]) > 0
    html = response.content.decode()
    assert context["charts"][1].title == "Response time, the average of the bots"
    assert "<svg" in html
    assert html.count("<details") == 2
    # What is in the chart is in its table.
    assert [int(texts[0]) for _, texts in chart.rows] == people


@pytest.mark.parametrize("of_one_bot", [False, True])
def test_its_lists_have_as_many(fleet: list[Bot], of_one_bot: bool) -> None:
    """Also what the system said, which no chart has, and not what is dated tomorrow."""
    now = timezone.now()
    for ago in (timedelta(0), timedelta(days=3), timedelta(days=400), -timedelta(days=2)):
        MessageFactory(conversation__bot=fleet[0], sender_type="system", sent_at=now - ago)
    rolled_up()
    client = signed_in("viewer", *fleet[:2])
    context = client.get("/admin/", {"bot": fleet[0].pk} if of_one_bot else {}).context
    today, in_total = context["cards"][-2:]
    assert (today.value, in_total.value) == (("2", "24") if of_one_bot else ("3", "64"))
    for each in (today, in_total):
        assert client.get(each.url).context["cl"].shown_count == f"Messages: {each.value}"
    assert today.note.endswith("1 of the system")
    assert sum(share.messages for share in context["shares"]) == int(in_total.value)


@pytest.mark.parametrize(("bots", "busiest", "quietest"), [(1, 1, 0), (3, 2, 1), (12, 5, 5)])
def test_each_bot_is_busy_or_quiet(bots: int, busiest: int, quietest: int) -> None:
    for _ in range(bots):
        MessageFactory(sent_at=timezone.now())
    context = signed_in(is_superuser=True).get("/admin/").context
    found = [one.bot_id for name in ("busiest", "quietest") for one in context[name]]
    assert (len(context["busiest"]), len(context["quietest"])) == (busiest, quietest)
    assert len(set(found)) == len(found)


def test_today_is_as_of_now(fleet: list[Bot]) -> None:
    rolled_up()
    client = signed_in(is_superuser=True)
    before = client.get("/admin/").context["charts"][0].series[0].values[-1]
    MessageFactory(conversation__bot=fleet[0], sent_at=timezone.now())
    after = client.get("/admin/").context["charts"][0].series[0].values[-1]
    assert (before, after) == (3, 4)


@pytest.mark.parametrize("role", ["viewer", "operator", "manager"])
def test_of_ones_own_bots_alone(fleet: list[Bot], role: str) -> None:
    rolled_up()
    ImportRun.objects.create(bot=fleet[0], number=1, action="import", status="done")
    ImportRun.objects.create(bot=fleet[1], number=2, action="import", status="done")
    response = signed_in(role, fleet[0]).get("/admin/")
    html = response.content.decode()
    assert card(response.context, "Bots") == "1"
    assert card(response.context, "Messages") == "20"
    assert "partitions" not in response.context
    for other in fleet[1:]:
        assert other.name not in html
        assert str(other.pk) not in html
    assert ("Latest import runs" in html) == (role == "manager")
    assert "Import 2" not in html


def test_a_bot_of_others_is_one_that_is_not_there(fleet: list[Bot]) -> None:
    rolled_up()
    for client in (signed_in("manager", fleet[0]), signed_in()):
        foreign, missing, odd = (
            client.get("/admin/", {"bot": bot}) for bot in (fleet[1].pk, MISSING, "x")
        )
        assert foreign.status_code == missing.status_code == odd.status_code == 404
        assert without_tokens(foreign) == without_tokens(missing)
    assert signed_in("viewer", fleet[0]).get("/admin/", {"bot": fleet[0].pk}).status_code == 200


def test_the_filter_offers_ones_own_bots(fleet: list[Bot]) -> None:
    asked = {"app_label": "metrics", "model_name": "dailyrollup", "field_name": "bot"}
    for term in ("Bot", ""):
        found = signed_in("viewer", fleet[0]).get("/admin/autocomplete/", {**asked, "term": term})
        assert [bot["text"] for bot in found.json()["results"]] == ["Bot of 20"]


def without_tokens(response: Any) -> bytes:
    return response.content.replace(response.headers["X-Request-ID"].encode(), b"")


def test_one_bot(fleet: list[Bot]) -> None:
    rolled_up()
    context = signed_in(is_superuser=True).get("/admin/", {"bot": fleet[1].pk, "days": 90}).context
    assert context["charts"][0].labels[0] != context["charts"][0].labels[-1]
    assert len(context["charts"][0].labels) == 90
    assert context["totals"].messages <= 40
    assert card(context, "Messages") == "40"
    assert "busiest" not in context
    assert context["charts"][1].title == "Response time"


def test_what_to_do_first(db: None) -> None:
    assert "Add a bot" in signed_in(is_superuser=True).get("/admin/").content.decode()
    assert "Ask a manager" in signed_in().get("/admin/").content.decode()


def test_what_to_run(fleet: list[Bot]) -> None:
    html = signed_in(is_superuser=True).get("/admin/").content.decode()
    assert "manage.py roll_up_metrics --watch" in html
    rolled_up()
    assert "roll_up_metrics" not in signed_in(is_superuser=True).get("/admin/").content.decode()


@pytest.mark.parametrize("superuser", [True, False])
def test_queries_are_constant(
    fleet: list[Bot], superuser: bool, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    user: User = UserFactory(is_superuser=superuser)
    client = Client()
    client.force_login(user)
    counts = []
    for _ in range(2):
        for bot in Bot.objects.exclude(staff__user=user):
            BotAccessFactory(user=user, bot=bot, role="manager")
        rolled_up()
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("admin:index")).status_code == 200
        counts.append(len(queries))
        for n in range(4):
            talk(Random(n), ConversationFactory(profile=None), 5, timezone.now())
    assert counts[0] == counts[1] <= 18
