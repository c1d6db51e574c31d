"""A value that PostgreSQL refuses is a reject, and everything around it is imported."""

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from legacy_import.retry import retry
from legacy_import.source import metrics, profiles
from legacy_import.undoing.rollback import rollback
from legacy_import.verify.report.result import as_text
from legacy_import.writing.refused import FileRefused
from tests.legacy_import.tree import Tree, contents, counters, line, message, query, rows
from tests.legacy_import.undisturbed import small_batches
from tests.legacy_import.verify.verifying import passed, verified

pytestmark = pytest.mark.django_db(transaction=True)

CODE = "refused-by-database"


@contextmanager
def rule(administrator: dict[str, Any], make: str, drop: str) -> Iterator[None]:
    """Something on the tables that the importer knows nothing of."""
    with psycopg.connect(**administrator, autocommit=True) as session:
        session.execute(make)
        try:
            yield
        finally:
            session.execute(drop)


BORSCH = (
    "ALTER TABLE messages ADD CONSTRAINT no_borsch CHECK (content !~ 'борщ') NOT VALID",
    "ALTER TABLE messages DROP CONSTRAINT no_borsch",
)


@pytest.fixture
def no_borsch(superuser: dict[str, Any]) -> Iterator[None]:
    with rule(superuser, *BORSCH):
        yield


@pytest.fixture
def short_notes(superuser: dict[str, Any]) -> Iterator[None]:
    """An index's row holds 2,704 bytes."""
    make = "CREATE INDEX short_notes ON messages ((metadata ->> 'note'))"
    with rule(superuser, make, "DROP INDEX short_notes"):
        yield


def rejects() -> list[tuple[Any, ...]]:
    return query(
        "SELECT path, place, code, reason, raw, solved_by FROM import_rejects"
        " JOIN import_files AS file ON file.id = file_id ORDER BY path, place, file_id"
    )


def places(chat_id: int) -> list[int]:
    return [place for place, _ in contents(chat_id)]


