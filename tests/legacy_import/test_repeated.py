"""A key that comes again: the last value counts, and what it replaced is kept in a note."""

import json
from pathlib import Path

import pytest

from legacy_import.batches.counts import Tally
from legacy_import.export import export
from legacy_import.verify.verification import Verification
from tests.legacy_import.tree import Tree, contents, line, message, query

pytestmark = pytest.mark.django_db(transaction=True)
NOTES = (
    "SELECT code, pointer, convert_from(original, 'UTF8') FROM import_repairs"
    " ORDER BY length(original), 3"
)


def agrees(tree: Tree) -> bool:
    findings = Verification(tree.root, tree.bot).run()
    findings.first.pop("performance", None)  # too few rows to plan for
    return not findings.first


@pytest.mark.parametrize("size", [1, 400_000])
def test_two_lists_of_messages(tree: Tree, tmp_path: Path, size: int) -> None:
    """In a small file, and in one that is read in several blocks."""
    first, last = [message(1, "lost")], [message(2), message(3)]
    title = json.dumps("x" * size)
    text = f'{{"messages": {json.dumps(first)}, "about": {title}, "messages": {json.dumps(last)}}}'
    tree.write("conversations/7.json", text.encode())
    report = tree.imported()
    assert report.counts["messages"] == Tally(source=2, inserted=2)
    assert [text for _, text in contents(7)] == ["message 2", "message 3"]
    assert query(NOTES) == [("duplicate-key", "/messages", json.dumps(first))]
    assert agrees(tree)
    export(tree.bot, tmp_path / "out")
    written = json.loads((tmp_path / "out/conversations/7.json").read_bytes())
    assert written == json.loads(text)


def test_a_list_after_what_is_none(tree: Tree) -> None:
    text = f'{{"messages": null, "messages": [{json.dumps(line(1))}]}}'
    tree.write("conversations/7.json", text.encode())
    assert tree.imported().counts["messages"] == Tally(source=1, inserted=1)
    assert agrees(tree)


def test_one_profile_twice(tree: Tree, tmp_path: Path) -> None:
    def girl(name: str) -> str:
        return json.dumps({"chat_id": 7, "name": name, "message_count": 0})

    eight = json.dumps({"chat_id": 8, "name": "Оля"})
    text = f'{{"girls": {{"7": {girl("a")}, "8": {eight}, "7": {girl("bb")}, "7": {girl("ccc")}}}}}'
    tree.write("girls_data.json", text.encode())
    report = tree.imported()
    assert report.counts["profiles"].inserted == report.counts["profiles"].source == 2
    assert query("SELECT telegram_id, name FROM profiles ORDER BY 1") == [(7, "ccc"), (8, "Оля")]
    lost = [("duplicate-key", "/girls/7", girl(name)) for name in ("a", "bb")]
    assert [row for row in query(NOTES) if row[0] == "duplicate-key"] == lost
    assert agrees(tree)
    export(tree.bot, tmp_path / "out")
    assert json.loads((tmp_path / "out/girls_data.json").read_bytes()) == json.loads(text)
