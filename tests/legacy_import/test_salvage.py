"""Messages that only backups have."""

import json
from pathlib import Path

import pytest

from legacy_import.batches.counts import Tally
from legacy_import.export import export
from legacy_import.verify.verification import Verification
from tests.legacy_import.tree import Tree, contents, line, message, query

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def begun_anew(tree: Tree) -> Tree:
    tree.old_chat(7, line(11), line(12))
    tree.write("backups/7/2024-05-01.json", {"messages": [line(1), line(2)]})
    tree.write("backups/7/2024-05-02.json", {"messages": [line(1), line(2), line(3)]})
    tree.write("backups/7/2024-05-03.json", {"messages": [line(11)]})
    tree.write("backups/7/2024-05-04.json", b"no json")
    return tree


def test_they_are_reported(begun_anew: Tree) -> None:
    report = begun_anew.imported()
    assert report.outcome.only_in_backups.kept == [("conversations/7.json", 3)]
    assert [text for _, text in contents(7)] == ["line 11", "line 12"]


def test_and_imported_first(begun_anew: Tree) -> None:
    report = begun_anew.imported(salvage_backups=True)
    assert report.counts["messages"] == Tally(source=5, inserted=5)
    expected = ["line 1", "line 2", "line 3", "line 11", "line 12"]
    assert [text for _, text in contents(7)] == expected
    again = begun_anew.imported(salvage_backups=True)
    assert again.counts["messages"] == Tally(source=5, unchanged=5)
    begun_anew.old_chat(7, line(11), line(12), line(13))
    later = begun_anew.imported()
    assert later.counts["messages"] == Tally(source=3, inserted=1, unchanged=2, vanished=3)
    assert [text for _, text in contents(7)] == [*expected, "line 13"]


def test_later_they_come_last(begun_anew: Tree) -> None:
    begun_anew.imported()
    report = begun_anew.imported(salvage_backups=True)
    assert report.counts["messages"] == Tally(source=5, inserted=3, unchanged=2)
    assert [text for _, text in contents(7)] == [f"line {n}" for n in (11, 12, 1, 2, 3)]


def test_a_changed_file_without_backups(tree: Tree) -> None:
    """Also one of the same size."""
    tree.old_chat(8, line(1, "a"), line(2))
    tree.imported()
    tree.old_chat(8, line(1, "b"), line(2))
    report = tree.imported(salvage_backups=True)
    assert report.counts["messages"] == Tally(source=2, changed=1, unchanged=1)
    assert [text for _, text in contents(8)] == ["b", "line 2"]


def test_a_backup_that_begins_at_a_borrowed_time(tree: Tree) -> None:
    untimed = {**line(2), "ts": "then"}
    tree.old_chat(7, line(1), untimed, line(3))
    tree.write("backups/7/2024-05-01.json", {"messages": [untimed, line(3)]})
    assert tree.imported(salvage_backups=True).counts["messages"].inserted == 3
    assert only_noted(tree) == 0


def test_nothing_is_missing(tree: Tree) -> None:
    tree.old_chat(7, line(1), line(2))
    tree.write("backups/7/2024-05-01.json", {"messages": [line(1)]})
    report = tree.imported(salvage_backups=True)
    assert report.counts["messages"] == Tally(source=2, inserted=2)
    assert report.outcome.only_in_backups.kept == []


def only_noted(tree: Tree) -> int:
    """How many messages the verifier finds in backups alone; all else must agree."""
    findings = Verification(tree.root, tree.bot).run()
    findings.first.pop("performance", None)  # too few rows to plan for
    assert not findings.first, findings.first
    return findings.figures["backups"]["messages only in backups"]


