"""Measurements: the fields of metrics.json's snapshots, and of people's conversation_stats."""

from collections.abc import Iterator
from datetime import tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from legacy_import.verify.source import columns
from legacy_import.verify.source.columns import Refused
from legacy_import.verify.source.json_text import Number, as_written
from legacy_import.verify.source.rows import MetricRow, ProfileRow
from legacy_import.verify.source.times import microseconds

LONGEST_NAME = 500
NO_TIME_BEFORE = 0


class Snapshots:
    """Those of one file, in its order: a time that cannot be read is that of the one before."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._time = NO_TIME_BEFORE
        self.place = 0

    def rows(self, snapshot: Any, repairs: list[str]) -> Iterator[MetricRow]:
        """Of an entry of the history, or of `current`, which may have its fields by itself."""
        if not isinstance(snapshot, dict):
            raise Refused("a snapshot is an object")
        time = microseconds(snapshot.get("timestamp"), self._zone)
        if time is None:
            repairs = [*repairs, "recorded_at"]
            time = self._time
        self._time = time
        fields = snapshot.get("metrics", snapshot)
        if not isinstance(fields, dict):
            raise Refused("metrics are an object")
        for name, value in fields.items():
            if is_measurement(value) and name != "timestamp":
                self.place += 1
                yield _row(self.place, name, value, {}, time, list(repairs))


def stats_rows(profile: ProfileRow) -> Iterator[MetricRow]:
    stats = profile.additional_data.get("conversation_stats")
    time = profile.last_active_at or profile.created_at or NO_TIME_BEFORE
    for name, value in stats.items() if isinstance(stats, dict) else ():
        if is_measurement(value):
            tags = {"telegram_id": profile.telegram_id}
            yield _row(profile.place, name, value, tags, time, [])


def is_measurement(value: Any) -> bool:
    return isinstance(value, int | float | Number)


def _row(
    place: int, name: str, value: Any, tags: dict[str, Any], time: int, repairs: list[str]
) -> MetricRow:
    name = columns.text(name, repairs, "metric_name")
    if not 0 < len(name.encode()) <= LONGEST_NAME:
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
    return number
