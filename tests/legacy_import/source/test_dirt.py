"""Each row of LEGACY_FORMATS.md's table of dirt, in a conversation of either dialect."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from legacy_import.source.reading import read
from legacy_import.source.records import Message, Note, Reject
from tests.legacy_import.source.support import (
    codes,
    conversation,
    exact,
    given_back,
    whole,
    written,
)

DOCUMENTED: dict[str, Any] = {
    "id": 1,
    "timestamp": "2025-08-10T12:00:00Z",
    "sender": "user",
    "content": "Привет",
    "message_type": "text",
}
AS_WRITTEN: dict[str, Any] = {"ts": "2025-08-10T12:00:00Z", "direction": "in", "text": "Привет"}
NAMES = {"text": {1: "content", 2: "text"}, "time": {1: "timestamp", 2: "ts"}}
NOON = dt.datetime(2025, 8, 10, 12, tzinfo=dt.UTC)


@pytest.fixture(params=[1, 2], ids=["documented", "as written"])
def dialect(request: pytest.FixtureRequest) -> int:
    return request.param


def record(dialect: int, number: int = 1, **changes: Any) -> dict[str, Any]:
    """`text` and `time` stand for the dialect's names of them."""
    base = {**DOCUMENTED, "id": number} if dialect == 1 else dict(AS_WRITTEN)
    changes = {NAMES[key][dialect] if key in NAMES else key: changes[key] for key in changes}
    return {key: value for key, value in {**base, **changes}.items() if value is not ...}


def file_of(dialect: int, *records: Any) -> bytes:
    texts = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in records]
    array = b"[" + b", ".join(texts) + b"]"
    return b'{"messages": ' + array + b"}" if dialect == 1 else array


def only(root: Path, dialect: int, changed: Any) -> Message | Reject:
    """The odd record, which stands between clean ones that come through."""
    data = file_of(dialect, record(dialect, 10), changed, record(dialect, 30))
    reading, (before, it, after) = conversation(root, data)
    assert isinstance(before, Message)
    assert isinstance(after, Message)
    assert not before.original
    assert not after.original
    assert isinstance(it, Message | Reject)
    written = changed if isinstance(changed, bytes) else json.dumps(changed).encode()
    if isinstance(it, Message):
        assert exact(given_back(reading, it)) == exact(written)
    else:
        assert it.raw == written
    assert it.place == 2
    return it


def test_clean(workspace: Path, dialect: int) -> None:
    it = only(workspace, dialect, record(dialect, 20))
    assert isinstance(it, Message)
    assert (it.content, it.sender_type, it.sent_at) == ("Привет", "user", NOON)
    assert it.telegram_message_id == (20 if dialect == 1 else None)
    assert (it.metadata, it.notes, it.original) == ({}, (), None)


@pytest.mark.parametrize("data", [b"", b" \n", b"\xef\xbb\xbf", b"\0\0\0\0", b"5", b'"x"'])
def test_no_document(workspace: Path, data: bytes) -> None:
    reading, [reject] = conversation(workspace, data)
    assert isinstance(reject, Reject)
    assert (reading.header, reject.place, reject.raw) == (None, 0, data)


@pytest.mark.parametrize("data", [b"[]", b"{}", b'{"messages": []}', b'{"title": "x"}'])
def test_empty_but_valid(workspace: Path, data: bytes) -> None:
    reading, records = conversation(workspace, data)
    assert reading.header is not None
    assert (records, reading.source) == ([], 0)


@pytest.mark.parametrize("data", [b'{"messages": 5}', b'{"messages": {"1": {}}}'])
def test_messages_that_are_no_list(workspace: Path, data: bytes) -> None:
    reading, [reject] = conversation(workspace, data)
    assert isinstance(reject, Reject)
    assert (reading.header, reject.code, reject.raw) == (None, "unexpected-shape", data)


