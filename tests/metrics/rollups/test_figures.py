"""What the pages read: the past from the rollups, today from the messages."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from metrics.models import DailyRollup
from metrics.rollups.days import day_of, zone
from metrics.rollups.figures import (
    Figures,
    Totals,
    latest_hours,
    overview,
    ranking,
    recent_counts,
    series,
)
from tenants.context import ContextError, bot_context, maintenance_context, staff_context
from tenants.models import Bot
from tests.factories import (
    BotAccessFactory,
    BotFactory,
    ConversationFactory,
    DailyRollupFactory,
    UserFactory,
)
from tests.metrics.rollups.slowly import computed
from tests.metrics.rollups.world import random_bot, rolled_up, talk
from tests.plans import narrow, plans

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2025, 10, 27, 15, 30, tzinfo=UTC)
ADDED = ("messages_in", "messages_out", "new_people", "responses", "errors")


@pytest.fixture
def fleet() -> list[Bot]:
    rng = Random(4)
    bots = [random_bot(rng) for _ in range(3)]
    for bot in bots:
        chat = ConversationFactory(bot=bot, profile=None)
        talk(rng, chat, 60, NOW - timedelta(days=3))
    return bots


@pytest.fixture
def staff(fleet: list[Bot]) -> User:
    """Has the first two bots."""
    user = UserFactory()
    for bot in fleet[:2]:
        BotAccessFactory(user=user, bot=bot)
    return user


def before(bots: list[Bot], now: datetime) -> dict[date, Totals]:
    """In plain Python."""
    found: dict[date, Totals] = {}
    for bot in bots:
        for day, figures in computed(bot.pk, zone()).items():
            own = Totals(**{name: figures[name] for name in ADDED})
            if day <= day_of(now):
                found[day] = found.get(day, Totals()) + own
    return found


def totals_of(figures: Figures) -> Totals:
    return Totals(**{name: getattr(figures, name) for name in ADDED})


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Kiritimati"])
@pytest.mark.parametrize("hours", [0, -9, 5, 30])
def test_a_series_is_all_days(settings: Any, fleet: list[Bot], zone: str, hours: int) -> None:
    settings.METRICS_TIME_ZONE = zone
    rolled_up()
    now = NOW + timedelta(hours=hours)
    with maintenance_context():
        found = series(30, now=now)
        expected = before(fleet, now)
    assert len(found.days) == 30
    assert [*found.days][-1] == day_of(now)
    assert {day: totals_of(figures) for day, figures in found.days.items()} == {
        day: expected.get(day, Totals()) for day in found.days
    }
    assert found.totals == sum((expected.get(day, Totals()) for day in found.days), Totals())
    assert found.totals.messages > 20


def test_one_bots_day_is_its_rollup(fleet: list[Bot]) -> None:
    rolled_up()
    bot = fleet[0]
    with maintenance_context():
        days = series(10, bot.pk, NOW).days
        expected = computed(bot.pk, zone())
        for day, figures in days.items():
            for name, value in expected.get(day, {}).items():
                assert getattr(figures, name) == pytest.approx(value) if value else not value


def test_today_is_live_and_the_past_is_not(fleet: list[Bot]) -> None:
    """The only proof that today comes from the messages: there is no rollup of it."""
    rolled_up()
    with maintenance_context():
        today = series(1, now=NOW).days[NOW.date()]
        assert today.messages > 0
        DailyRollup.objects.filter(day=NOW.date()).delete()
        yesterday = DailyRollup.objects.filter(day=NOW.date() - timedelta(days=1))
        yesterday.update(messages_in=1000, messages_out=0)
        assert series(1, now=NOW).days[NOW.date()] == today
        # They were rolled up later than NOW, so yesterday is over.
        found = series(2, now=NOW)
        assert found.live_from == NOW.date()
        assert found.days[NOW.date() - timedelta(days=1)].messages_in == 3 * 1000


def test_yesterday_is_live_until_it_is_rolled_up(fleet: list[Bot]) -> None:
    with maintenance_context():
        found = series(3, now=NOW)
    assert found.rolled_up_at is None
    assert found.live_from == NOW.date() - timedelta(days=1)
    expected = before(fleet, NOW)
    assert [totals_of(figures) for figures in [*found.days.values()][1:]] == [
        expected[NOW.date() - timedelta(days=1)],
        expected[NOW.date()],
    ]


def test_the_response_time_of_several_bots_is_weighted(alice_bot: Bot, bob_bot: Bot) -> None:
    for bot, responses, median in ((alice_bot, 1, 10.0), (bob_bot, 3, 20.0)):
        DailyRollupFactory(
            bot=bot,
            day=NOW.date() - timedelta(days=5),
            responses=responses,
            response_median=median,
        )
    with maintenance_context():
        figures = series(6, now=NOW).days[NOW.date() - timedelta(days=5)]
    assert figures.response_median == 17.5


def test_the_ranking(fleet: list[Bot]) -> None:
    idle = BotFactory(name="Idle")
    rolled_up()
    with maintenance_context():
        found = ranking(30, NOW)
    assert {bot.bot_id for bot in found} == {bot.pk for bot in (*fleet, idle)}
    assert [bot.totals.messages for bot in found] == sorted(
        (bot.totals.messages for bot in found), reverse=True
    )
    assert (found[-1].name, found[-1].totals) == ("Idle", Totals())
    for bot in fleet:
        [own] = [one for one in found if one.bot_id == bot.pk]
        with maintenance_context():
            assert own.totals == series(30, bot.pk, NOW).totals


def test_recent_counts(fleet: list[Bot]) -> None:
    rolled_up()
    bot = fleet[0]
    with maintenance_context():
        found = recent_counts(bot.pk, NOW)
        [(messages,)] = query_messages(bot, NOW - timedelta(hours=24), NOW)
    assert found["24 h"].messages == messages
    assert found["7 d"].messages <= found["30 d"].messages
    week = [day for day in before([bot], NOW) if day > NOW.date() - timedelta(days=7)]
    own = before([bot], NOW)
    assert found["7 d"] == sum((own[day] for day in week), Totals())


def query_messages(bot: Bot, since: datetime, until: datetime) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM messages WHERE bot_id = %s AND sent_at >= %s AND sent_at < %s"
            " AND sender_type <> 'system'",
            [bot.pk, since, until],
        )
        return list(cursor)


def test_staff_see_their_bots(fleet: list[Bot], staff: User) -> None:
    rolled_up()
    with maintenance_context():
        expected = series(10, fleet[0].pk, NOW).totals + series(10, fleet[1].pk, NOW).totals
        nothing = series(10, BotFactory().pk, NOW)
    with staff_context(staff):
        assert series(10, now=NOW).totals == expected
        assert {bot.bot_id for bot in ranking(10, NOW)} == {bot.pk for bot in fleet[:2]}
        # A bot of others is like one without data.
        assert series(10, fleet[2].pk, NOW).days == nothing.days
        assert recent_counts(fleet[2].pk, NOW)["30 d"] == Totals()
        assert latest_hours(fleet[2].pk, now=NOW) == Figures()
    with staff_context(UserFactory()):
        assert series(10, now=NOW).totals == Totals()
        assert ranking(10, NOW) == []


def test_only_where_rollups_are_seen(alice_bot: Bot) -> None:
    with pytest.raises(ContextError):
        series(1)
    with bot_context(alice_bot.pk), pytest.raises(ContextError):
        series(1)


CALLS: dict[str, Callable[[Bot], Any]] = {
    "series": lambda bot: series(30, now=NOW),
    "of a bot": lambda bot: series(30, bot.pk, NOW),
    "ranking": lambda bot: ranking(30, NOW),
    "overview": lambda bot: overview(30, now=NOW),
    "recent counts": lambda bot: recent_counts(bot.pk, NOW),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("superuser", [False, True])
def test_queries_are_constant(
    fleet: list[Bot], staff: User, call: Callable[[Bot], Any], superuser: bool
) -> None:
    user = UserFactory(is_superuser=True) if superuser else staff
    counts = []
    for _ in range(2):
        with staff_context(user), CaptureQueriesContext(connection) as queries:
            call(fleet[0])
        counts.append(len(queries))
        for _ in range(3):
            BotAccessFactory(user=user, bot=random_bot(Random(5), chats=1, messages=5))
        rolled_up()
    assert counts[0] == counts[1] <= 3


def test_one_bots_figures_are_in_one_partition_by_index(fleet: list[Bot]) -> None:
    """As staff see them: the policies leave the index of the times in use."""
    user = UserFactory()
    BotAccessFactory(user=user, bot=fleet[0])
    chats = [ConversationFactory(bot=fleet[0], profile=None) for _ in range(20)]
    for number, chat in enumerate(chats):
        talk(Random(number), chat, 400, NOW - timedelta(days=1200))
    rolled_up()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE messages, daily_rollups, profiles, bot_metrics")
    with staff_context(user), plans() as found:
        series(30, now=NOW)
        latest_hours(fleet[0].pk, now=NOW)
    assert found.statements
    assert all(narrow(root) for root in found.roots)
    messages = {name for name in found.indexes if name.startswith("messages")}
    assert messages
    assert all("sent_at" in name for name in messages)
    assert "messages" not in {
        node["Relation Name"].rpartition("_p")[0]
        for node in found.nodes()
        if node["Node Type"] == "Seq Scan"
    }
