"""Snapshots of metrics: every number and every boolean in one is a metric."""

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from legacy_import.source.document import Document
from legacy_import.source.found import Element
from legacy_import.source.records import BORROWED_TIME, Metric, Note, Reading, Record, Reject
from legacy_import.source.times import EPOCH, UnreadableTime, parse_time
from legacy_import.source.values import (
    FAULTS,
    OddNumber,
    Refused,
    as_json,
    note,
    plain_text,
    refusal,
)

LONGEST_NAME = 200
MOST_DIGITS = 1000
TIME = "timestamp"


def metrics_of(
    snapshot: dict[str, Any], tags: dict[str, Any], recorded_at: dt.datetime
) -> Iterator[Metric]:
    """Those of a small part of another record: what is no good number stays in that record."""
    for place, (name, value) in enumerate(_numbers(snapshot), 1):
        try:
            yield _metric(place, name, value, tags, recorded_at, [])
        except Refused:
            continue


def metric_records(reading: Reading, blocks: Iterator[bytes], zone: dt.tzinfo) -> Iterator[Record]:
    """metrics.json: the history, and then the current snapshot, for want of its own with the time
    of the last in the history."""
    document = Document(reading, blocks, "history")
    decoder = document.decoder
    snapshots = _Snapshots(document.take, zone)
    for found in document.records():
        if isinstance(found, Reject | Note):
            yield found
        elif isinstance(found, Element):
            try:
                snapshot = decoder.decode(found.raw)
            except FAULTS as fault:
                refused = refusal(fault)
                yield Reject(document.take(), refused.code, refused.detail, found.raw)
            else:
                yield from snapshots.read(snapshot, {}, decoder.notes, found.raw)
    if (current := document.values.get("current")) is not None:
        yield from snapshots.read(current, {"snapshot": "current"}, [], as_json(current))


class _Snapshots:
    def __init__(self, take: Callable[[], int], zone: dt.tzinfo) -> None:
        self.previous: dt.datetime | None = None
        self._take, self._zone = take, zone

    def read(
        self, snapshot: Any, tags: dict[str, Any], odd: list[Note], raw: bytes
    ) -> Iterator[Metric | Reject]:
        if not isinstance(snapshot, dict):
            yield Reject(self._take(), "not-an-object", "", raw)
            return
        notes = list(odd)
        recorded_at = self._time(snapshot, notes)
        borrowed = any(note.code in BORROWED_TIME for note in notes)
        flat = {name: item for name, item in snapshot.items() if name != TIME}
        metrics = snapshot.get("metrics", flat)
        if not isinstance(metrics, dict):
            yield Reject(self._take(), "not-an-object", "metrics", raw)
            return
        for name, value in _numbers(metrics):
            place = self._take()
            try:
                metric = _metric(place, name, value, tags, recorded_at, notes)
                metric.borrowed = borrowed
                yield metric
            except FAULTS as fault:
                refused = refusal(fault)
                yield Reject(place, refused.code, refused.detail, as_json({name: value}))
            notes = []  # are on the first one

    def _time(self, snapshot: dict[str, Any], notes: list[Note]) -> dt.datetime:
        written, code = snapshot.get(TIME), "missing-time"
        if written is not None:
            try:
                self.previous, repaired = parse_time(written, self._zone)
            except UnreadableTime:
                code = "unreadable-time"
            else:
                if repaired:
                    note(notes, repaired, f"/{TIME}", as_json(written))
                return self.previous
        note(notes, code, f"/{TIME}", as_json(written) if TIME in snapshot else b"")
        return self.previous or EPOCH


def _numbers(snapshot: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in snapshot.items():
        if isinstance(value, int | float | OddNumber):  # also booleans
            yield name, value


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
            number = int(value)
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
