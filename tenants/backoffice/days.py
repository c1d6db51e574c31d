"""A range of days in the zone of whoever looks, both ends included."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_date
from django.utils.formats import get_format
from django.utils.timezone import get_current_timezone

from tenants.backoffice.look import RangeDateFilter


def days_asked(request: HttpRequest, field: str) -> tuple[datetime | None, datetime | None]:
    """From when, and until before when; what is no day does not count."""
    first, last = (_day(request.GET.get(f"{field}_{end}", "")) for end in ("from", "to"))
    after = last + timedelta(days=1) if last and last < date.max else None
    return _begin(first), _begin(after)


def _begin(day: date | None) -> datetime | None:
    if day is None:
        return None
    try:
        return datetime.combine(day, time(), get_current_timezone()).astimezone(UTC)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def _day(text: str) -> date | None:
    try:
        if day := parse_date(text):
            return day
    except ValueError:
        return None
    for written in get_format("DATE_INPUT_FORMATS"):
        try:
            return datetime.strptime(text, written).date()
        except ValueError:
            continue
    return None


def is_no_end(name: str, value: str) -> bool:
    """Of a range in an address, neither a day nor a number."""
    if not value or not name.endswith(("_from", "_to")) or _day(value):
        return False
    try:
        float(value)
    except ValueError:
        return True
    return False


class DaysFilter(RangeDateFilter):
    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        since, until = days_asked(request, self.field_path)
        asked: dict[str, Any] = {"gte": since, "lt": until}
        return queryset.filter(
            **{f"{self.field_path}__{end}": time for end, time in asked.items() if time}
        )
