"""Times as the old files write them. Never PostgreSQL's casts: it reads 01.02.2024 as 2 January."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import msgspec

UTC = dt.UTC
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_TEXT = re.compile(r"[0-9]{9,13}(?:\.[0-9]{1,100})?")
MICROSECOND = dt.timedelta(microseconds=1)
SECOND, MILLISECOND = dt.timedelta(seconds=1), dt.timedelta(milliseconds=1)
# A number below is of seconds (until the year 5138), above of milliseconds.
MILLISECONDS_FROM = 10**11
NUMBER_END = 10**13  # the year 2286

ISO = re.compile(
    r"\d{4}-\d\d-\d\d(?P<sep>[T ])\d\d:\d\d(?P<seconds>:\d\d(?:\.(?P<fraction>\d+))?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?"
)
DOTTED = re.compile(
    r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})"
    r"(?:[ ,T]+(?P<rest>\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?)(?P<zone> ?(?:Z|[+-]\d\d:?\d\d))?)?"
)
MIDNIGHT_AFTER = re.compile(r"(?<=[T ])24:00(?P<rest>(?::00(?:\.0+)?)?)(?![\d:.])")
LONG_FRACTION = re.compile(r"[.,]\d{7,}")


class UnreadableTime(ValueError):
    pass


@dataclass(frozen=True, slots=True)
class Form:
    """How a file writes its times, so that they can be written back."""

    unit: str = "iso"  # or: seconds, milliseconds
    sep: str = "T"
    digits: str = "auto"  # of the fraction, as datetime.isoformat names them
    zone: str = "Z"  # or an offset, or nothing

    def render(self, moment: dt.datetime) -> str | int | float:
        if self.unit != "iso":
            unit = SECOND if self.unit == "seconds" else MILLISECOND
            whole, rest = divmod(moment - EPOCH, unit)
            return whole + rest / unit if rest else whole
        text = moment.astimezone(_offset(self.zone)).isoformat(self.sep, self.digits)
        return text if self.zone not in ("", "Z") else text.removesuffix("+00:00") + self.zone

    def parse_all(self, values: Sequence[Any]) -> list[dt.datetime] | None:
        """The moments, if every value is exactly what `render` makes of its moment."""
        try:
            moments = self._parse_iso(values) if self.unit == "iso" else self._parse_epoch(values)
        except (ValueError, TypeError, OverflowError):
            return None
        # No zone moves them out of what Python can hold.
        return moments if moments and min(moments).year > 1 and max(moments).year < 9999 else None

    def _parse_epoch(self, values: Sequence[Any]) -> list[dt.datetime] | None:
        if not all(_is_epoch(value) and form_of(value) == self for value in values):
            return None
        unit = SECOND if self.unit == "seconds" else MILLISECOND
        return [EPOCH + value * unit for value in values]

    def _parse_iso(self, values: Sequence[Any]) -> list[dt.datetime] | None:
        moments = list(map(dt.datetime.fromisoformat, values))
        zone = _offset(self.zone)
        if {moment.tzinfo for moment in moments} != {zone if self.zone else None}:
            return None
        if self == ZULU:  # what msgspec writes
            same = msgspec.json.encode(moments) == msgspec.json.encode(values)
            return moments if same else None
        if (self.sep, self.digits) == ("T", "auto"):
            written = list(map(dt.datetime.isoformat, moments))
        else:
            written = [moment.isoformat(self.sep, self.digits) for moment in moments]
        if self.zone == "Z":
            written = [text.removesuffix("+00:00") + "Z" for text in written]
        if written != list(values):
            return None
        if not self.zone:
            return [moment.replace(tzinfo=UTC) for moment in moments]
        return moments if zone == UTC else [moment.astimezone(UTC) for moment in moments]

    def as_shape(self) -> dict[str, dict[str, str]]:
        """Of a file: nothing for the usual form."""
        if self == ZULU:
            return {}
        unusual = {
            name: value for name, value in asdict(self).items() if value != getattr(ZULU, name)
        }
        return {"time": unusual}


ZULU = Form()


def form_of(value: Any) -> Form:
    if _is_epoch(value):
        return Form(unit="milliseconds" if value >= MILLISECONDS_FROM else "seconds")
    if not isinstance(value, str) or not (match := ISO.fullmatch(value)):
        return ZULU
    fraction = match["fraction"] or ""
    digits = "auto"
    if not match["seconds"]:
        digits = "minutes"
    elif len(fraction) == 3:
        digits = "milliseconds"
    elif fraction == "000000":
        digits = "microseconds"
    return Form(sep=match["sep"], digits=digits, zone=match["zone"] or "")


def parse_time(value: Any, zone: dt.tzinfo = UTC) -> tuple[dt.datetime, str | None]:
    """The moment in UTC, and the code of what had to be repaired. Naive times are of the zone."""
    code = None
    if isinstance(value, str):
        text = value.strip()
        if EPOCH_TEXT.fullmatch(text):
            value, code = Decimal(text), "number-as-string"
        else:
            return _parse_text(text, zone)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise UnreadableTime(value)
    if not 0 <= value < NUMBER_END:
        raise UnreadableTime(value)
    if isinstance(value, float):
        value = Decimal(repr(value))
    microseconds = value * (1000 if value >= MILLISECONDS_FROM else 1_000_000)
    if microseconds != int(microseconds):
        code = "fraction-cut"
    return EPOCH + int(microseconds) * MICROSECOND, code


def _parse_text(text: str, zone: dt.tzinfo) -> tuple[dt.datetime, str | None]:
    code = "fraction-cut" if LONG_FRACTION.search(text) else None
    later = dt.timedelta()
    if dotted := DOTTED.fullmatch(text):
        hours, _, rest = (dotted["rest"] or "00:00").partition(":")
        offset = (dotted["zone"] or "").strip()
        date = f"{dotted['year']}-{int(dotted['month']):02}-{int(dotted['day']):02}"
        text = f"{date}T{int(hours):02}:{rest}{offset}"
    if midnight := MIDNIGHT_AFTER.search(text):
        later = dt.timedelta(days=1)
        text = text[: midnight.start()] + "00:00" + text[midnight.start() + 5 :]
    try:
        moment = dt.datetime.fromisoformat(text) + later
        if moment.tzinfo is None:
            code = code or _between_two_times(moment, zone)
            moment = moment.replace(tzinfo=zone)
        if not 1 < moment.year < 9999:
            raise UnreadableTime(text)
        return moment.astimezone(UTC), code
    except (ValueError, OverflowError) as error:
        raise UnreadableTime(text) from error


def _between_two_times(naive: dt.datetime, zone: dt.tzinfo) -> str | None:
    """When the clocks are turned an hour is there twice, or not at all."""
    first, second = (naive.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return None if first == second else "ambiguous-time"


def _offset(zone: str) -> dt.tzinfo:
    if zone in ("", "Z"):
        return UTC
    hours, minutes = int(zone[1:3]), int(zone[4:])
    offset = dt.timedelta(hours=hours, minutes=minutes)
    return dt.timezone(-offset if zone[0] == "-" else offset)


def _is_epoch(value: Any) -> bool:
    return type(value) is int and 0 <= value < NUMBER_END