def test_truncated(workspace: Path, dialect: int) -> None:
    data = file_of(dialect, *(record(dialect, n) for n in range(1, 50)))
    for size in range(len(data) // 2, len(data) - 1, 5):
        _, records = conversation(workspace, data[:size])
        *accepted, rest = records
        assert all(isinstance(each, Message) for each in accepted)
        assert isinstance(rest, Reject)
        assert rest.code == "truncated"
        assert data[:size].endswith(rest.raw)
        assert len(rest.raw) < 150


@pytest.mark.parametrize("value", [b"[1, 2", b'{"a', b'"b', b"}", b'"' + b"long " * 400_000])
def test_a_value_cut_off_or_damaged_is_kept_with_its_key(workspace: Path, value: bytes) -> None:
    whole, cut = b'{"title": "x", "messages": [], ', b'"after" : ' + value
    _, [reject] = conversation(workspace, whole + cut)
    assert isinstance(reject, Reject)
    assert (reject.place, reject.raw) == (1, cut)


def test_trailing_garbage(workspace: Path, dialect: int) -> None:
    data = file_of(dialect, record(dialect, 1), record(dialect, 2))
    _, (_, _, rest) = conversation(workspace, data + b' "}]')
    assert isinstance(rest, Reject)
    assert (rest.place, rest.code, rest.raw) == (3, "trailing-garbage", b'"}]')


def test_damage_names_the_backups(workspace: Path, dialect: int) -> None:
    folder = workspace / "backups/7"
    folder.mkdir(parents=True)
    for day in range(1, 6):
        (folder / f"2025-08-0{day}.json").write_text("[]")
    for data in (b"", file_of(dialect, record(dialect))[:-1]):
        rest = conversation(workspace, data)[1][-1]
        assert isinstance(rest, Reject)
        latest = ", ".join(f"backups/7/2025-08-0{day}.json" for day in (5, 4, 3))
        assert rest.reason == f"Backups: {latest} and 2 more"


@pytest.mark.parametrize(
    ("encoding", "code"),
    [
        ("utf-8-sig", "byte-order-mark"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16"),
        ("utf-16-be", "utf-16"),
        ("utf-32", "utf-32"),
    ],
)
def test_encodings_of_files(workspace: Path, dialect: int, encoding: str, code: str) -> None:
    text = file_of(dialect, record(dialect, 1, text="Ёж 😀"), b"{broken}").decode()
    reading, (message, reject) = conversation(workspace, text.encode(encoding))
    assert isinstance(message, Message)
    assert message.content == "Ёж 😀"
    assert [note.code for note in reading.notes] == [code]
    assert isinstance(reject, Reject)
    assert reject.raw == "{broken}".encode(encoding.removesuffix("-sig"))[-len(reject.raw) :]


def test_windows_1251(workspace: Path, dialect: int) -> None:
    raw = json.dumps(record(dialect, 20), ensure_ascii=False).encode("cp1251")
    _, (_, it) = conversation(workspace, file_of(dialect, record(dialect, 10), raw))
    assert isinstance(it, Message)
    assert (it.content, it.original) == ("Привет", None)
    assert [(note.code, note.original) for note in it.notes] == [("windows-1251", raw)]


@pytest.mark.parametrize(
    "strange",
    [
        *(b"\xff", b"\xd0", b"\xcf\xf0\x98", "Ё".encode() + b"\xcf\xf0"),
        # An emoji in halves; Latin-1, which as Windows-1251 were "GrьЯe".
        *(b"\xed\xa0\xbd\xed\xb8\x80", "Grüße aus München".encode("latin-1")),
    ],
)
def test_undecodable(workspace: Path, dialect: int, strange: bytes) -> None:
    raw = json.dumps(record(dialect, 20, text="?")).encode().replace(b"?", strange + b" ")
    it = only(workspace, dialect, raw)
    assert isinstance(it, Reject)
    assert it.code == "undecodable"


@pytest.mark.parametrize(
    ("text", "stored", "code"),
    [
        ("a\0b", "a\ufffdb", "nul-character"),
        ("a\ud83db", "a\ufffdb", "lone-surrogate"),
        ("\udc00", "\ufffd", "lone-surrogate"),
        ("😀", "😀", None),
    ],
)
def test_unstorable_text(
    workspace: Path, dialect: int, text: str, stored: str, code: str | None
) -> None:
    it = only(workspace, dialect, record(dialect, 20, text=text, extra={text: [text]}))
    assert isinstance(it, Message)
    assert (it.content, it.metadata) == (stored, {"extra": {stored: [stored]}})
    assert codes(it) == ([code] * 3 if code else [])
    for note in it.notes:
        assert json.loads(note.original) == text


@pytest.mark.parametrize(
    "number",
    ["NaN", "Infinity", "-Infinity", "1e400", "0.10000000000000000001", "1e300", "9" * 601],
)
def test_odd_numbers_in_metadata(workspace: Path, dialect: int, number: str) -> None:
    raw = json.dumps(record(dialect, 20, extra=["?"])).encode()
    it = only(workspace, dialect, raw.replace(b'"?"', number.encode()))
    assert isinstance(it, Message)
    assert it.metadata == {"extra": [{"$number": number}]}
    assert codes(it) == ["odd-number"]


@pytest.mark.parametrize("number", ["1.50", "-0.0", "1e3", str(2**64), "9" * 600, "123.456"])
def test_exact_numbers_in_metadata(workspace: Path, dialect: int, number: str) -> None:
    raw = json.dumps(record(dialect, 20, extra="?")).encode()
    it = only(workspace, dialect, raw.replace(b'"?"', number.encode()))
    assert isinstance(it, Message)
    assert codes(it) == []
    assert exact(json.dumps(it.metadata)) == exact(f'{{"extra": {number}}}')


def test_duplicate_keys(workspace: Path, dialect: int) -> None:
    raw = (
        json.dumps(record(dialect, 20)).encode()[:-1]
        + b', "a": 1, "a": NaN, "a": {"b": 2, "b": 3}}'
    )
    it = only(workspace, dialect, raw)
    assert isinstance(it, Message)
    assert it.metadata == {"a": {"b": 3}}
    assert [(note.code, note.original) for note in it.notes] == [
        ("duplicate-key", b"2"),
        ("duplicate-key", b"1"),
        ("duplicate-key", b"NaN"),
    ]


def test_a_known_key_twice(workspace: Path, dialect: int) -> None:
    """Also spelled in another way, and among records the shortcut could take."""
    text = NAMES["text"][dialect]
    for key in (text, text.replace("t", "\\u0074", 1)):
        raw = json.dumps(record(dialect, 20)).encode()[:-1] + f', "{key}": "later"}}'.encode()
        records = [json.dumps(record(dialect, n)).encode() for n in range(1, 10)] + [raw]
        _, read = conversation(workspace, file_of(dialect, *records))
        it = read[-1]
        assert isinstance(it, Message)
        assert (it.content, codes(it)) == ("later", ["duplicate-key"])


@pytest.mark.parametrize(
    ("sender", "expected", "code"),
    [
        ("user", ("user", None, {}), None),
        ("bot", ("bot", None, {}), None),
        ("system", ("system", None, {}), None),
        ("Анна", ("user", None, {"sender": "Анна"}), None),
        ("Main", ("bot", None, {"sender": "Main"}), None),
        ("assistant", ("bot", None, {"sender": "assistant"}), None),
        (77, ("user", 77, {"sender": 77}), None),
        ("77", ("user", 77, {"sender": 77}), "number-as-string"),
        (77.0, ("user", 77, {"sender": 77}), "fraction-of-zero"),
        (None, ("system", None, {}), "missing-field"),
        ("", ("system", None, {}), "missing-field"),
        (..., ("system", None, {}), "missing-field"),
        (2**63, "id-too-large", None),
        ("9" * 30, "id-too-large", None),
        (True, "sender-unknown", None),
        ([], "sender-unknown", None),
        (1.5, "sender-unknown", None),
    ],
)
def test_senders(workspace: Path, sender: Any, expected: Any, code: str | None) -> None:
    it = only(workspace, 1, record(1, 20, sender=sender))
    if isinstance(it, Reject):
        assert it.code == expected
    else:
        assert (it.sender_type, it.sender_id, it.metadata) == expected
        assert codes(it) == ([code] if code else [])


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ("in", ("user", {})),
        ("out", ("bot", {})),
        ("OUT", ("bot", {"direction": "OUT"})),
        ("incoming", ("user", {"direction": "incoming"})),
        (None, ("system", {})),
        ("sideways", "direction-unknown"),
        (5, "direction-unknown"),
    ],
)
def test_directions(workspace: Path, direction: Any, expected: Any) -> None:
    it = only(workspace, 2, record(2, direction=direction))
    assert (it.code if isinstance(it, Reject) else (it.sender_type, it.metadata)) == expected


