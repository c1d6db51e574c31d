"""Rejected records again, after the importer learned to read them."""

import os
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from legacy_import.batches.counts import Tally
from legacy_import.retry import retry
from legacy_import.source import messages, metrics, profiles
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


def test_a_name_that_is_longer_in_print(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    name = b"backups/7/2024-05-01" + b"\xff" * 200 + b".json"
    folder = tree.write("backups/7/2024-05-01.json", {"messages": []}).parent
    (folder.parents[1] / os.fsdecode(name)).write_bytes(b"no json")
    tree.old_chat(7, line(1), line(2, direction="sideways"))
    report = tree.imported()
    assert report.counts.total("rejected") == 2
    monkeypatch.setitem(messages.SPELLINGS, "sideways", "bot")
    assert retry(report.run_id).placed == 1


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


def test_other_metrics_are_not_touched(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in the zone the run had, and only what was rejected."""
    history = [
        {"timestamp": f"2024-01-01T{hour:02}:00:00", "metrics": {"cpu": hour}} for hour in range(12)
    ]
    history[5]["metrics"] |= {"x": float("nan"), "y": float("inf")}
    tree.write("metrics.json", {"history": history})
    report = tree.imported(source_tz=ZoneInfo("Europe/Moscow"))
    assert report.counts["metrics"] == Tally(source=14, inserted=12, rejected=2)
    before = rows()
    retried = retry(report.run_id)
    assert (retried.tried, retried.placed) == (2, 0)
    assert rows() == before
    # Somebody teaches it that infinity is a number; and that all values are twice as large.
    usual = metrics._metric

    def doubled(place: int, name: str, value: Any, *more: Any) -> Any:
        return usual(place, name, value if name in "xy" else 2 * value, *more)

    monkeypatch.setattr(metrics, "_metric", doubled)
    exact = metrics._exact
    monkeypatch.setattr(
        metrics, "_exact", lambda text: Decimal(7) if text == "Infinity" else exact(text)
    )
    retried = retry(report.run_id)
    assert (retried.tried, retried.placed) == (2, 1)
    after = rows()
    assert [row for row in after["bot_metrics"] if row not in before["bot_metrics"]] == [
        row for row in after["bot_metrics"] if '"metric_name": "y"' in row[0]
    ]
    assert query("SELECT recorded_at FROM bot_metrics WHERE metric_name = 'y'") == [
        (datetime(2024, 1, 1, 2, tzinfo=UTC),)
    ]
    assert query("SELECT count(*) FROM bot_metrics") == [(13,)]
    assert query("SELECT count(*) FROM import_rejects WHERE solved_by IS NULL") == [(1,)]
    again = tree.imported(source_tz=ZoneInfo("Europe/Moscow"))
    assert again.outcome.unchanged_files == 1
    rollback(retried.run_id)
    assert rows() == before


def test_what_a_later_pass_brought_stands(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.old_chat(7, line(1), line(2, "old", direction="sideways"))
    report = tree.imported()
    tree.old_chat(7, line(1), line(2, "new", direction="sideways"))
    tree.imported()
    monkeypatch.setitem(messages.SPELLINGS, "sideways", "bot")
    retried = retry(report.run_id)
    assert (retried.tried, retried.placed) == (0, 0)
    retried = retry(report.run_id + 1)
    assert (retried.tried, retried.placed) == (1, 1)
    assert contents(7) == [(1, "line 1"), (2, "new")]


def test_an_entry_of_girls_data_json(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that has its own file is not taken from here, though that file is not there now."""
    tree.person(8, name="own file")
    tree.write("girls_data.json", {"girls": {
        "7": {"name": "a"}, "8": {"name": "old"},
        "9": {"name": "b", "interests": "tea", "conversation_stats": {"total": 3}}}})  # fmt: skip
    report = tree.imported()
    usual = profiles._Fields.interests

    def taught(self: Any) -> Any:
        self.value = {**self.value, "name": self.value["name"].upper()}
        self.value["interests"] = [self.value.get("interests")]
        return usual(self)

    monkeypatch.setattr(profiles._Fields, "interests", taught)
    retried = retry(report.run_id)
    assert (retried.tried, retried.placed) == (1, 1)
    assert query("SELECT telegram_id, name, interests FROM profiles ORDER BY 1") == [
        (7, "a", "[]"), (8, "own file", "[]"), (9, "b", '["tea"]')]  # fmt: skip
    assert query("SELECT metric_value FROM bot_metrics") == [(3,)]


def test_a_file_that_was_read_in_part_is_left(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.old_chat(7, line(1), line(2, direction="sideways"))
    report = tree.imported()
    query("UPDATE import_files SET status = 'partial', header = '{}' RETURNING id")
    monkeypatch.setitem(messages.SPELLINGS, "sideways", "bot")
    assert retry(report.run_id).tried == 0
    assert tree.imported().counts["messages"].inserted == 1
