"""Times in every way in which they were seen, as microseconds since 1970 in UTC."""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any

from legacy_import.verify.source.json_text import Number, Written

CLOCK = r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?"
ZONE = r"(?:(Z)|([+-])([0-9]{2})(?::?([0-9]{2}))?)?"
ISO = re.compile(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:[T ]{CLOCK} ?{ZONE})?")
DOTTED = re.compile(rf"([0-9]{{1,2}}\.[0-9]{{1,2}}\.[0-9]{{4}})(?: {CLOCK} ?{ZONE})?")
EPOCH = re.compile(r"[0-9]{9,13}(?:\.[0-9]+)?")
NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
FIRST_DAY = date(1970, 1, 1).toordinal()
SECOND = 1_000_000
SECONDS_BELOW, MILLISECONDS_BELOW = 10**11, 10**13
# The years 2 to 9998, which are the same years in every zone.
FIRST, LAST = -62_104_060_800 * SECOND, 253_370_764_800 * SECOND - 1


def microseconds(value: Any, zone: tzinfo = UTC) -> int | None:
    """None where it is not certain which time is meant."""
    found = _read(value, zone)
    return found if found is not None and FIRST <= found <= LAST else None


def _read(value: Any, zone: tzinfo) -> int | None:
    if isinstance(value, str) and not isinstance(value, Number):
        value = value.strip()
        if found := ISO.fullmatch(value):
            return _moment(_day(found[1]), found.groups()[1:], zone)
        if found := DOTTED.fullmatch(value):
            day, month, year = found[1].split(".")
            iso = f"{year}-{month:0>2}-{day:0>2}"
            return _moment(_day(iso), found.groups()[1:], zone)
        return _epoch(value) if EPOCH.fullmatch(value) else _other_iso(value, zone)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _epoch(value.text if isinstance(value, Written) else str(value))


def _epoch(text: str) -> int | None:
    if len(text) > 40 or not NUMBER.fullmatch(text):
        return None
    number = Decimal(text)
    if number < SECONDS_BELOW:
        return int(number * SECOND)
    if number < MILLISECONDS_BELOW:
        return int(number * 1000)
    return None


def _other_iso(value: str, zone: tzinfo) -> int | None:
    """Week dates, times without colons: whatever else is ISO."""
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
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
    if hours == 24 and (minutes or seconds or micros):
        return None
    local = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if zulu:
        offset = 0
    elif sign:
        if int(zone_hours or 0) > 23 or int(zone_minutes or 0) > 59:
            return None
        offset = (int(zone_hours or 0) * 60 + int(zone_minutes or 0)) * 60
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