def test_a_conversation_that_is_empty(tree: Tree, tmp_path: Path) -> None:
    tree.write("conversations/7.json", b"")
    tree.old_chat(8, line(1))
    tree.write("backups/7/2024-05-01.json", {"messages": [line(1), line(2)]})
    assert tree.imported().outcome.only_in_backups.kept == [("conversations/7.json", 2)]
    assert only_noted(tree) == 2
    dry = tree.imported(salvage_backups=True, dry_run=True)
    report = tree.imported(salvage_backups=True)
    assert dry.counts == report.counts
    assert report.counts["messages"] == Tally(source=3, inserted=2, unchanged=1)
    assert report.counts["conversations"] == Tally(source=2, unchanged=1, rejected=1)
    assert [text for _, text in contents(7)] == ["line 1", "line 2"]
    assert only_noted(tree) == 0
    export(tree.bot, tmp_path / "out")
    written = json.loads((tmp_path / "out/conversations/7.json").read_bytes())
    assert written == {"messages": [line(1), line(2)]}
    tree.old_chat(7, line(3))
    tree.imported()
    assert [text for _, text in contents(7)] == ["line 1", "line 2", "line 3"]
    assert only_noted(tree) == 0


def test_an_empty_conversation_begins_with_what_is_salvaged(tree: Tree) -> None:
    tree.old_chat(7)
    tree.write("backups/7/2024-05-01.json", {"messages": [line(1)]})
    tree.imported(salvage_backups=True)
    assert query("SELECT created_at = sent_at FROM conversations, messages") == [(True,)]
    assert only_noted(tree) == 0


def test_a_conversation_that_has_no_file(tree: Tree, tmp_path: Path) -> None:
    tree.write("backups/7/2024-05-01.json", {"messages": [line(1)]})
    tree.write("backups/7/2024-05-02.json", {"messages": [message(2)]})
    assert tree.imported(dry_run=True).outcome.only_in_backups.kept == [("conversations/7.json", 2)]
    report = tree.imported()
    assert report.outcome.only_in_backups.kept == [("conversations/7.json", 2)]
    assert report.outcome.files == 2
    assert only_noted(tree) == 2
    assert tree.imported().outcome.only_in_backups.kept == []
    report = tree.imported(salvage_backups=True)
    assert report.counts["messages"] == Tally(source=2, inserted=2)
    assert report.counts["conversations"] == Tally(source=1, inserted=1)
    assert [text for _, text in contents(7)] == ["line 1", "message 2"]
    again = tree.imported(salvage_backups=True)
    assert again.counts["messages"] == Tally(source=2, unchanged=2)
    assert only_noted(tree) == 0
    export(tree.bot, tmp_path / "out")
    written = json.loads((tmp_path / "out/conversations/7.json").read_bytes())
    assert written == {"messages": [line(1), message(2)]}


def test_several_of_one_second(tree: Tree) -> None:
    """Also the same words twice."""
    asked, said = line(1, "question"), {**line(1, "answer"), "direction": "out"}
    tree.old_chat(7, line(11), line(12, "ok"))
    tree.write("backups/7/2024-05-01.json", {"messages": [asked, said, said]})
    tree.write("backups/7/2024-05-02.json", {"messages": [said, line(12, "ok"), line(12, "ok")]})
    assert tree.imported().outcome.only_in_backups.kept == [("conversations/7.json", 4)]
    assert only_noted(tree) == 4
    report = tree.imported(salvage_backups=True)
    assert report.counts["messages"] == Tally(source=6, inserted=4, unchanged=2)
    expected = ["line 11", "ok", "question", "answer", "answer", "ok"]
    assert [text for _, text in contents(7)] == expected
    assert only_noted(tree) == 0


def test_ids_that_began_anew(tree: Tree) -> None:
    """The first message that has an id keeps it; one that was edited since is not another one."""
    new = [{**message(n + 50), "id": 100 + n} for n in (1, 2)]
    tree.chat(7, *new)
    tree.write("backups/7/2024-05-01.json", {"messages": [message(1), message(2), message(3)]})
    before = {**new[1], "content": "before it was edited"}
    tree.write("backups/7/2024-05-02.json", {"messages": [before]})
    dry = tree.imported(salvage_backups=True, dry_run=True)
    report = tree.imported(salvage_backups=True)
    assert dry.counts == report.counts
    assert report.counts["messages"] == Tally(source=5, inserted=5, repaired=2)
    texts = [f"message {n}" for n in (1, 2, 3, 51, 52)]
    assert [text for _, text in contents(7)] == texts
    ids = "SELECT telegram_message_id FROM messages ORDER BY position"
    assert query(ids) == [(101,), (102,), (103,), (None,), (None,)]
    again = tree.imported(salvage_backups=True)
    assert again.counts["messages"] == Tally(source=5, unchanged=5)


