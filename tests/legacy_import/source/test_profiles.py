"""Profiles of both dialects: each comes back as JSON, or is kept byte for byte."""

import datetime as dt
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from legacy_import.source.records import Note, Profile, Reject
from legacy_import.source.render import render_profile
from tests.legacy_import.source.support import codes, exact, whole
from tests.legacy_import.source.test_round_trip import TEXTS, TIMES, VALUES

DOCUMENTED: dict[str, Any] = {
    "telegram_id": 7,
    "name": "Анна",
    "age": 25,
    "location": "Москва",
    "interests": ["кино"],
    "chat_style": "short",
    "personality": "kind",
    "created_at": "2025-08-10T12:00:00Z",
    "last_active": "2025-08-11T12:00:00Z",
    "conversation_stats": {"total_messages": 5, "response_time_avg": 1.5},
}
AS_WRITTEN: dict[str, Any] = {
    "chat_id": 7,
    "name": "Анна",
    "last_activity": None,
    "message_count": 12,
    "summary": {"20250810120000": "met"},
    "profile": {"20250810120000": {"city": "Москва"}},
    "previous_response_id": None,
}


def read_one(root: Path, value: Any) -> Profile | Reject:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    _, [record] = whole(root, "girls_data/7.json", data)
    assert isinstance(record, Profile | Reject)
    if isinstance(record, Reject):
        assert (record.place, record.raw) == (0, data)
    else:
        rendered = json.dumps(render_profile(record.shape, record)).encode()
        assert exact(record.original or rendered) == exact(data)
        assert bool(record.original) == (bool(record.notes) or exact(rendered) != exact(data))
    return record


def test_documented(workspace: Path) -> None:
    profile = read_one(workspace, {**DOCUMENTED, "vip": True})
    assert isinstance(profile, Profile)
    assert (profile.telegram_id, profile.age, profile.interests) == (7, 25, ["кино"])
    assert profile.last_active_at == dt.datetime(2025, 8, 11, 12, tzinfo=dt.UTC)
    stats = DOCUMENTED["conversation_stats"]
    assert profile.additional_data == {"conversation_stats": stats, "vip": True}
    assert (profile.notes, profile.original) == ((), None)
    metrics = [(metric.metric_name, str(metric.metric_value)) for metric in profile.metrics]
    assert metrics == [("total_messages", "5"), ("response_time_avg", "1.5")]
    assert {metric.recorded_at for metric in profile.metrics} == {profile.last_active_at}


def test_as_written(workspace: Path) -> None:
    profile = read_one(workspace, AS_WRITTEN)
    assert isinstance(profile, Profile)
    assert (profile.name, profile.last_active_at, profile.notes) == ("Анна", None, ())
    kept = ("message_count", "summary", "profile", "previous_response_id")
    assert profile.additional_data == {key: AS_WRITTEN[key] for key in kept}
    assert profile.original is None


@pytest.mark.parametrize(
    ("age", "expected", "code"),
    [
        (18, 18, None), (100, 100, None), (None, None, None), ("25", 25, "number-as-string"),
        (25.0, 25, "fraction-of-zero"), (..., None, "missing-field"),
        (17, "age-out-of-range", None), (101, "age-out-of-range", None),
        (10**30, "age-out-of-range", None), ("9" * 99, "age-out-of-range", None),
        ("young", "age-not-a-number", None), (True, "age-not-a-number", None),
        (25.5, "age-not-a-number", None), ([], "age-not-a-number", None),
    ],
)  # fmt: skip
def test_ages(workspace: Path, age: Any, expected: Any, code: str | None) -> None:
    value = {**DOCUMENTED, "age": age}
    it = read_one(workspace, {key: item for key, item in value.items() if item is not ...})
    if isinstance(it, Reject):
        assert it.code == expected
    else:
        assert (it.age, codes(it)) == (expected, [code] if code else [])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"telegram_id": 8}, "id-differs"),
        ({"telegram_id": "8"}, "id-differs"),
        ({"telegram_id": "x"}, "id-not-a-number"),
        ({"telegram_id": 2**63}, "id-too-large"),
        ({"name": {}}, "not-text"),
        ({"location": False}, "not-text"),
        ({"interests": "кино"}, "not-a-list"),
        ({"interests": [[[]]] * 5, "x": [[[[]]]]}, None),
    ],
)
def test_rejects(workspace: Path, change: dict[str, Any], code: str | None) -> None:
    it = read_one(workspace, {**DOCUMENTED, **change})
    assert (it.code if isinstance(it, Reject) else None) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"telegram_id": "7"}, "number-as-string"),
        ({"telegram_id": None}, "missing-field"),
        ({"name": None}, "missing-field"),
        ({"name": 5}, "string-as-number"),
        ({"name": "a\0"}, "nul-character"),
        ({"interests": ["\ud800"]}, "lone-surrogate"),
        ({"interests": None}, "missing-field"),
        ({"created_at": "soon"}, "time-left-out"),
        ({"x": float("nan")}, "odd-number"),
    ],
)
def test_repairs(workspace: Path, change: dict[str, Any], code: str) -> None:
    it = read_one(workspace, {**DOCUMENTED, **change})
    assert isinstance(it, Profile)
    assert codes(it) == [code]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"), (b" \n", "empty"), (b"[]", "not-an-object"), (b"5", "not-an-object"),
        (b'{"name": "x"', "malformed"), (b"{]", "malformed"), (b"\xff", "undecodable"),
        (b'{"name": "\xff "}', "undecodable"), (b"[" * 100_000, "too-deep"),
        (b'{"x": ' + b"[" * 300 + b"]" * 300 + b"}", "too-deep"),
    ],
)  # fmt: skip
def test_damaged(workspace: Path, data: bytes, code: str) -> None:
    it = read_one(workspace, data)
    assert isinstance(it, Reject)
    assert it.code == code


