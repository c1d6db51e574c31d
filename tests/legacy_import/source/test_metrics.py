"""metrics.json: each number and each boolean of a snapshot is a metric."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from legacy_import.source.records import Metric, Reject
from tests.legacy_import.source.support import whole

HOUR = dt.datetime(2025, 8, 10, 12, tzinfo=dt.UTC)


def metrics(root: Path, value: Any, **options: Any) -> list[Any]:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    reading, records = whole(root, "metrics.json", data, **options)
    assert reading.source == len(records)
    places = [each.place for each in records if each.place]
    assert places == list(range(1, len(places) + 1))
    return [
        (each.metric_name, each.metric_value, each.recorded_at, each.metric_tags)
        if isinstance(each, Metric)
        else (each.code, each.raw)
        for each in records
        if isinstance(each, Metric | Reject)
    ]


def test_history_and_current(workspace: Path) -> None:
    snapshot = {"users": 5, "load": 0.1, "up": True, "name": "x", "none": None, "by": {"a": 1}}
    value = {
        "current": {"load": 2},
        "history": [{"timestamp": "2025-08-10T14:00:00", "metrics": snapshot}],
    }
    assert metrics(workspace, value, source_tz=ZoneInfo("Europe/Berlin")) == [
        ("users", 5, HOUR, {}),
        ("load", Decimal("0.1"), HOUR, {}),
        ("up", 1, HOUR, {}),
        ("load", 2, HOUR, {"snapshot": "current"}),
    ]


def test_exact_numbers(workspace: Path) -> None:
    written = [b"0.10000000000000000001", b"1e30", b"1.50", b"9" * 700, b"-0.0"]
    fields = b", ".join(b'"%d": %b' % each for each in enumerate(written))
    data = b'{"history": [{"timestamp": 1754827200, "metrics": {' + fields + b"}}]}"
    values = [value for _, value, _, _ in metrics(workspace, data)]
    assert values == [Decimal(each.decode()) for each in written]


def test_what_is_no_metric(workspace: Path) -> None:
    data = (
        b'{"history": [5, {"timestamp": 1754827200, "metrics": [1]},'
        b'{"timestamp": 1754827200, "metrics": {"n": NaN, "i": -Infinity, "e": 1e99999, "": 1,'
        b'"ok": 1}}, {broken}]}'
    )
    assert metrics(workspace, data) == [
        ("not-an-object", b"5"),
        ("not-an-object", b'{"timestamp": 1754827200, "metrics": [1]}'),
        ("number-not-finite", b'{"n": NaN}'),
        ("number-not-finite", b'{"i": -Infinity}'),
        ("number-too-large", b'{"e": 1e99999}'),
        ("metric-name", b'{"": 1}'),
        ("ok", 1, HOUR, {}),
        ("malformed", b"{broken}"),
    ]


def test_times_that_are_missing(workspace: Path) -> None:
    value = {
        "history": [
            {"metrics": {"a": 1, "b": 2}},
            {"timestamp": "2025-08-10T12:00:00", "metrics": {"a": 2}},
            {"timestamp": "?", "metrics": {"a": 3}},
        ]
    }
    _, records = whole(workspace, "metrics.json", json.dumps(value).encode())
    times = [each.recorded_at for each in records if isinstance(each, Metric)]
    begin = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    assert times == [begin, begin, HOUR, HOUR]
    notes = [[note.code for note in each.notes] for each in records if isinstance(each, Metric)]
    assert notes == [["missing-time"], [], [], ["unreadable-time"]]


def test_other_forms(workspace: Path) -> None:
    assert metrics(workspace, {"history": []}) == []
    assert metrics(workspace, {}) == []
    flat = {"timestamp": "2025-08-10T12:00:00Z", "a": 1}
    assert metrics(workspace, {"current": flat}) == [("a", 1, HOUR, {"snapshot": "current"})]
    assert metrics(workspace, b"") == [("empty", b"")]
    cut = json.dumps({"history": [{"timestamp": 1754827200, "metrics": {"a": 1}}] * 2}).encode()
    assert metrics(workspace, cut[:-10])[0] == ("a", 1, HOUR, {})
