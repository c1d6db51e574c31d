"""The clean part: as many as asked, in the dialect asked for, the same each time."""

import json
from pathlib import Path

import pytest

from botplatform.demo.fleet import DemoError, Size
from botplatform.legacy_sample.dirt import KINDS
from tests.legacy_sample.trees import everything_in, made


def conversations(root: Path) -> dict[str, list]:
    found = {}
    for path in root.rglob("conversations/*.json"):
        content = json.loads(path.read_text())
        found[path.stem] = content["messages"] if isinstance(content, dict) else content
    return found


def test_the_same_order_makes_the_same_bytes_and_times(tmp_path):
    first, second = made(tmp_path / "a", *KINDS), made(tmp_path / "b", *KINDS)
    assert everything_in(first) == everything_in(second)


def test_another_seed_makes_another_tree(tmp_path):
    first, second = made(tmp_path / "a"), made(tmp_path / "b", seed=2)
    assert set(everything_in(first)) != set(everything_in(second))


@pytest.mark.parametrize("dialect", ["documented", "written", "mixed"])
def test_it_has_as_many_as_asked(tmp_path, dialect):
    size = Size(bots=3, conversations=31, messages=1234)
    found = conversations(made(tmp_path / "tree", dialect=dialect, size=size))
    assert len(found) == 31
    assert sum(map(len, found.values())) == 1234


def test_the_dialects_have_their_shapes(tmp_path):
    for dialect, shape in (("documented", dict), ("written", list)):
        root = made(tmp_path / dialect, dialect=dialect)
        files = list(root.rglob("conversations/*.json"))
        assert files
        assert all(type(json.loads(path.read_text())) is shape for path in files)
    documented, written = (
        next(iter(conversations(tmp_path / name).values()))[0] for name in ("documented", "written")
    )
    assert {"id", "timestamp", "sender", "content", "message_type"} <= set(documented)
    assert set(written) == {"ts", "direction", "text"}


def test_mixed_has_both_in_one_bots_tree(tmp_path):
    root = made(tmp_path / "tree", names=("Emma",), size=Size(1, 20, 200))
    shapes = {type(json.loads(path.read_text())) for path in root.glob("conversations/*.json")}
    assert shapes == {dict, list}


def test_several_bots_have_a_folder_each_and_a_list(tmp_path):
    root = made(tmp_path / "tree")
    listed = json.loads((root / "bots.json").read_text())["bots"]
    assert [bot["name"] for bot in listed] == ["Анна", "Emma"]
    assert {path.name for path in root.iterdir()} == {"bots.json", "Анна", "Emma"}
    assert all(set(bot) >= {"telegram_token", "username", "status", "config"} for bot in listed)


def test_a_single_named_bot_is_the_tree(tmp_path):
    root = made(tmp_path / "tree", names=("Emma",), size=Size(1, 5, 50))
    assert (root / "conversations").is_dir()
    assert not (root / "bots.json").exists()


def test_profiles_belong_to_conversations_and_backups_to_their_beginnings(tmp_path):
    root = made(tmp_path / "tree", size=Size(2, 60, 600))
    chats = conversations(root)
    profiles = {path.stem for path in root.rglob("girls_data/*.json")}
    assert profiles < set(chats)
    backups = list(root.rglob("backups/*/*.json"))
    assert backups
    for path in backups:
        saved = json.loads(path.read_text())["messages"]
        assert saved == chats[path.parent.name][: len(saved)]


def test_metrics_and_older_profiles_are_those_of_the_written_dialect(tmp_path):
    documented = made(tmp_path / "documented", dialect="documented")
    assert not list(documented.rglob("metrics.json"))
    written = made(tmp_path / "written", dialect="written")
    for path in written.rglob("metrics.json"):
        history = json.loads(path.read_text())["history"]
        kinds = {type(value) for value in history[0]["metrics"].values()}
        assert {bool, int, float} <= kinds
        assert not any("+" in one["timestamp"] or "Z" in one["timestamp"] for one in history)
    girls = [json.loads(path.read_text())["girls"] for path in written.rglob("girls_data.json")]
    assert [len(one) for one in girls] == [3, 3]


def test_a_folder_with_anything_in_it_is_refused(tmp_path):
    (tmp_path / "kept.txt").write_text("mine")
    before = everything_in(tmp_path)
    with pytest.raises(DemoError, match="not empty"):
        made(tmp_path)
    assert everything_in(tmp_path) == before


def test_a_file_is_no_folder(tmp_path):
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(DemoError, match="cannot be written to"):
        made(file)
    assert file.read_text() == "mine"
