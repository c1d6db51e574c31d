"""Measurements: the fields of metrics.json's snapshots, and of people's conversation_stats."""

import hashlib
from collections.abc import Iterator
from datetime import tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from legacy_import.verify.source import columns
from legacy_import.verify.source.columns import Refused
from legacy_import.verify.source.json_text import Number, as_written
from legacy_import.verify.source.rows import MetricRow, ProfileRow, Reject
from legacy_import.verify.source.times import is_guessed, microseconds

LONGEST_NAME = 200
MOST_DIGITS = 1_000
NO_TIME = 0


class Snapshots:
    """Those of one file, in its order: a time that cannot be read is that of the one before."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
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
        if fields is None:
            return
        if not isinstance(fields, dict):
            raise Refused("metrics are an object")
        for name, value in fields.items():
            if is_measurement(value) and not (fields is snapshot and name == "timestamp"):
                self.place += 1
                try:
                    yield _row(self.place, name, value, tags, time, list(repairs))
                except Refused as why:
                    raw = as_written({name: value}).encode("utf-8", "backslashreplace")
                    digest = hashlib.sha256(raw).digest()
                    yield Reject(self.place, len(raw), digest, str(why))
                repairs = []  # are noted of the snapshot's first


def stats_rows(profile: ProfileRow) -> Iterator[MetricRow]:
    """What is no measurement there is no reject either: it stands in the profile."""
    stats = profile.additional_data.get("conversation_stats")
    times = (profile.last_active_at, profile.created_at)
    time = next((time for time in times if time is not None), NO_TIME)
    tags = {"telegram_id": profile.telegram_id}
    for name, value in stats.items() if isinstance(stats, dict) else ():
        match value:
            case {"$number": str(digits)}:
                value = Number(digits)
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
    if isinstance(value, bool):
        return Decimal(int(value))
    try:
        number = Decimal(as_written(value))
    except InvalidOperation:
        raise Refused("a number beyond all measure") from None
    if not number.is_finite():
        raise Refused("no number")
    _, digits, exponent = number.as_tuple()
    if len(digits) > MOST_DIGITS or abs(int(exponent)) > MOST_DIGITS:
        raise Refused("a number of too many digits")
    return number