def test_salvaged_after_the_file_was_begun_anew(tree: Tree) -> None:
    """What was imported before is found again in the backups: it is not imported twice."""
    old = [message(1), message(2)]
    tree.chat(7, *old)
    tree.imported()
    tree.chat(7, {**message(51), "id": 101})
    tree.write("backups/7/2024-05-01.json", {"messages": [*old, message(3)]})
    report = tree.imported()
    assert report.outcome.only_in_backups.kept == [("conversations/7.json", 1)]
    assert only_noted(tree) == 1
    report = tree.imported(salvage_backups=True)
    assert report.counts["messages"] == Tally(source=4, inserted=1, unchanged=3)
    texts = [f"message {n}" for n in (1, 2, 51, 3)]
    assert [text for _, text in contents(7)] == texts
    assert only_noted(tree) == 0


def test_emptied_after_its_import(tree: Tree) -> None:
    tree.old_chat(7, line(1))
    tree.imported()
    tree.old_chat(7)
    tree.write("backups/7/2024-05-02.json", {"messages": [line(1), line(2)]})
    assert tree.imported().outcome.only_in_backups.kept == [("conversations/7.json", 1)]
    assert only_noted(tree) == 1


def test_later_than_what_the_file_has(tree: Tree) -> None:
    """In the order of time, whichever pass salvages."""
    tree.chat(7, message(1), message(2))
    tree.write("backups/7/2024-05-01.json", {"messages": [message(n) for n in (1, 2, 3, 4)]})
    tree.imported(salvage_backups=True)
    assert [text for _, text in contents(7)] == [f"message {n}" for n in (1, 2, 3, 4)]
    tree.chat(7, *(message(n) for n in range(1, 6)))
    tree.imported()
    assert [text for _, text in contents(7)] == [f"message {n}" for n in range(1, 6)]


def test_a_backup_that_comes_later_is_reported(tree: Tree) -> None:
    tree.old_chat(7, line(2))
    assert tree.imported().outcome.only_in_backups.kept == []
    tree.write("backups/7/2024-05-01.json", {"messages": [line(1)]})
    assert tree.imported().outcome.only_in_backups.kept == [("conversations/7.json", 1)]
    assert tree.imported().outcome.only_in_backups.kept == []


def test_backups_that_were_imported_before_their_conversation(tree: Tree) -> None:
    tree.old_chat(7, line(2))
    tree.write("backups/7/2024-05-01.json", {"messages": [line(1)]})
    tree.imported(only=frozenset({"backups"}))
    assert tree.imported().outcome.only_in_backups.kept == [("conversations/7.json", 1)]


def test_what_could_fill_in_where_a_file_is_damaged_now(tree: Tree) -> None:
    tree.write("backups/7/2024-05-01.json", {"messages": [line(1), line(2)]})
    tree.old_chat(7, line(1))
    assert tree.imported().outcome.only_in_backups.kept == [("conversations/7.json", 1)]
    tree.write("conversations/7.json", json.dumps([line(1), line(3)])[:-9].encode())
    report = tree.imported()
    assert report.counts["messages"].rejected == 1
    assert report.outcome.only_in_backups.kept == [("conversations/7.json", 1)]


def test_a_backup_of_nothing_is_written_back(tree: Tree, tmp_path: Path) -> None:
    tree.write("backups/7/2024-05-01.json", b"")
    tree.imported()
    assert export(tree.bot, tmp_path / "out").problems == []
    assert (tmp_path / "out" / "backups/7/2024-05-01.json").read_bytes() == b""
