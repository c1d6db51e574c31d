"""Whole records before any damage, the rest as bytes, and every byte once."""

import hashlib
import json

import pytest

from legacy_import.verify.source import encodings, window
from legacy_import.verify.source.document import Document
from legacy_import.verify.source.window import Kept
from tests.legacy_import.verify.reading import walked

RUSSIAN = "Привет".encode("cp1251")


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (b"", None),
        (b" \n", None),
        (b"5", None),
        (b"{", None),
        (b'{"messages": null}', None),
        (b'{"messages": "none"}', None),
        (b'{"x": nope, "messages": [1]}', [1, "9 bytes"]),
        (b'{"x": 1', ["0 bytes"]),
        (b'{"x": 1, "y": 2,}', []),
        (b"[]", []),
        (b"{}", []),
        (b'{"messages": [], "x": 1}\n', []),
        (b"[", None),
        (b'{"messages": [', None),
        (b'{"x": 1, "messages": [', ["0 bytes"]),
        (b'{"x": nope', ["0 bytes", "9 bytes"]),
        (b'["x", nul', ["x", "3 bytes", "0 bytes"]),
        (b"[1, 2", [1, 2, "0 bytes"]),
        (b'[{"a": 1},', [{"a": 1}, "0 bytes"]),
        (b'[{"a": 1}, {"b": 2', [{"a": 1}, "7 bytes"]),
        (b'[{"a": 1}, "b', [{"a": 1}, "2 bytes"]),
        (b'[{"a": 1}{"b": 2}]', [{"a": 1}, "9 bytes"]),
        (b"[1,]", [1]),
        (b"[1,,2]", [1, "3 bytes"]),
        (b'[{"a": 1}] x', [{"a": 1}, "1 bytes"]),
        (b'[{"a": 1}]\0\0', [{"a": 1}, "2 bytes"]),
        (b'{"messages": [1], "x": tru', [1, "0 bytes", "8 bytes"]),
        (b'{"messages": [1], "x": {"y" 5}}', [1, "12 bytes"]),
        (b'{"messages": [1], "messages": [2], "x": 1}', [2]),
        (b'[{"a": 1}, {"b": nul}, {"c": 3}]', [{"a": 1}, "10 bytes", {"c": 3}]),
        (b'[{"a": "\x01"}, {"c": 3}]', [{"a": "\x01"}, {"c": 3}]),
        (b'[{"a": "]}\\"", "b" 1}, {"c": 3}]', ["20 bytes", {"c": 3}]),
        (b"[nul, 1]", ["3 bytes", 1]),
        (b'[{"a": "' + RUSSIAN + b'"}, 1]', [{"a": "Привет"}, 1]),
        (b'[{"a": "caf\xe9"}, 1]', ["13 bytes", 1]),
        (b'[{"a": "' + RUSSIAN + "Ё".encode() + b'"}, 1]', ["17 bytes", 1]),
        (b'[{"a": "' + RUSSIAN + b'\x98"}, 1]', ["16 bytes", 1]),
        (b'[{"a": "\xed\xa0\xbd\xed\xb8\x80"}, 1]', ["15 bytes", 1]),
        (b'[{"a": "Gr\xfc\xdfe, ' + RUSSIAN + b'"}, 1]', ["22 bytes", 1]),
        (b'[{"a": "\\n' + RUSSIAN + b'"}, 1]', [{"a": "\nПривет"}, 1]),
        (b'{"\xff": 1, "messages": [1]}', [1, "6 bytes"]),
        (b'{"' + RUSSIAN + b'": 1, "messages": [1]}', [1]),
        (b"\xef\xbb\xbf[1]", [1]),
        ('[1, "п"]'.encode("utf-16"), [1, "п"]),
        ('[1, "п"]'.encode("utf-16-le"), [1, "п"]),
        ('[1, "п"]'.encode("utf-16-be"), [1, "п"]),
        ('[1, "п'.encode("utf-16-le"), [1, "4 bytes"]),
    ],
)
def test_what_a_document_holds(tmp_path, content, records):
    assert walked(tmp_path / "file", content) == records


