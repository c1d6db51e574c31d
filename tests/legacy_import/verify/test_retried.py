"""What a retry placed is verified like what an import placed."""

from typing import Any

import pytest

from legacy_import.retry import retry
from legacy_import.source import messages, profiles
from legacy_import.verify.source import messages as expected
from legacy_import.verify.source import reading
from tests.legacy_import.test_refused import BORSCH, rule
from tests.legacy_import.tree import Tree, line, message, query, rows
from tests.legacy_import.verify.verifying import passed, verified

pytestmark = pytest.mark.django_db(transaction=True)


def test_both_learned(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.old_chat(7, line(1), line(2, direction="sideways", a=1), line(3, direction="sideways"))
    tree.old_chat(8, line(1), line(2))
    report = tree.imported()
    assert passed(verified(tree))
    monkeypatch.setitem(messages.SPELLINGS, "sideways", "bot")
    monkeypatch.setitem(expected.NAMES, "sideways", "bot")
    assert retry(report.run_id).placed == 2
    assert passed(verified(tree))
    assert passed(verified(tree, deep=True))


ODD = [
    b'{"messages": [{"id": 1, "content": "a"}]} {"id": 2, "content": "b"}',
    b'[{"id": 1, "content": "a"} {"id": 2, "content": "b"}',
    b'[{"id": 1, "content": "a"}] {"id": 2, "content": "b"}',
    b'{"messages": [{"id": 1, "content": "a"} {"id": 2, "content": "b"}',
    b'{"title": "x", "messages": [{"id": 1, "content": "a"}], "zz": {"id": 2',
    b'{"title": "x", "messages": [{"id": 1, "content": "a"}], "zz": {"id": 2}} {}',
]


@pytest.mark.parametrize("data", ODD)
def test_what_is_no_record_is_not_placed(tree: Tree, data: bytes) -> None:
    tree.old_chat(8, line(1), line(2))
    tree.write("conversations/7.json", data)
    report = tree.imported()
    assert passed(verified(tree))
    before = rows("messages")
    retried = retry(report.run_id)
    assert retried.placed == 0, query("SELECT code, raw FROM import_rejects")
    assert rows("messages") == before
    assert passed(verified(tree))


def test_what_postgresql_takes_now(tree: Tree, superuser: dict[str, Any]) -> None:
    tree.chat(7, *(message(n, "борщ" if n in (5, 9) else "чай", mood="warm") for n in range(1, 20)))
    tree.old_chat(8, line(1), line(2, "борщ"), line(3))
    with rule(superuser, *BORSCH):
        report = tree.imported()
    assert retry(report.run_id).placed == 3
    assert passed(verified(tree))
    assert passed(verified(tree, deep=True))


def test_a_person_and_a_measurement(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both readers learn that interests may be one text, and that a number may be infinite."""
    tree.old_chat(8, line(1), line(2))
    stats = {"total": 3}
    tree.person(7, interests="tea", conversation_stats=stats)
    tree.write("girls_data.json", {"girls": {"9": {"name": "b", "interests": "tea"}, "10": {}}})
    rates = {"rate": 1, "other": float("inf")}
    history = [{"timestamp": "2024-01-01T00:00:00", "metrics": rates}]
    tree.write("metrics.json", {"history": history})
    report = tree.imported()
    assert passed(verified(tree))
    usual = profiles._Fields.interests

    def taught(self: Any) -> Any:
        value = self.value.get("interests")
        self.value = {**self.value, "interests": [value] if isinstance(value, str) else value or []}
        return usual(self)

    row = reading.profile_row

    def also(place: int, key: int, record: Any, repairs: list[str]) -> Any:
        if isinstance(value := record.get("interests"), str):
            record["interests"] = [value]
        return row(place, key, record, repairs)

    monkeypatch.setattr(profiles._Fields, "interests", taught)
    monkeypatch.setattr(reading, "profile_row", also)
    assert retry(report.run_id).placed == 2
    assert passed(verified(tree))
    kept = "SELECT DISTINCT file_id FROM import_file_parts JOIN import_files AS file"
    kept += " ON file.id = file_id WHERE path = 'girls_data.json'"
    (older,) = query(kept)
    tree.write("girls_data.json", {"girls": {"9": {"name": "c", "interests": "tea"}, "10": {}}})
    tree.imported()
    assert older in query(kept)  # what a rollback comes back to
    assert passed(verified(tree, deep=True))
