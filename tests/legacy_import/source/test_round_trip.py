"""Whatever stands in a conversation: each record comes back as JSON, or is kept byte for byte."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from legacy_import.source import opening, shortcut, splitting, window
from legacy_import.source.records import Message, Reject
from legacy_import.source.render import render_conversation
from legacy_import.source.splitting import Splitter
from tests.legacy_import.source.support import conversation, exact, given_back

TEXTS = st.text(max_size=12) | st.sampled_from(
    ["", "text", "Привет", '{"ts"', "},{", "a\0b", "\ud83d", "😀", "\\", '"', "id", "]", "NaN"]
)
NUMBERS = (
    st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from([10**700, 1.0, 0, -1, 1.5e300, True])
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
TIMES = st.datetimes().map(lambda time: time.isoformat() + "Z") | st.sampled_from(
    [
        "2025-08-10T12:00:00Z", "2025-08-10T12:00:00.123456Z", "2025-08-10T12:00:00.123Z",
        "2025-08-10 12:00:00", "2025-08-10T12:00:00+03:00", "2025-08-10T24:00:00Z",
        "10.08.2025 12:00:00", "2025-08-10T12:00:00.1234567Z", 1723291200, 1723291200123,
        "yesterday", "", None,
    ]
)  # fmt: skip
IDS = st.integers(1, 50) | NUMBERS | st.sampled_from(["5", " 6 ", "five", None])
SENDERS = st.sampled_from(["user", "bot", "system", "Анна", "main", 5, "5", None, "", [], 2**70])
CLEAN_1 = st.fixed_dictionaries(
    {
        "id": st.integers(1, 10**9),
        "timestamp": TIMES,
        "sender": st.sampled_from(["user", "bot", "Анна", 77]),
        "content": TEXTS,
        "message_type": st.sampled_from(["text", "photo"]),
    }
)
CLEAN_2 = st.fixed_dictionaries(
    {"ts": TIMES, "direction": st.sampled_from(["in", "out"]), "text": TEXTS}
)
DIRTY = st.fixed_dictionaries(
    {},
    optional={
        "id": IDS,
        "timestamp": TIMES | VALUES,
        "ts": TIMES | VALUES,
        "sender": SENDERS,
        "direction": st.sampled_from(["in", "out", "IN", "outgoing", "up", None, 5]),
        "content": TEXTS | VALUES,
        "text": TEXTS | VALUES | st.lists(TEXTS | st.fixed_dictionaries({"text": TEXTS})),
        "message_type": st.sampled_from(["text", "", None, 5, {}]),
        "reply_to": VALUES,
    },
)


@st.composite
def element(draw: st.DrawFn, records: st.SearchStrategy[Any]) -> bytes:
    """A record's bytes: a clean or odd one, repeated keys, odd numbers, or no record at all."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(
            st.sampled_from(
                [b"5", b'"x"', b"null", b"[]", b"{}", b'{"a" 5}', b"{undefined}", b"[{]}",
                 b'{"text": "\xcf\xf0\xe8\xe2\xe5\xf2"}', b'{"text": "\xff \xfe"}',
                 b'{"text": "a\nb"}', b'{"text": "\xd0\x9f\xcf\xf0"}', b"NaN", b"1e999",
                 b'{"ts": 1, "t\\u0073": 2}', b'{"content":"a","content":"b","x":{"y":1,"y":2}}',
                 b"[" * 300 + b"]" * 300, b'{"x":' * 250 + b"1" + b"}" * 250]
            )
        )  # fmt: skip
    value = draw(DIRTY | VALUES if kind == 1 else records)
    text = json.dumps(
        value,
        ensure_ascii=draw(st.booleans()),
        indent=draw(st.sampled_from([None, None, 1])),
    )
    return text.encode("utf-8", "backslashreplace")


def files(records: st.SearchStrategy[Any]) -> st.SearchStrategy[list[bytes]]:
    return st.lists(element(records), max_size=14) | st.lists(
        records.map(lambda value: json.dumps(value).encode()), min_size=5, max_size=40
    )


ELEMENTS = files(CLEAN_1) | files(CLEAN_2) | files(CLEAN_1 | CLEAN_2 | DIRTY)
AROUND = st.dictionaries(TEXTS.filter(lambda key: key != "messages"), VALUES, max_size=2)
ENDS = st.sampled_from(["", "", "", "cut", "garbage"])


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(
    elements=ELEMENTS,
    around=st.none() | AROUND,
    separator=st.sampled_from([b",", b", ", b" ,\n"]),
    end=ENDS,
    block=st.sampled_from([7, 64, 300, 262144]),
)
def test_every_record_comes_back_or_is_rejected(
    elements: list[bytes], around: Any, separator: bytes, end: str, block: int
) -> None:
    array = b"[" + separator.join(elements) + b"]"
    data = array
    if around is not None:
        head = json.dumps(around).encode()[1:-1]
        data = b"{" + head + (b"," if around else b"") + b'"messages":' + array + b"}"
    garbage = {"": b"", "garbage": b"}}", "cut": b""}[end]
    if end == "cut":
        data = data[:-1] if around is None else data[:-2]
    data += garbage
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(opening, "BLOCK", block)
        for module in (splitting, window):
            patched.setattr(module, "BLOCK", block)
        patched.setattr(shortcut, "MOST", 4 * block)
        patched.setattr(shortcut, "LEAST", block // 4)
        reading, records = conversation(Path(folder), data)
        patched.setattr(Splitter, "_run", lambda self: None)
        assert conversation(Path(folder), data)[1] == records, "the shortcut reads otherwise"

    damage = [records.pop()] if end else []
    assert [record.place for record in records] == list(range(1, len(elements) + 1))
    for record, raw in zip(records, elements, strict=True):
        if isinstance(record, Reject):
            assert record.raw == raw
        else:
            assert isinstance(record, Message)
            assert exact(given_back(reading, record)) == exact(_utf8(raw))
            _require_storable(record)
    for reject in damage:
        assert isinstance(reject, Reject)
        nothing_whole = end == "cut" and not elements and not around
        assert reject.raw == (data if nothing_whole else garbage)
        assert bool(reject.place) != nothing_whole
    if not end and all(isinstance(record, Message) for record in records):
        assert reading.header is not None
        pairs = ((record, record.original) for record in records)
        expected = data.replace(array, b"[" + separator.join(map(_utf8, elements)) + b"]")
        assert exact(b"".join(render_conversation(reading.shape, pairs))) == exact(expected)


def _utf8(raw: bytes) -> bytes:
    """Only a record that is Windows-1251 is accepted without being UTF-8."""
    try:
        return raw.decode().encode()
    except UnicodeDecodeError:
        return raw.decode("cp1251").encode()


def _require_storable(message: Message) -> None:
    stored = json.dumps(
        [message.metadata, message.content, message.message_type],
        ensure_ascii=False, allow_nan=False,
    )  # fmt: skip
    assert "\\u0000" not in stored.replace("\\\\", "")
    stored.encode()
    assert json.loads(stored)[0] == message.metadata
    assert message.sent_at.utcoffset() is not None
    assert message.message_type