@pytest.mark.parametrize(
    ("number", "expected", "code"),
    [
        ("20", 20, "number-as-string"),
        (20.0, 20, "fraction-of-zero"),
        (10, None, "duplicate-id"),
        ("10", None, "number-as-string"),
        (None, None, None),
        (..., None, "missing-field"),
        ("abc", None, "id-not-a-number"),
        (1.5, None, "id-not-a-number"),
        (True, None, "id-not-a-number"),
        (-(2**63), -(2**63), None),
        (2**63, "id-too-large", None),
        (10**700, "id-too-large", None),
    ],
)
def test_message_ids(workspace: Path, number: Any, expected: Any, code: str | None) -> None:
    it = only(workspace, 1, record(1, number))
    if isinstance(it, Reject):
        assert it.code == expected
    else:
        assert it.telegram_message_id == expected
        assert codes(it)[:1] == ([code] if code else [])


def test_ids_of_a_file_in_any_order(workspace: Path) -> None:
    numbers = [5, 6, 7, 3, 6, 8, 3, 9, 2, 9]
    _, records = conversation(workspace, file_of(1, *(record(1, n) for n in numbers)))
    ids = [each.telegram_message_id for each in records if isinstance(each, Message)]
    assert ids == [5, 6, 7, 3, None, 8, None, 9, 2, None]


