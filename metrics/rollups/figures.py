"""What the pages show of the rollups, of one bot or of all that the context lets see.

    series(30)            days, the oldest first, those without data as zeros
    series(30).totals     of all these days
    ranking(30)           the bots, the busiest first
    overview(30)          both at the price of one, and cheap at any size: of today, chats and
                          response times are those of the last roll-up
    recent_counts(bot)    of the last 24 hours, 7 and 30 days

The day that is not over is counted as it stands. A constant number of queries each, and a bot that
one may not see is like one that has no data.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from metrics.models import RollupState
from metrics.rollups.days import day_of
from metrics.rollups.sums import AS_ONE, BY_DAY, FIGURES, counts, of_days, of_moments, sums
from tenants.context import ContextError, current_scope
from tenants.models import Bot

TOTALS = ("messages_in", "messages_out", "new_people", "responses", "errors")
# Medians of several bots cannot be merged: theirs is the mean, by the number of their answers.
_TOGETHER = ", ".join(
    f"sum({name} * responses) / nullif(sum(responses), 0)"
    if name.startswith("response_")
    else f"sum({name})::bigint"
    for name in FIGURES
)


def _by_day_and_by_bot(present: str) -> str:
    return f"""
        SELECT day, bot_id, {_TOGETHER} FROM (
            SELECT bot_id, day, {", ".join(FIGURES)} FROM daily_rollups
            WHERE bot_id = ANY (%(bots)s::uuid[]) AND day >= %(begin)s AND day < %(first)s
            UNION ALL {present}
        ) AS days GROUP BY GROUPING SETS ((day), (bot_id))
    """


EXACT, CHEAP = _by_day_and_by_bot(sums(BY_DAY)), _by_day_and_by_bot(counts(BY_DAY))
TOGETHER = f"SELECT {_TOGETHER} FROM ({sums(AS_ONE)}) AS moments"


@dataclass(frozen=True)
class Totals:
    """What may be added up, of days and of bots."""

    messages_in: int = 0
    messages_out: int = 0
    new_people: int = 0
    responses: int = 0
    errors: int = 0

    @property
    def messages(self) -> int:
        return self.messages_in + self.messages_out

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(*(getattr(self, name) + getattr(other, name) for name in TOTALS))


@dataclass(frozen=True)
class Figures(Totals):
    """As DailyRollup. Of several bots, people and chats are each bot's, added up."""

    conversations: int = 0
    active_people: int = 0
    response_median: float | None = None
    response_p95: float | None = None


@dataclass(frozen=True)
class Series:
    days: dict[date, Figures]
    rolled_up_at: datetime | None
    """What was written before is counted; after, only what is of `live_from` and later. None: a
    bot is not rolled up yet, and only yesterday and today are counted."""
    live_from: date

    @property
    def totals(self) -> Totals:
        return sum(self.days.values(), Totals())


@dataclass(frozen=True)
class BotTotals:
    bot_id: uuid.UUID
    name: str
    totals: Totals


def overview(
    days: int, bot: uuid.UUID | None = None, now: datetime | None = None
) -> tuple[Series, list[BotTotals]]:
    """The last days of the bot or of all one may see, today included, and the bots by their
    messages of these days."""
    now = now or timezone.now()
    _require_context()
    bots = Bot.objects.all() if bot is None else Bot.objects.filter(pk=bot)
    names = dict(bots.values_list("pk", "name"))
    found, by_bot = _read([*names], days, now, CHEAP)
    totals = [BotTotals(bot, name, by_bot.get(bot, Totals())) for bot, name in names.items()]
    return found, sorted(totals, key=lambda bot: (-bot.totals.messages, bot.name))


def ranking(days: int, now: datetime | None = None) -> list[BotTotals]:
    return overview(days, now=now)[1]


def series(days: int, bot: uuid.UUID | None = None, now: datetime | None = None) -> Series:
    return _read(_bots(bot), days, now or timezone.now())[0]


def recent_counts(
    bot: uuid.UUID, now: datetime | None = None, month: Series | None = None
) -> dict[str, Totals]:
    """Of the last 24 hours to the minute, and of the last 7 and 30 days, today included. `month`:
    series(30) of the bot, where it is at hand."""
    now = now or timezone.now()
    month = month or series(30, bot, now)
    week = [*month.days.values()][-7:]
    return {
        "24 h": latest_hours(bot, now=now),
        "7 d": sum(week, Totals()),
        "30 d": month.totals,
    }


def latest_hours(bot: uuid.UUID, hours: int = 24, now: datetime | None = None) -> Figures:
    now = now or timezone.now()
    since = now - timedelta(hours=hours)
    [figures] = _rows(TOGETHER, of_moments(_bots(bot), since, now))
    return _figures(figures)


def _bots(bot: uuid.UUID | None) -> list[uuid.UUID]:
    seen = _require_context().bot_filter
    if bot is not None:
        return [bot]
    return [*Bot.objects.values_list("pk", flat=True)] if seen is None else seen


def _require_context() -> Any:
    if (scope := current_scope()) is None or scope.bot_id:
        raise ContextError("Rollups are read in staff_context or maintenance_context.")
    return scope


def _freshness(bots: Sequence[uuid.UUID], now: datetime) -> tuple[datetime | None, date]:
    """When the last of the bots was rolled up, and from which day on to count afresh: since then,
    but no more than two days, however long ago it was."""
    rolled_up = RollupState.objects.filter(
        bot__in=bots, zone=settings.METRICS_TIME_ZONE, rolled_up_at__isnull=False
    ).values_list("rolled_up_at", flat=True)
    today = day_of(now)
    yesterday = today - timedelta(days=1)
    moments = [*rolled_up]
    if len(moments) < len(bots):
        return None, yesterday
    oldest = min(moments, default=now)
    return oldest, min(max(day_of(oldest), yesterday), today)


def _read(
    bots: Sequence[uuid.UUID], days: int, now: datetime, statement: str = EXACT
) -> tuple[Series, dict[uuid.UUID, Totals]]:
    rolled_up_at, live_from = _freshness(bots, now)
    wanted = [day_of(now) - timedelta(days=ago) for ago in range(days - 1, -1, -1)]
    live = of_days(bots, max(live_from, wanted[0]), wanted[-1])
    by_day, by_bot = {}, {}
    for day, bot, *figures in _rows(statement, {**live, "begin": wanted[0]}):
        if bot is None:
            by_day[day] = _figures(figures)
        else:
            by_bot[bot] = Totals() + _figures(figures)
    of_all_days = {day: by_day.get(day, Figures()) for day in wanted}
    return Series(of_all_days, rolled_up_at, live_from), by_bot


def _rows(statement: str, parameters: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor)


def _figures(row: Sequence[Any]) -> Figures:
    """Sums over no rows are null."""
    named = dict(zip(FIGURES, row, strict=True))
    return Figures(**{name: value for name, value in named.items() if value is not None})
