"""Each kind of dirt is there when asked for, is what its name says, and nothing else is."""

import json
import os
import re
import stat

import pytest

from botplatform.legacy_sample.dirt import KINDS
from tests.legacy_sample.trees import (
    dirty_conversations,
    dirty_files,
    dirty_profiles,
    everything_in,
    made,
)


def values_in(value):
    yield value
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        for one in value:
            yield from values_in(one)


def parses(content: bytes) -> bool:
    try:
        json.loads(content.decode())
    except (ValueError, RecursionError):
        return False
    return True


def test_empty(tree):
    contents = list(dirty_files(tree, "conversations").values())
    assert {b"", b"[]", b"{}"} <= set(contents)
    assert {b"", b"{}"} <= set(dirty_files(tree, "girls_data").values())


def test_truncated(tree):
    damaged = dirty_files(tree, "conversations")
    assert not any(map(parses, damaged.values()))
    assert any(content.count(b"\n") > 4 for content in damaged.values())
    whole = dirty_files(tree, "backups")
    assert whole
    assert all(map(parses, whole.values()))
    assert any(b"\xef\xbf\xbd" in one.decode(errors="replace").encode() for one in damaged.values())


def test_garbage(tree):
    for content in dirty_files(tree, "conversations").values():
        value, end = json.JSONDecoder().raw_decode(content.decode())
        assert value
        assert content.decode()[end:].strip()


def test_encodings(tree):
    contents = list(dirty_files(tree, "conversations").values())
    text = "Ёжик"
    found = {
        encoding
        for encoding in ("utf-8-sig", "utf-16-le", "utf-16-be", "cp1251")
        if any(text.encode(encoding) in content for content in contents)
    }
    assert found == {"utf-8-sig", "utf-16-le", "utf-16-be", "cp1251"} - {"utf-8-sig"}
    assert any(content.startswith(b"\xef\xbb\xbf") for content in contents)
    assert any(b"\x98\xff\x98" in content for content in contents)


def test_nul(tree):
    assert all(
        "\0" in str([*values_in(one)]) or r"\x00" in repr(one) for one in dirty_profiles(tree)
    )
    assert any("\0" in str(v) for one in dirty_conversations(tree) for v in values_in(one))


def test_surrogates(tree):
    found = [v for one in dirty_conversations(tree) for v in values_in(one) if isinstance(v, str)]
    assert any(re.search("[\ud800-\udfff]", text) for text in found)


def test_not_numbers(tree):
    floats = {
        str(v) for one in dirty_conversations(tree) for v in values_in(one) if isinstance(v, float)
    }
    assert floats == {"nan", "inf", "-inf"}


def test_huge_numbers(tree):
    text = b"".join(dirty_files(tree, "conversations").values())
    assert re.search(rb'"id": 9{5000}\b', text)
    assert b'"id": 9223372036854775808' in text
    assert re.search(rb'"unknown": "9{5000}"', text)


def test_deep_nesting(tree):
    for content in dirty_files(tree, "conversations").values():
        assert b"[" * 100_000 in content or b'{"a":' * 100_000 in content
        with pytest.raises((RecursionError, json.JSONDecodeError)):
            json.loads(content)


def test_duplicate_keys(tree):
    twice = []

    def note(pairs):
        twice.extend(key for n, (key, _) in enumerate(pairs) if key in dict(pairs[:n]))
        return dict(pairs)

    for content in [
        *dirty_files(tree, "conversations").values(),
        *dirty_files(tree, "girls_data").values(),
    ]:
        json.loads(content, object_pairs_hook=note)
    assert {"name", "content", "text", "a"} == set(twice)


def test_wrong_types(tree):
    ids = {type(one.get("id")) for chat in dirty_conversations(tree) for one in chat}
    assert {str, float} <= ids
    texts = {type(one.get("text")) for chat in dirty_conversations(tree) for one in chat}
    assert {int, float, bool, type(None)} <= texts
    assert {type(one["age"]) for one in dirty_profiles(tree)} == {str, float}


def test_long_text(tree):
    lengths = [
        len(v) for chat in dirty_conversations(tree) for v in values_in(chat) if type(v) is str
    ]
    assert max(lengths) >= 300_000


def test_rich_text(tree):
    texts = [one.get("text") for chat in dirty_conversations(tree) for one in chat]
    assert any(isinstance(text, list) and text for text in texts)


