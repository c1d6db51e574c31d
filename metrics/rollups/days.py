"""Days in METRICS_TIME_ZONE, and which of them a change reaches."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

# What lies outside counts on no day: a message may say anything about when it was sent.
EARLIEST, LATEST = date(1970, 1, 1), date(2199, 12, 31)
# A person's silence after which a message is a new question, and how long the bot may take.
SILENCE, PATIENCE = timedelta(hours=1), timedelta(hours=24)
# Days closer than this are read in one go.
NEAR = timedelta(days=3)

Days = tuple[date, date]


def zone() -> ZoneInfo:
    return ZoneInfo(settings.METRICS_TIME_ZONE)


def day_of(moment: datetime) -> date:
    return moment.astimezone(zone()).date()


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), zone())


def touched(utc_day: date) -> Days:
    """The first and last day whose sums a message of this day has a part in."""
    begin = datetime.combine(utc_day, time(), UTC)
    return day_of(begin - PATIENCE), day_of(begin + timedelta(days=1) + SILENCE)


def runs(utc_days: Iterable[date], open_from: date | None) -> list[Days]:
    """The days to sum up again, those that are near each other together, the last run open."""
    found: list[Days] = []
    spans = [touched(day) for day in utc_days]
    if open_from is not None:
        spans.append((max(open_from, EARLIEST), LATEST))
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + NEAR:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found
