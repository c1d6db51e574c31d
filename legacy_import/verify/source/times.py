"""Times in every way in which they were seen, as microseconds since 1970 in UTC."""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any

from legacy_import.verify.source.json_text import Number, as_written

CLOCK = r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?"
ZONE = r"(?:(Z)|([+-])([0-9]{2})(?::?([0-5][0-9]))?)?"
ISO = re.compile(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:[T ]{CLOCK}{ZONE})?")
DOTTED = re.compile(
    r"(\d{1,2}\.\d{1,2}\.[0-9]{4})"
    r"(?:[ ,T]+(\d{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?"
    r" ?(?:(Z)|([+-])([0-9]{2}):?([0-9]{2}))?)?"
)
MIDNIGHT = re.compile(r"(?<=[T ])24(?=:00(?::00(?:\.0+)?)?(?![0-9:.]))")
LONG_FRACTION = re.compile(r"[.,][0-9]{7,}")
EPOCH = re.compile(r"[0-9]{9,13}(?:\.[0-9]{1,100})?")
FIRST_DAY = date(1970, 1, 1).toordinal()
SECOND = 1_000_000
DAY = 24 * 60 * 60
SECONDS_BELOW, MILLISECONDS_BELOW = 10**11, 10**13
# The years 2 to 9998, as they are written: their times can be moved to any zone.
FIRST, LAST = -62_104_060_800, 253_370_764_800 - 1


def microseconds(value: Any, zone: tzinfo = UTC) -> int | None:
    """None where it is not certain which time is meant."""
    if isinstance(value, str) and not isinstance(value, Number):
        value = value.strip()
        if found := ISO.fullmatch(value):
            return _moment(_day(found[1]), found.groups()[1:], zone)
        if found := DOTTED.fullmatch(value):
            day, month, year = found[1].split(".")
            iso = f"{year}-{int(month):02}-{int(day):02}"
            return _moment(_day(iso), found.groups()[1:], zone)
        return _epoch(Decimal(value)) if EPOCH.fullmatch(value) else _other_iso(value, zone)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 <= value < MILLISECONDS_BELOW:
        return None
    return _epoch(Decimal(as_written(value)))


def is_cut(value: Any) -> bool:
    """Of a time that can be read: digits in quotes, or more of them than microseconds have."""
    if isinstance(value, str) and not isinstance(value, Number):
        return bool(EPOCH.fullmatch(value.strip()) or LONG_FRACTION.search(value))
    number = Decimal(as_written(value))
    scaled = number * (SECOND if number < SECONDS_BELOW else 1000)
    return scaled != int(scaled)


def is_guessed(value: Any, zone: tzinfo) -> bool:
    """Of a time that can be read: cut, or of an hour that the zone has twice or never."""
    if is_cut(value):
        return True
    local = microseconds(value)
    if local is None or local == microseconds(value, timezone(timedelta(hours=1))):
        return False
    naive = datetime(1970, 1, 1) + timedelta(microseconds=local)
    offsets = {naive.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}
    return len(offsets) > 1


def _epoch(number: Decimal) -> int | None:
    if number < SECONDS_BELOW:
        return int(number * SECOND)
    if number < MILLISECONDS_BELOW:
        return int(number * 1000)
    return None


def _other_iso(value: str, zone: tzinfo) -> int | None:
    """Week dates, times without colons: whatever else is ISO."""
    value, days = MIDNIGHT.subn("00", value, count=1)
    try:
        time = datetime.fromisoformat(value) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    if not 1 < time.year < 9999:
        return None
    if time.tzinfo is None:
        time = time.replace(tzinfo=zone)
    since = time.replace(tzinfo=None) - datetime(1970, 1, 1) - (time.utcoffset() or timedelta())
    return since // timedelta(microseconds=1)


def _moment(days: int | None, rest: tuple[str | None, ...], zone: tzinfo) -> int | None:
    hour, minute, second, fraction, zulu, sign, zone_hours, zone_minutes = rest
    if days is None:
        return None
    hours, minutes, seconds = int(hour or 0), int(minute or 0), int(second or 0)
    micros = int(fraction[:6].ljust(6, "0")) if fraction else 0
    if hours > 24 or minutes > 59 or seconds > 59:
        return None
    if hours == 24 and (minutes or seconds or (fraction and fraction.strip("0"))):
        return None
    local = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if not FIRST <= local <= LAST:
        return None
    if zulu:
        offset = 0
    elif sign:
        offset = (int(zone_hours or 0) * 60 + int(zone_minutes or 0)) * 60
        if offset >= DAY:
            return None
        offset = -offset if sign == "-" else offset
    else:
        offset = _offset(local, zone)
    return (local - offset) * SECOND + micros


def _offset(local: int, zone: tzinfo) -> int:
    if zone is UTC:
        return 0
    naive = datetime(1970, 1, 1) + timedelta(seconds=local)
    offset = naive.replace(tzinfo=zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


@lru_cache(1_000)
def _day(iso: str) -> int | None:
    """Counted from 1970."""
    try:
        return date.fromisoformat(iso).toordinal() - FIRST_DAY
    except ValueError:
        return None