def test_nothing_in_it(workspace: Path) -> None:
    """The file's name alone makes a profile."""
    it = read_one(workspace, {})
    assert isinstance(it, Profile)
    assert (it.telegram_id, it.name, it.age) == (7, "", None)
    assert set(codes(it)) == {"missing-field"}


def test_garbage_behind_a_profile(workspace: Path) -> None:
    data = json.dumps(AS_WRITTEN).encode()
    _, (profile, garbage) = whole(workspace, "girls_data/7.json", data + b' "}')
    assert isinstance(profile, Profile)
    assert isinstance(garbage, Reject)
    assert (garbage.place, garbage.code, garbage.raw) == (2, "trailing-garbage", b'"}')


def test_other_encodings(workspace: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16", "cp1251"):
        text = json.dumps({**DOCUMENTED, "conversation_stats": None}, ensure_ascii=False)
        _, [it] = whole(workspace, "girls_data/7.json", text.encode(encoding))
        assert isinstance(it, Profile)
        assert it.name == "Анна"


def test_all_profiles_in_one_file(workspace: Path) -> None:
    (workspace / "girls_data").mkdir()
    (workspace / "girls_data/6.json").write_text("{}")
    entries = {
        "7": AS_WRITTEN,
        "8": {"name": "no id"},
        "9": {**AS_WRITTEN, "chat_id": 10},
        "x": AS_WRITTEN,
        "6": {"chat_id": 6},
        "11": 5,
    }
    data = json.dumps({"version": 2, "girls": entries, "note": None}).encode()
    data = data.replace(b'"11": 5', b'"11": 5, "8" :{ }')
    reading, records = whole(workspace, "girls_data.json", data)
    assert [each.telegram_id for each in records if isinstance(each, Profile)] == [7, 8]
    rejects = {each.place: (each.code, each.raw) for each in records if isinstance(each, Reject)}
    assert {place: code for place, (code, _) in rejects.items()} == {
        3: "id-differs",
        4: "name-not-a-number",
        5: "superseded",
        6: "not-an-object",
    }
    # The last one counts.
    assert [each.place for each in records if isinstance(each, Profile)] == [1, 7]
    lost = Note("duplicate-key", "/girls/8", b'{"name": "no id"}')
    assert [each for each in records if isinstance(each, Note)] == [lost]
    assert reading.shape == {
        "container": "object",
        "around": [['"version"', "2"], ['"note"', "null"]],
        "records_key": "girls",
    }


ODD = TEXTS | VALUES | TIMES
FIELDS = st.sampled_from([*DOCUMENTED, *AS_WRITTEN, "extra"])


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(
    base=st.sampled_from([DOCUMENTED, AS_WRITTEN, {}]),
    changes=st.dictionaries(FIELDS, ODD, max_size=3),
    missing=st.sets(FIELDS, max_size=3),
)
def test_round_trip(base: dict[str, Any], changes: dict[str, Any], missing: set[str]) -> None:
    value = {key: item for key, item in {**base, **changes}.items() if key not in missing}
    with tempfile.TemporaryDirectory() as folder:
        it = read_one(Path(folder), value)
    if isinstance(it, Profile):
        stored = [it.additional_data, it.interests, it.name, it.personality, it.shape]
        text = json.dumps(stored, ensure_ascii=False, allow_nan=False)
        assert "\\u0000" not in text.replace("\\\\", "")
        assert json.loads(text.encode()) == stored
        assert it.age is None or 18 <= it.age <= 100