@pytest.mark.parametrize(
    ("text", "stored", "code"),
    [
        (..., "", "missing-field"),
        (None, "", "missing-field"),
        (42, "42", "string-as-number"),
        (["См. ", {"type": "link", "text": "example.com"}, "!"], "См. example.com!", "text-list"),
        ([], "", "text-list"),
        ("x" * 200_000, "x" * 200_000, None),
        (True, "not-text", None),
        ({"text": "x"}, "not-text", None),
        ([5], "not-text", None),
    ],
)  # fmt: skip
def test_texts(workspace: Path, dialect: int, text: Any, stored: str, code: str | None) -> None:
    it = only(workspace, dialect, record(dialect, 20, text=text))
    if isinstance(it, Reject):
        assert it.code == stored
    else:
        assert it.content == stored
        assert codes(it) == ([code] if code else [])


def test_a_number_for_a_text_stays_as_it_was_written(workspace: Path, dialect: int) -> None:
    raw = json.dumps(record(dialect, 20, text="?")).encode().replace(b'"?"', b"1.50")
    it = only(workspace, dialect, raw)
    assert isinstance(it, Message)
    assert it.content == "1.50"


@pytest.mark.parametrize("kind", [..., None, ""])
def test_message_types_that_are_missing(workspace: Path, kind: Any) -> None:
    it = only(workspace, 1, record(1, 20, message_type=kind))
    assert isinstance(it, Message)
    assert (it.message_type, codes(it)) == ("text", ["missing-field"])


@pytest.mark.parametrize(
    ("time", "code"), [(..., "missing-time"), (None, "missing-time"), ("soon", "unreadable-time")]
)
def test_times_that_are_missing(workspace: Path, dialect: int, time: Any, code: str) -> None:
    it = only(workspace, dialect, record(dialect, 20, time=time))
    assert isinstance(it, Message)
    assert (it.sent_at, codes(it)) == (NOON, [code])


