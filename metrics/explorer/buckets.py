"""Hours, days, weeks and months of local time, and a metric's values in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models import Bot


class By(TextChoices):
    HOUR = "hour", _("hour")
    DAY = "day", _("day")
    WEEK = "week", _("week")
    MONTH = "month", _("month")


class Value(TextChoices):
    AVERAGE = "avg", _("average")
    SUM = "sum", _("sum")
    HIGHEST = "max", _("highest")


VALUES = """
    SELECT date_trunc(%(by)s, recorded_at AT TIME ZONE %(zone)s) AS at, {value}(metric_value)
    FROM bot_metrics WHERE bot_id = %(bot)s AND metric_name = %(metric)s
        AND recorded_at >= %(begin)s AND recorded_at < %(end)s
    GROUP BY at
"""


@dataclass(frozen=True)
class Span:
    """From the beginning of the first day to the end of the last."""

    first: date
    last: date
    by: By

    def __len__(self) -> int:
        days = (self.last - self.first).days + 1
        if self.by == By.MONTH:
            years = self.last.year - self.first.year
            return years * 12 + self.last.month - self.first.month + 1
        if self.by == By.WEEK:
            return (days + self.first.weekday() + 6) // 7
        return days * 24 if self.by == By.HOUR else days

    def __iter__(self) -> Iterator[datetime]:
        at = datetime.combine(self.first, time())
        if self.by == By.MONTH:
            at = at.replace(day=1)
        elif self.by == By.WEEK:
            at -= timedelta(days=at.weekday())
        while at.date() <= self.last:
            yield at
            at = self._next(at)

    def _next(self, at: datetime) -> datetime:
        if self.by == By.MONTH:
            return (at + timedelta(days=31)).replace(day=1)
        return at + {By.HOUR: timedelta(hours=1), By.DAY: timedelta(days=1)}.get(
            self.by, timedelta(weeks=1)
        )


def values(bot: Bot, metric: str, span: Span, value: Value) -> dict[datetime, Decimal]:
    begin, end = (
        timezone.make_aware(datetime.combine(day, time()))
        for day in (span.first, span.last + timedelta(days=1))
    )
    asked: dict[str, Any] = {"bot": bot.pk, "metric": metric, "begin": begin, "end": end}
    # psycopg writes the name of an enumeration's member.
    asked |= {"by": span.by.value, "zone": timezone.get_current_timezone_name()}
    with connection.cursor() as cursor:
        cursor.execute(VALUES.format(value=value.value), asked)
        return dict(cursor)