def test_beside_batches_that_are_written(
    tree: Tree, no_borsch: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the worker's other connection; files lie in several batches each."""
    small_batches(monkeypatch)
    bad = set(range(50, 401, 97))
    for chat in range(1, 9):
        told = (message(n, "борщ" if n in bad else None, note="x" * 50) for n in range(1, 401))
        tree.chat(chat, *told)
    report = tree.imported()
    assert report.counts["messages"].rejected == 8 * len(bad)
    for chat in range(1, 9):
        assert places(chat) == [n for n in range(1, 401) if n not in bad]
    assert tree.imported().outcome.unchanged_files == 8


def test_the_verifier_knows_them(tree: Tree, superuser: dict[str, Any]) -> None:
    """They are neither missing nor unaccounted for, and what is kept of them is compared."""
    tree.chat(7, *(message(n, "борщ" if n in (5, 9) else "чай", mood="warm") for n in range(1, 20)))
    tree.chat(6, *(message(n) for n in range(1, 5)))
    tree.old_chat(8, line(1), line(2, "борщ"), line(3))
    tree.person(7)
    with rule(superuser, *BORSCH):
        assert tree.imported().counts["messages"].rejected == 3
    findings = verified(tree)
    assert passed(findings)
    assert findings.figures["repairs"]["records that PostgreSQL refused"] == 3
    query("UPDATE import_rejects SET raw = '{\"id\": 5}' WHERE place = 5 RETURNING 1")
    query("DELETE FROM messages WHERE position = 3 RETURNING 1")
    text = as_text(verified(tree))
    assert "the record that PostgreSQL refused is not kept" in text
    assert "the row is missing" in text


def everyone_but(*gone: int, last: int) -> list[int]:
    return [place for place in range(1, last + 1) if place not in gone]


def test_texts(tree: Tree, no_borsch: None) -> None:
    """Two of a conversation's 300 messages, and one of another conversation's."""
    bad = {n: message(n, "борщ", mood="warm") for n in (77, 178)}
    tree.chat(6, *(message(n) for n in range(1, 50)))
    tree.chat(7, *(bad.get(n, message(n)) for n in range(1, 301)))
    tree.old_chat(8, line(1), line(2, "борщ"), line(3))
    tree.person(7)
    report = tree.imported()
    tally = report.counts["messages"]
    assert (tally.source, tally.inserted, tally.rejected) == (352, 349, 3)
    assert (places(6), places(8)) == ([*range(1, 50)], [1, 3])
    assert places(7) == [n for n in range(1, 301) if n not in bad]
    assert counters(7) == (298, 300)
    found = rejects()
    assert [(path, place, code) for path, place, code, *_ in found] == [
        ("conversations/7.json", 77, CODE),
        ("conversations/7.json", 178, CODE),
        ("conversations/8.json", 2, CODE),
    ]
    raws = [json.loads(bytes(raw)) for *_, raw, _ in found]
    assert raws == [*bad.values(), line(2, "борщ")]
    assert all("no_borsch" in reason and "Failing" not in reason for _, _, _, reason, *_ in found)
    assert [(reject["position"], reject["code"]) for reject in report.outcome.rejects] == [
        (77, CODE), (178, CODE), (2, CODE),
    ]  # fmt: skip


def test_again_and_again(tree: Tree, no_borsch: None) -> None:
    """It is counted as rejected, kept once, and tried again only when it has changed."""
    chat = [message(n, "борщ" if n in (3, 4, 9) else None) for n in range(1, 10)]
    tree.chat(7, *chat)
    tree.imported()
    before = rows(), rejects()
    again = tree.imported()
    assert (again.outcome.unchanged_files, again.counts["messages"].rejected) == (1, 3)
    tree.chat(7, *chat, message(10))
    appended = tree.imported().counts["messages"]
    assert (appended.unchanged, appended.inserted, appended.rejected) == (6, 1, 3)
    assert rejects() == before[1]
    assert rows()["messages"][: len(before[0]["messages"])] == before[0]["messages"]
    chat[3] = message(4, "щи")
    tree.chat(7, *chat, message(10))
    cured = tree.imported().counts["messages"]
    assert (cured.unchanged, cured.inserted, cured.rejected) == (7, 1, 2)
    assert places(7) == [1, 2, 4, 5, 6, 7, 8, 10]
    assert [(place, solved is None) for _, place, *_, solved in rejects()] == [
        (3, True), (4, False), (9, True),
    ]  # fmt: skip


def test_a_change_that_is_refused(tree: Tree, no_borsch: None) -> None:
    """The row keeps what it had, until there is something better."""
    chat = [message(n) for n in range(1, 7)]
    tree.chat(7, *chat)
    first = tree.imported()
    before = rows("messages")
    tree.chat(7, *chat[:2], message(3, "борщ"), message(4, "щи"), *chat[4:])
    second = tree.imported()
    tally = second.counts["messages"]
    assert (tally.unchanged, tally.changed, tally.rejected) == (4, 1, 1)
    assert contents(7)[2:4] == [(3, "message 3"), (4, "щи")]
    tree.chat(7, *chat[:2], message(3, "каша"), message(4, "щи"), *chat[4:])
    third = tree.imported()
    assert third.counts["messages"].changed == 1
    assert contents(7)[2:4] == [(3, "каша"), (4, "щи")]
    rollback(third.run_id or 0)
    rollback(second.run_id or 0)
    assert rows("messages") == before
    rollback(first.run_id or 0)
    assert not any(rows().values())


def test_metadata(tree: Tree, short_notes: None) -> None:
    long = [message(n, note=random.Random(n).randbytes(4000).hex()) for n in (2, 3)]
    tree.chat(7, message(1), *long, message(4, note="short"))
    assert tree.imported().counts["messages"].rejected == 2
    assert places(7) == [1, 4]
    assert [json.loads(bytes(raw)) for *_, raw, _ in rejects()] == long
    assert "index row" in rejects()[0][3]


def test_a_profile(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody lets the importer take ages that the table does not; its statistics go with it."""
    monkeypatch.setattr(profiles, "YOUNGEST", 17)
    for number in range(1, 9):
        tree.person(number, age=17 if number == 4 else 30, conversation_stats={"total": number})
    tree.write("girls_data.json", {"girls": {"50": {"age": 17}, "51": {"age": 51}}})
    tree.chat(4, message(1))
    counts = tree.imported().counts
    assert (counts["profiles"].inserted, counts["profiles"].rejected) == (8, 2)
    assert (counts["metrics"].source, counts["metrics"].inserted) == (7, 7)
    assert query("SELECT telegram_id FROM profiles ORDER BY 1") == [
        (n,) for n in (1, 2, 3, 5, 6, 7, 8, 51)
    ]
    assert [(path, place, code) for path, place, code, *_ in rejects()] == [
        ("girls_data.json", 1, CODE), ("girls_data/4.json", 1, CODE),
    ]  # fmt: skip
    assert json.loads(bytes(rejects()[1][4])) == {
        "telegram_id": 4, "name": "Аня", "age": 17, "conversation_stats": {"total": 4},
    }  # fmt: skip
    assert tree.imported().counts["profiles"].rejected == 2


def test_a_metric(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """A number of 140,000 digits, where numeric takes 131,072."""
    monkeypatch.setattr(metrics, "MOST_DIGITS", 200_000)
    history = [{"timestamp": message(n)["timestamp"], "metrics": {"load": n}} for n in range(1, 40)]
    text = json.dumps({"history": history}).replace('"load": 7}', '"load": ' + "9" * 140_000 + "}")
    tree.write("metrics.json", text.encode())
    tally = tree.imported().counts["metrics"]
    assert (tally.source, tally.inserted, tally.rejected) == (39, 38, 1)
    assert query("SELECT sum(metric_value) FROM bot_metrics") == [(sum(range(1, 40)) - 7,)]
    [(_, place, code, reason, raw, _)] = rejects()
    assert (place, code) == (7, CODE)
    assert "overflow" in reason
    assert bytes(raw) == b'{"load": ' + b"9" * 140_000 + b"}"
    assert tree.imported().counts["metrics"].rejected == 1


def test_two_that_exclude_each_other(tree: Tree, superuser: dict[str, Any]) -> None:
    """Each could be written alone: the second is the reject."""
    make = "CREATE UNIQUE INDEX once ON messages (bot_id, content)"
    with rule(superuser, make, "DROP INDEX once"):
        tree.chat(7, *(message(n, "twice" if n in (2, 60) else None) for n in range(1, 90)))
        assert tree.imported().counts["messages"].rejected == 1
    assert [place for _, place, *_ in rejects()] == [60]


def test_everything(tree: Tree, superuser: dict[str, Any]) -> None:
    make = "ALTER TABLE messages ADD CONSTRAINT nothing CHECK (content = '') NOT VALID"
    with rule(superuser, make, "ALTER TABLE messages DROP CONSTRAINT nothing"):
        tree.chat(7, *(message(n) for n in range(1, 501)))
        assert tree.imported().counts["messages"].rejected == 500
    assert (places(7), counters(7)) == ([], (0, 0))


def test_tried_again(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, superuser: dict[str, Any]
) -> None:
    """While the rule is there nothing changes; then the records take their places."""
    monkeypatch.setattr(metrics, "MOST_DIGITS", 200_000)
    make = (
        "ALTER TABLE messages ADD CONSTRAINT no_borsch CHECK (content !~ 'борщ') NOT VALID;"
        "ALTER TABLE profiles ADD CONSTRAINT no_lea CHECK (name <> 'Lea') NOT VALID;"
        "ALTER TABLE bot_metrics ADD CONSTRAINT small CHECK (metric_value < 5) NOT VALID"
    )
    drop = (
        "ALTER TABLE messages DROP CONSTRAINT no_borsch;"
        "ALTER TABLE profiles DROP CONSTRAINT no_lea;"
        "ALTER TABLE bot_metrics DROP CONSTRAINT small"
    )
    with rule(superuser, make, drop):
        tree.chat(7, *(message(n, "борщ" if n == 3 else None) for n in range(1, 6)))
        tree.old_chat(8, line(1, "борщ"), line(2))
        tree.person(7, name="Lea", conversation_stats={"total": 3})
        tree.write("girls_data.json", {"girls": {"50": {"name": "Lea"}, "51": {"name": "Ida"}}})
        tree.write("metrics.json", {"current": {"a": 4, "b": 5, "c": 3}})
        report = tree.imported()
        assert report.counts.total("rejected") == 5
        before = rows(), rejects(), rows("import_chunks")
        retried = retry(report.run_id or 0)
        assert (retried.tried, retried.placed) == (5, 0)
        assert (rows(), rejects(), rows("import_chunks")) == before
    retried = retry(report.run_id or 0)
    assert (retried.tried, retried.placed) == (5, 5)
    assert contents(7) == [(n, "борщ" if n == 3 else f"message {n}") for n in range(1, 6)]
    assert places(8) == [1, 2]
    assert query("SELECT telegram_id FROM profiles ORDER BY 1") == [(7,), (50,), (51,)]
    assert {solved for *_, solved in rejects()} == {retried.run_id}
    again = tree.imported()
    assert (again.outcome.unchanged_files, again.counts.total("rejected")) == (5, 0)
    rollback(retried.run_id)
    assert rows() == before[0]


def test_a_deadlock(tree: Tree, superuser: dict[str, Any]) -> None:
    """Somebody holds a conversation and wants another one: the import is tried again."""
    tree.chat(1, message(1))
    tree.chat(2, message(1))
    tree.imported()
    first, second = query("SELECT id FROM conversations ORDER BY id")
    for chat in (1, 2):
        tree.chat(chat, message(1), message(2))
    lock = "SELECT FROM conversations WHERE id = %s FOR UPDATE"
    with psycopg.connect(**superuser) as other:
        other.execute(lock, second)

        def want_the_first() -> None:
            time.sleep(0.6)
            other.execute(lock, first)
            other.rollback()

        thread = threading.Thread(target=want_the_first)
        thread.start()
        assert tree.imported().counts["messages"].inserted == 2
        thread.join()
    assert (places(1), places(2)) == ([1, 2], [1, 2])
    assert rejects() == []


@pytest.mark.parametrize("workers", [1, 2])
def test_what_stands_around_the_records(
    tree: Tree, superuser: dict[str, Any], workers: int
) -> None:
    """The file is named, and nothing of its batch is written."""
    make = "ALTER TABLE conversations ADD CONSTRAINT named CHECK (title <> 'x') NOT VALID"
    for chat in range(1, 9):
        tree.chat(chat, message(1), title="x" if chat == 5 else "y")
    with (
        rule(superuser, make, "ALTER TABLE conversations DROP CONSTRAINT named"),
        pytest.raises(FileRefused, match=r"conversations/5.json: PostgreSQL does not .*named"),
    ):
        tree.imported(workers=workers)
    assert query("SELECT status FROM import_runs") == [("failed",)]
    assert not any(rows().values())
    assert tree.imported().counts["messages"].inserted == 8