def test_first_messages_without_a_time_take_the_next(workspace: Path, dialect: int) -> None:
    data = file_of(
        dialect,
        record(dialect, 1, time=None),
        b"[]",
        record(dialect, 2, time="?"),
        record(dialect, 3),
    )
    reading, records = conversation(workspace, data)
    assert [each.sent_at for each in records if isinstance(each, Message)] == [NOON] * 3
    assert reading.header is not None
    assert reading.header.created_at == NOON


def test_no_time_at_all(workspace: Path, dialect: int) -> None:
    reading, records = conversation(workspace, file_of(dialect, record(dialect, time=None)))
    assert isinstance(records[0], Message)
    assert reading.header is not None
    begin = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    assert (records[0].sent_at, reading.header.created_at) == (begin, begin)


def test_time_running_backwards(workspace: Path, dialect: int) -> None:
    it = only(workspace, dialect, record(dialect, 20, time="2001-08-10T12:00:00Z"))
    assert isinstance(it, Message)
    assert (it.sent_at.year, it.notes) == (2001, ())


@pytest.mark.parametrize("odd", [b"5", b"null", b'"x"', b"[]", b"true", b"{broken}", b'{"a" 5}'])
def test_no_record(workspace: Path, dialect: int, odd: bytes) -> None:
    assert isinstance(only(workspace, dialect, odd), Reject)


def test_control_characters_and_trailing_commas(workspace: Path, dialect: int) -> None:
    raw = json.dumps(record(dialect, 20, text="?")).encode().replace(b"?", b"a\nb")
    data = file_of(dialect, record(dialect, 10), raw).replace(b"]", b",]")
    reading, (_, it) = conversation(workspace, data)
    assert isinstance(it, Message)
    assert (it.content, codes(it)) == ("a\nb", ["control-character"])
    assert [note.code for note in reading.notes] == ["trailing-comma"]


def test_unknown_keys(workspace: Path, dialect: int) -> None:
    extra = {"reply_to": 5, "entities": [{"type": "bold", "offset": 0}], "edited": None}
    it = only(workspace, dialect, record(dialect, 20, **extra))
    assert isinstance(it, Message)
    assert (it.metadata, it.original) == (extra, None)


def test_each_dialect_in_the_other_ones_container(workspace: Path) -> None:
    for container, dialect in ((1, 2), (2, 1)):
        data = file_of(container, *(record(dialect, n) for n in (10, 20, 30)))
        reading, records = conversation(workspace, data)
        assert [isinstance(each, Message) and each.original for each in records] == [None] * 3
        assert reading.shape["dialect"] == dialect


def test_what_stands_around_the_messages(workspace: Path) -> None:
    data = (
        b'{"title": "T\\u0000", "chat_id": 8, "messages": [1, 2], "a": NaN, "messages": ['
        + json.dumps(record(1)).encode()
        + b'], "version": 3, "b": {"x": 1, "x": 2}, "c": oops}'
    )
    reading, (lost, message, broken) = conversation(workspace, data)
    assert lost == Note("duplicate-key", "/messages", b"[1, 2]")
    assert isinstance(message, Message)
    assert reading.header is not None
    assert (reading.header.title, reading.header.chat_id) == ("T\ufffd", 7)
    assert [note.code for note in reading.notes] == ["duplicate-key", "id-differs"]
    assert isinstance(broken, Reject)
    assert (broken.code, broken.raw, broken.place) == ("malformed", b'"c": oops', 2)
    json.dumps(reading.shape).encode()


def test_a_backup_is_read_like_a_conversation(workspace: Path) -> None:
    backup = {"date": "2025-08-10", "chat_id": 7, "name": "Анна", "messages": [AS_WRITTEN] * 3}
    data = json.dumps(backup).encode()
    reading, records = whole(workspace, "backups/7/2025-08-10.json", data)
    assert [isinstance(each, Message) and each.original for each in records] == [None] * 3
    assert reading.notes == []


def test_the_name_is_to_be_a_number(workspace: Path) -> None:
    file = replace(written(workspace, "conversations/7.json", b"[]"), key=None)
    [reject] = read(workspace, file).records
    assert isinstance(reject, Reject)
    assert (reject.place, reject.code, reject.raw) == (0, "name-not-a-number", b"[]")
