"""Messages that only backups have."""

import pytest

from legacy_import.batches.counts import Tally
from tests.legacy_import.tree import Tree, contents, line

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


def test_nothing_is_missing(tree: Tree) -> None:
    tree.old_chat(7, line(1), line(2))
    tree.write("backups/7/2024-05-01.json", {"messages": [line(1)]})
    report = tree.imported(salvage_backups=True)
    assert report.counts["messages"] == Tally(source=2, inserted=2)
    assert report.outcome.only_in_backups.kept == []
