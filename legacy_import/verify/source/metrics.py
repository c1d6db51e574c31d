"""Measurements: the fields of metrics.json's snapshots, and of people's conversation_stats."""

from collections.abc import Callable, Iterator
from datetime import tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from legacy_import.verify.source import columns
from legacy_import.verify.source.columns import Refused
from legacy_import.verify.source.json_text import Number
from legacy_import.verify.source.rows import MetricRow, ProfileRow, Reject
from legacy_import.verify.source.times import is_guessed, microseconds
from legacy_import.verify.source.window import Kept

LONGEST_NAME = 200
MOST_CHARACTERS, MOST_DIGITS = 1_000, 1_000
NO_TIME = 0


class Snapshots:
    """Those of one file, in its order: a time that cannot be read is that of the one before."""

    def __init__(self, zone: tzinfo, rewritten: Callable[[Any], Kept]) -> None:
        self._zone = zone
        self._rewritten = rewritten
        self._time = NO_TIME
        self.place = 0

    def rows(
        self, snapshot: Any, tags: dict[str, Any], repairs: list[str]
    ) -> Iterator[MetricRow | Reject]:
        """Its fields stand under `metrics`, or by themselves beside the time."""
        if not isinstance(snapshot, dict):
            raise Refused("a snapshot is an object")
        written = snapshot.get("timestamp")
        time = microseconds(written, self._zone)
        if time is None or is_guessed(written, self._zone):
            repairs = [*repairs, "recorded_at"]
        self._time = time = self._time if time is None else time
        fields = snapshot.get("metrics", snapshot)
        if not isinstance(fields, dict):
            raise Refused("metrics are an object")
        for name, value in fields.items():
            if is_measurement(value) and not (fields is snapshot and name == "timestamp"):
                self.place += 1
                try:
                    yield _row(self.place, name, value, tags, time, list(repairs))
                except Refused as why:
                    raw = self._rewritten({name: value})
                    yield Reject(self.place, raw.size, raw.sha256, str(why))
                repairs = []  # are noted of the snapshot's first


def stats_rows(profile: ProfileRow) -> Iterator[MetricRow]:
    """What is no measurement there is no reject either: it stands in the profile."""
    times = (profile.last_active_at, profile.created_at)
    time = next((time for time in times if time is not None), NO_TIME)
    tags = {"telegram_id": profile.telegram_id}
    for name, value in profile.stats.items():
        if is_measurement(value):
            try:
                yield _row(profile.place, name, value, tags, time, [])
            except Refused:
                continue


def is_measurement(value: Any) -> bool:
    return isinstance(value, int | float | Number)


def _row(
    place: int, name: str, value: Any, tags: dict[str, Any], time: int, repairs: list[str]
) -> MetricRow:
    name = columns.text(name, repairs, "metric_name")
    if not 0 < len(name) <= LONGEST_NAME:
        raise Refused("the metric's name")
    return MetricRow(place, name, _measured(value), tags, time, tuple(repairs))


def _measured(value: Any) -> Decimal:
    """Of a float its value: of 0e99999 the rest says nothing."""
    if not isinstance(value, Number):
        return Decimal(repr(float(value)) if isinstance(value, float) else int(value))
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise Refused("a number beyond all measure") from None
    if not number.is_finite():
        raise Refused("no number")
    if len(value) > MOST_CHARACTERS or abs(number.adjusted()) >= MOST_DIGITS:
        raise Refused("a number of too many digits")
    return number
