"""Which record is the one that was rejected: by what can be read of its bytes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from legacy_import.batches.mended import is_mended, readable
from legacy_import.source.records import Message, Reject

SHAPE = {"dialect": 1}
WHOLE = {
    "id": 1234,
    "timestamp": "2024-05-01T12:00:00Z",
    "sender": "user",
    "content": 'said "мой 😀"\n',
    "message_type": "text",
}
RECORD = Message(
    1, 1234, "user", None, 'said "мой 😀"\n', "text", {}, datetime(2024, 5, 1, 12, tzinfo=UTC)
)


@pytest.mark.parametrize("plain", [True, False])
def test_wherever_it_is_cut_off(plain: bool) -> None:
    raw = json.dumps(WHOLE, ensure_ascii=plain).encode()
    for end in range(len('{"id": 1'), len(raw)):
        assert is_mended(readable(raw[:end]), RECORD, SHAPE, beside=False), raw[:end]
        assert is_mended(
            readable(raw[:end]), Reject(1, "truncated", "", raw[: end + 1]), SHAPE, False
        )


@pytest.mark.parametrize("field", ["id", "timestamp", "sender", "content"])
def test_another_one_is_not(field: str) -> None:
    other = {**WHOLE, field: 77 if field == "id" else "another"}
    assert not is_mended(readable(json.dumps(other).encode()[:-2]), RECORD, SHAPE, beside=True)


@pytest.mark.parametrize(
    ("change", "beside", "same"),
    [
        ({"sender": []}, False, True),
        ({"id": 2**70}, False, True),
        ({"id": 2**70, "content": "another"}, True, True),
        ({"id": 2**70, "content": "another"}, False, False),
        ({"id": 2**70, "timestamp": "2024-05-01T12:00:01Z"}, True, False),
    ],
)
def test_one_that_was_whole(change: dict[str, Any], beside: bool, same: bool) -> None:
    raw = json.dumps({**WHOLE, **change}).encode()
    assert is_mended(readable(raw), RECORD, SHAPE, beside) is same


@pytest.mark.parametrize(
    "raw",
    [b"", b"lost", b'"lost"', b"{", b'{"', b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe{",
     b'{"a": ' + b"1" * 100_000, b'{"a": "\\ud83d', b'{"a" 1}', b'{1: 2}', b'{"a": nul'],
)  # fmt: skip
def test_bytes_of_every_kind(raw: bytes) -> None:
    readable(raw)
    assert not is_mended(readable(raw), RECORD, SHAPE, beside=True)