def test_missing_fields(tree):
    records = [one for chat in dirty_conversations(tree) for one in chat]
    for key in ("ts", "direction", "text", "id", "timestamp", "sender", "content", "message_type"):
        rest = {"ts", "direction", "text"} - {key}
        if key not in ("ts", "direction", "text"):
            rest = {"id", "timestamp", "sender", "content", "message_type"} - {key}
        assert any(key not in one and rest <= set(one) for one in records), key
    assert {} in records


def test_duplicate_ids(tree):
    for chat in dirty_conversations(tree):
        ids = [one["id"] for one in chat]
        assert len(ids) - len(set(ids)) == 2


def test_ages(tree):
    ages = {one["age"] for one in dirty_profiles(tree)}
    assert {17, 101} <= ages
    assert not ages & set(range(18, 101))


def test_counters(tree):
    for one in dirty_profiles(tree):
        assert 999 in (
            one.get("message_count"),
            one.get("conversation_stats", {}).get("total_messages"),
        )
    assert all(len(chat) == 6 for chat in dirty_conversations(tree))


def test_bad_timestamps(tree):
    times = [
        one.get("ts", one.get("timestamp", 0)) for chat in dirty_conversations(tree) for one in chat
    ]
    assert {None, "", "yesterday", "2025-02-30T12:00:00Z"} <= {
        t for t in times if not isinstance(t, (list, dict))
    }
    assert times.count(0) == 4


def test_time_formats(tree):
    times = [
        one.get("ts", one.get("timestamp")) for chat in dirty_conversations(tree) for one in chat
    ]
    assert {1706788800, 1706788800123, "01.02.2024 12:00:00", "2024-01-31T24:00:00Z"} <= set(times)


def test_backwards(tree):
    for chat in dirty_conversations(tree):
        times = [one.get("ts", one.get("timestamp")) for one in chat]
        assert times != sorted(times)


def test_names_differ(tree):
    for path, content in dirty_files(tree, "conversations").items():
        assert str(json.loads(content)["chat_id"]) not in path
    for path, content in dirty_files(tree, "girls_data").items():
        profile = json.loads(content)
        assert str(profile.get("telegram_id", profile.get("chat_id"))) not in path


def test_odd_names(tree):
    for folder in ("conversations", "girls_data"):
        names = [path.rsplit("/", 1)[1] for path in dirty_files(tree, folder)]
        assert len(names) == 40
        assert not any(re.fullmatch(r"-?[1-9][0-9]{0,18}\.json", name) for name in names)


def test_leftovers(tree):
    names = [path.rsplit("/", 1)[1] for path in dirty_files(tree, "girls_data")]
    assert sorted(name.split(".", 1)[1][:6] for name in names) == ["backup"] * 4 + ["tmp"] * 4


def test_lost_history(tree):
    chats = dirty_files(tree, "conversations")
    for path, content in dirty_files(tree, "backups").items():
        saved = json.loads(content)["messages"]
        left = json.loads(
            chats[path.rsplit("/", 1)[0].replace("backups", "conversations") + ".json"]
        )
        left = left["messages"] if isinstance(left, dict) else left
        assert [one for one in saved if one not in left]
        assert [one for one in left if one not in saved]


def test_strangers(tree):
    names = {path.name for path in tree.rglob("*")}
    assert {"archive", "notes written.txt", "old documented"} <= names


def test_hostile_files(tree):
    kinds = {stat.S_IFMT(path.lstat().st_mode) for path in tree.rglob("*")}
    assert {stat.S_IFLNK, stat.S_IFIFO} <= kinds
    names = [os.fsencode(path.name) for path in tree.rglob("conversations/*")]
    assert any(b"\n" in name for name in names)
    assert any(b"\xff" in name for name in names)


@pytest.fixture
def tree(request, tmp_path):
    """With the one kind of dirt that the test is named after."""
    return made(tmp_path / "tree", request.node.name.removeprefix("test_"))


def test_every_kind_has_a_test_here():
    assert {f"test_{kind}" for kind in KINDS} <= set(globals())


def test_dirt_leaves_the_clean_part_as_it_is(tmp_path):
    clean = everything_in(made(tmp_path / "clean"))
    dirty = everything_in(made(tmp_path / "dirty", *KINDS))
    assert clean.items() <= dirty.items()


@pytest.mark.parametrize("dialect", ["documented", "written"])
def test_every_kind_exists_in_either_dialect(tmp_path, dialect):
    clean = everything_in(made(tmp_path / "clean", dialect=dialect))
    for kind in KINDS:
        added = everything_in(made(tmp_path / kind, kind, dialect=dialect)).keys() - clean.keys()
        assert added, kind
