"""Rejected records again, after the importer learned to read them."""

import pytest

from legacy_import.retry import retry
from legacy_import.source import messages, profiles
from legacy_import.undoing.rollback import rollback
from tests.legacy_import.tree import Tree, contents, line, query, rows

pytestmark = pytest.mark.django_db(transaction=True)


def test_nothing_was_learned(tree: Tree) -> None:
    tree.old_chat(7, line(1), "lost", line(3))
    tree.write("conversations/8.json", b"no json")
    tree.person(7, age=12)
    report = tree.imported()
    before = rows(), rows("import_rejects", "import_chunks")
    retried = retry(report.run_id)
    assert (retried.tried, retried.placed) == (3, 0)
    assert (rows(), rows("import_rejects", "import_chunks")) == before


def test_a_record_takes_its_place(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """`direction: sideways` is rejected; then somebody teaches the importer that spelling."""
    tree.old_chat(7, line(1), line(2, direction="sideways"), line(3))
    report = tree.imported()
    assert [position for position, _ in contents(7)] == [1, 3]
    before = rows("messages"), rows("import_chunks")
    monkeypatch.setitem(messages.SPELLINGS, "sideways", "bot")
    retried = retry(report.run_id)
    assert (retried.tried, retried.placed) == (1, 1)
    assert contents(7) == [(1, "line 1"), (2, "line 2"), (3, "line 3")]
    assert query("SELECT solved_by FROM import_rejects") == [(retried.run_id,)]
    assert tree.imported().outcome.unchanged_files == 1
    assert tree.imported().counts["messages"].unchanged == 3
    rollback(retried.run_id)
    assert (rows("messages"), rows("import_chunks")) == before
    assert query("SELECT solved_by FROM import_rejects") == [(None,)]


def test_a_profile(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.person(7, age=120)
    tree.write("girls_data.json", {"girls": {"8": {"name": "a", "age": 17}, "9": {"name": "b"}}})
    report = tree.imported()
    assert query("SELECT telegram_id FROM profiles") == [(9,)]
    monkeypatch.setattr(profiles, "YOUNGEST", 17)
    # PostgreSQL's own check stands between, so only what it takes is learned.
    assert retry(report.run_id).placed == 0
    assert query("SELECT telegram_id FROM profiles") == [(9,)]