def test_members_of_an_object_come_with_their_names(tmp_path):
    content = b'{"x": 1, "girls": {"1": {"a": 1}, "2": {"b"}, "3": {}}, "y": 2}'
    (tmp_path / "file").write_bytes(content)
    with (tmp_path / "file").open("rb") as file:
        found = list(Document(file).records("girls", keyed=True))
    broken = Kept(10, hashlib.sha256(b'"2": {"b"}').digest())
    assert found == [("1", {"a": 1}), ("2", broken), ("3", {})]


def test_the_keys_around_the_records_are_known_at_the_end(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b'{"a": 1, "messages": [{}], "b": [2], "a": 3}')
    with path.open("rb") as file:
        document_ = Document(file)
        assert list(document_.records("messages")) == [{}]
    assert document_.header == {"a": 3, "b": [2]}


def test_what_is_kept_is_hashed_as_it_stands_in_the_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b'[{"a": 1}, {"b": \xff}, {"c": 3}, {"d": "never closed]')
    with path.open("rb") as file:
        _, broken, _, rest = Document(file).records("messages")
    assert broken.sha256 == hashlib.sha256(b'{"b": \xff}').digest()
    assert rest.sha256 == hashlib.sha256(b'{"d": "never closed]').digest()


def test_a_key_that_came_twice_is_told_with_its_lost_value(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b'[{"a": 1, "b": {"c": 2, "c": 3}, "a": 4}, {"a": 1}]')
    with path.open("rb") as file:
        document_ = Document(file)
        twice = [(record, document_.twice) for record in document_.records("messages")]
    assert twice == [
        ({"a": 4, "b": {"c": 3}}, [("c", 2), ("a", 1)]),
        ({"a": 1}, []),
    ]


@pytest.mark.parametrize("block", [16, 17, 23, 64])
def test_the_size_of_the_blocks_changes_nothing(tmp_path, monkeypatch, block):
    records = [
        {"text": "Привет, \U0001f600 мир", "n": n, "list": [1.5, -2, True, None], "s": '"\\'}
        for n in range(40)
    ]
    for ascii_only in (True, False):
        text = json.dumps({"x": {"y": 1}, "messages": records, "z": 12}, ensure_ascii=ascii_only)
        for encoding in ("utf-8", "utf-16"):
            content = text.encode(encoding)
            monkeypatch.setattr(encodings, "BLOCK", 1 << 20)
            cuts = [len(content), len(content) // 2, len(content) // 3, len(content) - 9]
            whole = [walked(tmp_path / "file", content[:cut]) for cut in cuts]
            assert whole[0] == records
            monkeypatch.setattr(encodings, "BLOCK", block)
            assert [walked(tmp_path / "file", content[:cut]) for cut in cuts] == whole


def test_every_cut_gives_the_records_before_it(tmp_path):
    records = [{"text": "ж", "n": 1.25e3}, [1, "]"], "s", {"text": '"}'}]
    content = json.dumps(records, ensure_ascii=False).encode()
    ends = [len(json.dumps(records[:n], ensure_ascii=False).encode()) - 1 for n in range(1, 5)]
    for cut in range(1, len(content)):
        whole = sum(end <= cut for end in ends)
        if not whole:
            assert walked(tmp_path / "file", content[:cut]) is None
            continue
        *found, rest = walked(tmp_path / "file", content[:cut])
        assert found == records[:whole]
        assert rest.endswith(" bytes")


def test_a_record_that_is_too_long_is_kept_and_the_next_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(window, "LONGEST", 1_000)
    monkeypatch.setattr(window, "MOST_VALUES", 100)
    monkeypatch.setattr(encodings, "BLOCK", 64)
    long = {"text": "x" * 990}
    content = json.dumps([1, long, 2, {"text": "y" * 900}]).encode()
    assert walked(tmp_path / "file", content) == [1, "1002 bytes", 2, {"text": "y" * 900}]


def test_nesting_that_no_parser_follows(tmp_path):
    deep = b"[" * 200_000
    content = b"[1, " + deep + b"]" * 200_000 + b", 2]"
    assert walked(tmp_path / "file", content) == [1, "400000 bytes", 2]
    assert walked(tmp_path / "file", b"[1, " + deep) == [1, "200000 bytes"]
    assert walked(tmp_path / "file", b'{"a":' * 100_000) is None
