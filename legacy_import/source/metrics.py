"""Snapshots of metrics: every number and every boolean in one is a metric."""

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from legacy_import.source.document import Document
from legacy_import.source.records import Metric, Note, Reading, Record, Reject
from legacy_import.source.splitting import Element
from legacy_import.source.times import UnreadableTime, parse_time
from legacy_import.source.values import (
    Decoder,
    OddNumber,
    Refused,
    as_json,
    note,
    plain_text,
    pointer,
)

LONGEST_NAME = 200
MOST_DIGITS = 1000
TIME_FIELDS = ("timestamp", "ts", "last_updated", "updated_at")


def metrics_of(
    snapshot: dict[str, Any], tags: dict[str, Any], recorded_at: dt.datetime
) -> Iterator[Metric]:
    """Those of a small part of another record: what is no good number stays in that record."""
    for place, (name, value) in enumerate(_numbers(snapshot, ""), 1):
        try:
            yield _metric(place, name, value, tags, recorded_at, [])
        except Refused:
            continue


def metric_records(
    reading: Reading, blocks: Iterator[bytes], zone: dt.tzinfo, written_at: dt.datetime
) -> Iterator[Record]:
    """metrics.json: the history and then, with the time of the file, the current snapshot."""
    document, decoder = Document(reading, blocks, "history"), Decoder()
    snapshots = _Snapshots(document.take, zone, written_at)
    for found in document.records():
        if isinstance(found, Reject):
            yield found
        elif isinstance(found, Element):
            try:
                snapshot = decoder.decode(found.raw)
            except Refused as refused:
                yield Reject(document.take(), refused.code, refused.detail, found.raw)
            else:
                yield from snapshots.read(snapshot, "history", decoder.notes)
    if (current := document.values.get("current")) is not None:
        snapshots.previous = None
        yield from snapshots.read(current, "current", [])


class _Snapshots:
    def __init__(self, take: Callable[[], int], zone: dt.tzinfo, written_at: dt.datetime) -> None:
        self.previous: dt.datetime | None = None
        self._take, self._zone, self._written_at = take, zone, written_at

    def read(self, snapshot: Any, source: str, odd: list[Note]) -> Iterator[Metric | Reject]:
        if not isinstance(snapshot, dict):
            yield Reject(self._take(), "not-an-object", "", as_json(snapshot))
            return
        notes = list(odd)
        field = next((name for name in TIME_FIELDS if name in snapshot), TIME_FIELDS[0])
        recorded_at = self._time(snapshot, field, notes)
        metrics = snapshot.get("metrics")
        if not isinstance(metrics, dict):
            metrics = {name: item for name, item in snapshot.items() if name != field}
        tags = {"source": "metrics.json", "snapshot": source}
        for name, value in _numbers(metrics, ""):
            place = self._take()
            try:
                yield _metric(place, name, value, tags, recorded_at, notes)
            except Refused as refused:
                yield Reject(place, refused.code, refused.detail, as_json({name[:500]: value}))
            notes = []  # are on the first one

    def _time(self, snapshot: dict[str, Any], field: str, notes: list[Note]) -> dt.datetime:
        written = snapshot.get(field)
        code = "missing-time"
        if written is not None:
            try:
                moment, repaired = parse_time(written, self._zone)
            except UnreadableTime:
                code = "unreadable-time"
            else:
                if repaired:
                    note(notes, repaired, pointer("", field), as_json(written))
                self.previous = moment
                return moment
        code = code if self.previous else "file-time"
        note(notes, code, pointer("", field), as_json(written) if field in snapshot else b"")
        return self.previous or self._written_at


def _numbers(value: dict[str, Any], prefix: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        name = f"{prefix}{key}"
        match item:
            case dict() if depth < 10:
                yield from _numbers(item, f"{name}.", depth + 1)
            case int() | float() | OddNumber():
                yield name, item


def _metric(
    place: int,
    name: str,
    value: Any,
    tags: dict[str, Any],
    recorded_at: dt.datetime,
    notes: list[Note],
) -> Metric:
    name = plain_text(name, "", notes)
    if not 0 < len(name) <= LONGEST_NAME:
        raise Refused("metric-name", name[:100])
    number: int | Decimal
    match value:
        case bool():
            number, tags = int(value), {**tags, "type": "boolean"}
        case int():
            number = value
        case OddNumber():
            number = _exact(value.text)
        case _:
            number = Decimal(repr(value))
    return Metric(place, name, number, tags, recorded_at, tuple(notes))


def _exact(text: str) -> Decimal:
    if text in ("NaN", "Infinity", "-Infinity"):
        raise Refused("number-not-finite", text)
    if len(text) > MOST_DIGITS:
        raise Refused("number-too-large", text[:40])
    try:
        number = Decimal(text)
    except ArithmeticError:  # an exponent beyond what Decimal holds
        raise Refused("number-too-large", text[:40]) from None
    if number.is_finite() and -MOST_DIGITS < number.adjusted() < MOST_DIGITS:
        return number
    raise Refused("number-too-large", text[:40])
