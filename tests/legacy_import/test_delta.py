"""Later passes over files that grew, were edited, trimmed, begun anew, damaged or mended."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from legacy_import.batches.counts import Tally
from legacy_import.refusal import ImportRefused
from legacy_import.undoing.rollback import rollback
from tests.legacy_import.tree import Tree, contents, counters, line, message, query
from tests.legacy_import.verify.verifying import everything, passed, verified

pytestmark = pytest.mark.django_db(transaction=True)

Makers = pytest.mark.parametrize(
    ("chat", "make"), [(Tree.chat, message), (Tree.old_chat, line)], ids=["dialect 1", "dialect 2"]
)


def numbered(make: Any, *numbers: int) -> list[Any]:
    return [make(n, f"text {n}") for n in numbers]


@Makers
def test_appended(tree: Tree, chat: Any, make: Any) -> None:
    chat(tree, 7, *numbered(make, 1, 2))
    tree.imported()
    chat(tree, 7, *numbered(make, 1, 2, 3, 4))
    report = tree.imported()
    assert report.counts["messages"] == Tally(source=4, inserted=2, unchanged=2)
    assert report.counts["conversations"] == Tally(source=1, unchanged=1)
    assert contents(7) == [(n, f"text {n}") for n in range(1, 5)]
    assert counters(7) == (4, 4)


@Makers
def test_edited(tree: Tree, chat: Any, make: Any) -> None:
    chat(tree, 7, *numbered(make, 1, 2, 3))
    tree.imported()
    chat(tree, 7, make(1, "text 1"), make(2, "другой"), make(3, "text 3"))
    report = tree.imported()
    assert report.counts["messages"] == Tally(source=3, unchanged=2, changed=1)
    assert contents(7) == [(1, "text 1"), (2, "другой"), (3, "text 3")]
    assert query(
        "SELECT place, before->>'content' FROM import_changes WHERE table_name = 'messages'"
    ) == [(2, "text 2")]
    assert tree.imported().outcome.unchanged_files == 1
    chat(tree, 7, make(1, "text 1"), make(2, "третий"), make(3, "text 3"))
    assert tree.imported().counts["messages"].changed == 1


def test_edited_in_its_time_and_id_between_neighbours(tree: Tree) -> None:
    tree.chat(7, *numbered(message, 1, 2, 3))
    tree.imported()
    tree.chat(7, message(1, "text 1"), message(50, "text 2"), message(3, "text 3"))
    assert tree.imported().counts["messages"] == Tally(source=3, unchanged=2, changed=1)
    assert query("SELECT telegram_message_id FROM messages ORDER BY position") == [
        (101,),
        (150,),
        (103,),
    ]


@Makers
def test_trimmed_at_the_front_and_grown(tree: Tree, chat: Any, make: Any) -> None:
    chat(tree, 7, *numbered(make, *range(1, 11)))
    tree.imported()
    chat(tree, 7, *numbered(make, *range(5, 13)))
    report = tree.imported()
    assert report.counts["messages"] == Tally(source=8, inserted=2, unchanged=6, vanished=4)
    assert contents(7) == [(n, f"text {n}") for n in range(1, 13)]
    chat(tree, 7, *numbered(make, *range(9, 15)))
    report = tree.imported()
    assert report.counts["messages"] == Tally(source=6, inserted=2, unchanged=4, vanished=8)
    assert contents(7) == [(n, f"text {n}") for n in range(1, 15)]


@Makers
def test_vanished_in_the_middle_and_at_the_end(tree: Tree, chat: Any, make: Any) -> None:
    chat(tree, 7, *numbered(make, *range(1, 9)))
    tree.imported()
    chat(tree, 7, *numbered(make, 1, 2, 5, 6))
    report = tree.imported()
    assert report.counts["messages"] == Tally(source=4, unchanged=4, vanished=4)
    assert contents(7) == [(n, f"text {n}") for n in range(1, 9)]


@Makers
def test_begun_anew(tree: Tree, chat: Any, make: Any) -> None:
    """The old code starts over from [] when it cannot read a file: nothing may be overwritten."""
    chat(tree, 7, *numbered(make, 1, 2, 3))
    tree.imported()
    chat(tree, 7)
    assert tree.imported().counts["messages"] == Tally(vanished=3)
    chat(tree, 7, *numbered(make, 11, 12))
    report = tree.imported()
    assert report.counts["messages"] == Tally(source=2, inserted=2, vanished=3)
    assert contents(7) == [(n, f"text {m}") for n, m in enumerate((1, 2, 3, 11, 12), 1)]


def test_begun_anew_with_the_same_ids(tree: Tree) -> None:
    old, new = numbered(message, 1, 2, 3), numbered(message, 1001, 1002)
    for n, each in enumerate(new, 1):
        each["id"] = 100 + n
    tree.chat(7, *old)
    tree.imported()
    tree.chat(7, *new)
    report = tree.imported()
    expected = Tally(source=2, inserted=2, repaired=2, vanished=3)
    assert report.counts["messages"] == expected
    texts = [f"text {n}" for n in (1, 2, 3, 1001, 1002)]
    assert [text for _, text in contents(7)] == texts
    ids = "SELECT telegram_message_id FROM messages ORDER BY position"
    assert query(ids) == [(101,), (102,), (103,), (None,), (None,)]
    assert query("SELECT code, convert_from(original, 'UTF8') FROM import_repairs ORDER BY 2") == [
        ("telegram-id-taken", "101"),
        ("telegram-id-taken", "102"),
    ]
    new.append({**message(1003, "text 1003"), "id": 103})
    tree.chat(7, new[0], {**new[1], "content": "edited"}, new[2])
    report = tree.imported()
    assert report.counts["messages"].changed == 1
    assert [text for _, text in contents(7)] == [*texts[:4], "edited", "text 1003"]


def test_edited_at_the_end_keeps_its_row(tree: Tree) -> None:
    tree.chat(7, *numbered(message, 1, 2))
    tree.imported()
    tree.chat(7, message(1, "text 1"), message(2, "edited"))
    assert tree.imported().counts["messages"] == Tally(source=2, unchanged=1, changed=1)
    assert contents(7) == [(1, "text 1"), (2, "edited")]


def test_a_message_whose_time_is_another_ones(tree: Tree) -> None:
    """It moves with the message before it, and is still the same."""
    first, second, third = numbered(message, 1, 2, 3)
    del second["timestamp"]
    tree.chat(7, first, second, third)
    tree.imported()
    tree.chat(7, second, third)
    assert tree.imported().counts["messages"].inserted == 0
    assert [text for _, text in contents(7)] == ["text 1", "text 2", "text 3"]


def untimed(number: int) -> dict[str, Any]:
    return {**line(number), "ts": "10/02/2024 12:00"}


BORROWERS = {
    "a first time is appended": (
        [untimed(1), untimed(2), untimed(3)],
        [untimed(1), untimed(2), untimed(3), line(4)],
        Tally(source=4, inserted=1, changed=3, repaired=3),
    ),
    "trimmed before a run": (
        [line(1), untimed(2), untimed(3), line(4)],
        [untimed(2), untimed(3), line(4)],
        Tally(source=3, unchanged=1, changed=2, repaired=2, vanished=1),
    ),
    "the first of a run is mended": (
        [line(1), untimed(2), untimed(3), line(4)],
        [line(1), line(2), untimed(3), line(4)],
        Tally(source=4, unchanged=2, changed=2, repaired=1),
    ),
    "another comes before a run": (
        [line(1), untimed(3), untimed(4), line(5)],
        [line(1), line(2), untimed(3), untimed(4), line(5)],
        Tally(source=5, inserted=1, unchanged=2, changed=2, repaired=2),
    ),
}


@pytest.mark.parametrize(("before", "after", "expected"), BORROWERS.values(), ids=BORROWERS)
def test_a_run_of_messages_whose_time_is_another_ones(
    tree: Tree, before: list[Any], after: list[Any], expected: Tally
) -> None:
    """They take the new time along, and none comes twice."""
    tree.old_chat(7, *before)
    tree.imported()
    tree.old_chat(7, *after)
    assert tree.imported().counts["messages"] == expected
    assert passed(verified(tree))
    texts = [text for _, text in contents(7)]
    assert sorted(texts) == sorted({each["text"] for each in (*before, *after)})


def test_a_measurement_whose_time_is_another_ones(tree: Tree) -> None:
    def history(*days: int) -> None:
        tree.write("metrics.json", {"history": [
            {"timestamp": f"2024-01-0{day}T00:00:00" if day != 2 else None, "metrics": {"a": day}}
            for day in days
        ]})  # fmt: skip

    history(1, 2, 3)
    tree.imported()
    history(2, 3)
    assert tree.imported().counts["metrics"].changed == 1
    assert query("SELECT metric_value FROM bot_metrics ORDER BY 1") == [(1,), (2,), (3,)]


def test_trimmed_within_a_second(tree: Tree) -> None:
    """Without ids only the texts tell two messages of one time apart."""
    asked, said = line(1, "question"), {**line(1, "answer"), "direction": "out"}
    tree.old_chat(7, asked, said, line(2))
    tree.imported()
    tree.old_chat(7, said, line(2))
    report = tree.imported()
    assert report.counts["messages"] == Tally(source=2, unchanged=2, vanished=1)
    assert [text for _, text in contents(7)] == ["question", "answer", "line 2"]


NO_TIME = pytest.mark.parametrize(
    "time", ["2024-05-01 12:00", None, "soon"], ids=["of one minute", "without", "unreadable"]
)


@NO_TIME
@pytest.mark.parametrize("window", [range(2, 6), range(4, 6), range(4, 8), range(3, 5)])
def test_a_window_that_moves_on_within_one_time(tree: Tree, time: Any, window: range) -> None:
    """Where that time is all that tells messages apart, another message is no edited one."""

    def of(numbers: range) -> list[Any]:
        return [{"ts": time, "direction": "in", "text": f"text {n}"} for n in numbers]

    tree.old_chat(7, *of(range(4)))
    tree.imported()
    tree.old_chat(7, *of(window))
    report = tree.imported()
    new, vanished = window.stop - max(4, window.start), min(4, window.start)
    assert report.counts["messages"] == Tally(
        source=len(window), inserted=new, unchanged=len(window) - new, vanished=vanished,
        repaired=new if time != "2024-05-01 12:00" else 0,
    )  # fmt: skip
    texts = [f"text {n}" for n in (*range(4), *window[len(window) - new :])]
    assert [text for _, text in contents(7)] == texts


AT_ONCE = {"id": 101, "timestamp": "2024-05-01T12:00:00Z", "sender": "user", "message_type": "text"}


@pytest.mark.parametrize(
    "records",
    [
        [{**AT_ONCE, "id": n, "content": f"\u043f\0{n}"} for n in (None, None)],
        [
            {"ts": "2024-05-01T12:00:00Z", "direction": to, "text": "\u043f\0"}
            for to in ("in", "out")
        ],
        [{"ts": "1714564800", "direction": to, "text": "x"} for to in ("in", "out")],
        [{"ts": "2024-05-01T12:00:00Z", "direction": "in", "text": [n]} for n in ("a", "b")],
        [{**AT_ONCE, "content": n} for n in ("a", "b", "c")],
        [{**AT_ONCE, "content": "a", "rate": float("nan")}] * 2,
    ],
)
def test_repaired_messages_of_one_time_written_in_another_form(tree: Tree, records: Any) -> None:
    """Only their bytes are others: it was taken for new messages beside the old."""
    path = "conversations/7.json"
    tree.write(path, json.dumps(records).encode())
    tree.imported()
    before = contents(7)
    tree.write(path, json.dumps(records, ensure_ascii=False, indent=2).encode())
    tally = tree.imported().counts["messages"]
    assert contents(7) == before
    assert (tally.inserted, tally.vanished) == (0, 0)
    assert query("SELECT count(*) FROM import_originals WHERE original LIKE %s", b"%\n%") != [(0,)]
    assert passed(verified(tree))


def test_edited_between_messages_of_its_time(tree: Tree) -> None:
    said = [{"ts": "2024-05-01 12:00", "direction": "in", "text": f"text {n}"} for n in range(4)]
    tree.old_chat(7, *said)
    tree.imported()
    said[1]["text"], said[3]["text"] = "edited", "edited too"
    tree.old_chat(7, *said)
    assert tree.imported().counts["messages"] == Tally(source=4, unchanged=2, changed=2)
    assert [text for _, text in contents(7)] == ["text 0", "edited", "text 2", "edited too"]


def test_metrics_without_times(tree: Tree) -> None:
    def history(*values: int) -> dict[str, Any]:
        return {"history": [{"metrics": {"cpu": value, "mem": -value}} for value in values]}

    tree.write("metrics.json", history(1))
    tree.imported()
    tree.write("metrics.json", history(2, 3))
    tree.imported()
    tree.write("metrics.json", history(3, 4, 5))
    tree.imported()
    values = query("SELECT metric_value FROM bot_metrics WHERE metric_name = 'cpu' ORDER BY 1")
    assert values == [(1,), (2,), (3,), (4,), (5,)]


@Makers
def test_inserted_between_comes_last_and_only_once(tree: Tree, chat: Any, make: Any) -> None:
    chat(tree, 7, *numbered(make, 1, 2, 3))
    tree.imported()
    chat(tree, 7, *numbered(make, 1, 9, 2, 3))
    assert tree.imported().counts["messages"] == Tally(source=4, inserted=1, unchanged=3)
    chat(tree, 7, *numbered(make, 1, 9, 2, 3, 4))
    assert tree.imported().counts["messages"] == Tally(source=5, inserted=1, unchanged=4)
    assert [text for _, text in contents(7)] == [f"text {n}" for n in (1, 2, 3, 9, 4)]


def test_ids_that_changed_places(tree: Tree) -> None:
    tree.chat(7, *numbered(message, 1, 2, 3, 4))
    tree.imported()
    first, second, third, fourth = numbered(message, 1, 2, 3, 4)
    second["id"], third["id"] = third["id"], second["id"]
    tree.chat(7, first, second, third, fourth)
    report = tree.imported()
    # Of such a message nothing says that it is the old one edited: nothing is overwritten.
    assert report.counts["messages"] == Tally(
        source=4, inserted=2, unchanged=2, repaired=2, vanished=2
    )
    assert [text for _, text in contents(7)] == [f"text {n}" for n in (1, 2, 3, 4, 2, 3)]


def test_damaged_then_mended(tree: Tree) -> None:
    whole = tree.old_chat(7, *numbered(line, 1, 2, 3)).read_bytes()
    tree.write("conversations/7.json", whole[:-40])
    report = tree.imported()
    assert report.counts["messages"] == Tally(source=3, inserted=2, rejected=1)
    tree.write("conversations/7.json", whole)
    report = tree.imported()
    assert report.counts["messages"] == Tally(source=3, inserted=1, unchanged=2)
    assert contents(7) == [(n, f"text {n}") for n in (1, 2, 3)]
    [(number,)] = query("SELECT solved_by FROM import_rejects")
    assert number == report.run_id


@Makers
def test_damaged_and_begun_anew(tree: Tree, chat: Any, make: Any) -> None:
    """The record that was torn is not the one that stands there now."""
    before = make(1)
    whole = chat(tree, 7, before, make(2, "my precious")).read_bytes()
    torn = whole[: whole.index(b"precious")]
    tree.write("conversations/7.json", torn)
    assert tree.imported().counts["messages"] == Tally(source=2, inserted=1, rejected=1)
    chat(tree, 7, before, make(3, "new"))
    expected = Tally(source=2, inserted=1, unchanged=1, vanished=1)
    assert tree.imported().counts["messages"] == expected
    assert [text for _, text in contents(7)] == [before.get("text") or before["content"], "new"]
    solved = "SELECT place, solved_by FROM import_rejects ORDER BY 1"
    assert query(solved) == [(2, None)]
    # Torn again, it is another one.
    again = chat(tree, 7, before, make(4, "torn too")).read_bytes()
    tree.write("conversations/7.json", again[: again.index(b"too")])
    assert tree.imported().counts["messages"].rejected == 1
    assert query(solved) == [(2, None), (4, None)]
    assert not everything(verified(tree))
    # And found again after all.
    tree.write("conversations/7.json", whole)
    report = tree.imported()
    assert report.counts["messages"] == Tally(source=2, inserted=1, unchanged=1, vanished=2)
    assert query(solved) == [(2, report.run_id), (4, None)]
    assert not everything(verified(tree))


@Makers
def test_damaged_in_the_first_record_and_begun_anew(tree: Tree, chat: Any, make: Any) -> None:
    """Of such a file nothing was read."""
    whole = chat(tree, 7, make(1, "my precious"), make(2)).read_bytes()
    tree.write("conversations/7.json", whole[: whole.index(b"precious")])
    assert tree.imported().counts["conversations"] == Tally(source=1, rejected=1)
    for other in ([], [make(3, "new")]):
        chat(tree, 7, *other)
        tree.imported()
        assert query("SELECT place, solved_by FROM import_rejects") == [(0, None)]
    assert not everything(verified(tree))
    tree.write("conversations/7.json", whole)
    report = tree.imported()
    assert report.counts["messages"].inserted == 2
    assert query("SELECT place, solved_by FROM import_rejects") == [(0, report.run_id)]
    assert not everything(verified(tree))


def test_another_record_in_a_rejects_place(tree: Tree) -> None:
    odd = {**message(1, "precious"), "id": 2**70}
    tree.chat(7, odd, message(2))
    tree.imported()
    tree.chat(7, message(11, "unrelated"), message(12, "later"))
    tree.imported()
    assert query("SELECT solved_by FROM import_rejects") == [(None,)]
    tree.chat(7, message(1, "precious"), message(11, "unrelated"), message(12, "later"))
    report = tree.imported()
    assert query("SELECT solved_by FROM import_rejects") == [(report.run_id,)]
    assert [text for _, text in contents(7)] == ["precious", "message 2", "unrelated", "later"]


def test_whole_then_damaged(tree: Tree) -> None:
    whole = tree.old_chat(7, *numbered(line, 1, 2, 3)).read_bytes()
    tree.imported()
    tree.write("conversations/7.json", whole[:-40])
    report = tree.imported()
    assert report.counts["messages"].rejected == 1
    assert contents(7) == [(n, f"text {n}") for n in (1, 2, 3)]
    tree.write("conversations/7.json", whole)
    tree.imported()
    assert contents(7) == [(n, f"text {n}") for n in (1, 2, 3)]


def test_unreadable_as_a_whole_then_mended(tree: Tree) -> None:
    tree.write("conversations/7.json", b"\x00\x01")
    assert tree.imported().counts["conversations"] == Tally(source=1, rejected=1)
    tree.old_chat(7, line(1, "a"))
    report = tree.imported()
    assert contents(7) == [(1, "a")]
    assert query("SELECT solved_by FROM import_rejects") == [(report.run_id,)]


def test_a_profile_that_changed(tree: Tree) -> None:
    stats = {"total_messages": 1, "response_time_avg": 2.5}
    tree.person(7, last_active="2024-05-01T12:00:00Z", conversation_stats=stats)
    tree.imported()
    stats["total_messages"] = 2
    tree.person(7, name="Оля", last_active="2024-05-01T12:00:00Z", conversation_stats=stats)
    report = tree.imported()
    assert report.counts["profiles"].changed == 1
    assert report.counts["metrics"] == Tally(source=2, unchanged=1, changed=1)
    assert query("SELECT name FROM profiles") == [("Оля",)]
    assert query("SELECT table_name, before->>'name', before->>'metric_value' FROM import_changes"
                 " WHERE table_name IS NOT NULL ORDER BY 1") == [
        ("bot_metrics", None, "1"), ("profiles", "Аня", None)]  # fmt: skip


def test_a_new_title(tree: Tree) -> None:
    tree.chat(7, message(1), title="Old")
    tree.imported()
    tree.write("conversations/7.json", {"title": "New", "messages": [message(1)]})
    tree.imported()
    assert query("SELECT title FROM conversations") == [("New",)]


def test_a_file_that_is_gone_leaves_its_rows(tree: Tree) -> None:
    file = tree.chat(7, message(1))
    tree.chat(8, message(1))
    tree.imported()
    file.unlink()
    tree.imported()
    assert query("SELECT count(*) FROM messages") == [(2,)]


def test_a_file_changed_just_now_is_left(tree: Tree) -> None:
    tree.chat(7, message(1))
    report = tree.imported(min_age=60)
    assert report.outcome.left.kept == ["conversations/7.json"]
    assert query("SELECT count(*) FROM messages") == [(0,)]


def test_thousands_of_edits_in_one_file(tree: Tree) -> None:
    tree.chat(7, *(message(n) for n in range(1, 3001)))
    tree.imported()
    tree.chat(7, *(message(n, f"changed {n}") for n in range(1, 3001)))
    assert tree.imported().counts["messages"] == Tally(source=3000, changed=3000)
    assert query(
        "SELECT count(*), count(DISTINCT place), bool_and(before ? 'content'), count(chunk_id),"
        " count(earlier) FROM import_changes"
    ) == [(3000, 3000, True, 3000, 3000)]
    assert tree.imported().outcome.unchanged_files == 1


def test_counters_that_come_and_go_beside_each_other(tree: Tree) -> None:
    """Each keeps its row; what a person's file no longer has stays."""
    tree.person(7, conversation_stats={"a": 1, "b": 2})
    tree.imported()
    tree.person(7, conversation_stats={"b": 2, "c": 3})
    tree.imported()
    metrics = query("SELECT metric_name, metric_value FROM bot_metrics ORDER BY 1, 2")
    assert metrics == [("a", 1), ("b", 2), ("c", 3)]


def test_another_zone_is_refused(tree: Tree) -> None:
    """The same times in another zone would be other metrics beside the first."""
    history = [{"timestamp": "2024-05-01T10:00:00", "metrics": {"a": 1}}]
    tree.write("metrics.json", {"history": history})
    moscow = ZoneInfo("Europe/Moscow")
    first = tree.imported(source_tz=moscow)
    with pytest.raises(ImportRefused, match="--source-tz Europe/Moscow, by run"):
        tree.imported()
    assert tree.imported(source_tz=moscow).outcome.unchanged_files == 1
    tree.imported(only=frozenset({"conversations"}))
    rollback(first.run_id or 0)
    tree.imported()
    times = query("SELECT to_char(recorded_at AT TIME ZONE 'UTC', 'HH24:MI') FROM bot_metrics")
    assert times == [("10:00",)]


def names(tree: Tree) -> dict[int, str]:
    return dict(query("SELECT telegram_id, name FROM profiles"))


@pytest.mark.parametrize("own", [b"{torn", b'{"telegram_id": 1, "name": "own", "age": 5}', None])
def test_a_file_of_ones_own_comes_and_goes(tree: Tree, own: bytes | None) -> None:
    """Beside an entry in a file of several people that never changes."""
    tree.write("girls_data.json", {"girls": {"1": {"name": "shared"}, "2": {"name": "two"}}})
    tree.old_chat(1, line(1))
    first = tree.imported()
    states = [names(tree)]
    file = tree.write("girls_data/1.json", own or {"telegram_id": 1, "name": "own", "age": 30})
    second = tree.imported()
    states.append(names(tree))
    assert states == [{1: "shared", 2: "two"}, {1: "shared" if own else "own", 2: "two"}]
    assert ("girls_data.json", 1, "superseded") in second.outcome.rejected.kept
    assert passed(verified(tree))
    assert tree.imported(watching=True).outcome.unchanged_files == 3
    file.unlink()
    third = tree.imported()
    assert names(tree) == {1: "shared", 2: "two"}
    assert not third.outcome.rejected.kept
    assert passed(verified(tree, accept_removed=True))
    assert tree.imported(watching=True).outcome.unchanged_files == 2
    rollback(third.run_id)
    assert names(tree) == states[1]
    rollback(second.run_id)
    assert names(tree) == states[0]
    rollback(first.run_id)
    assert names(tree) == {}


def test_an_entry_beside_a_file_that_was_never_read(tree: Tree) -> None:
    tree.write("girls_data.json", {"girls": {"1": {"name": "shared"}}})
    file = tree.write("girls_data/1.json", b"{torn")
    tree.imported()
    assert names(tree) == {}
    file.unlink()
    tree.imported()
    assert names(tree) == {1: "shared"}


@pytest.mark.parametrize("first", [untimed(1), 1], ids=["without a time", "rejected"])
def test_a_first_time_that_comes_late(tree: Tree, first: Any) -> None:
    """After more records than wait for it."""
    tree.old_chat(7, *[first] * 9000, line(2), line(3))
    tree.imported()
    moments = query("SELECT DISTINCT sent_at FROM messages ORDER BY 1")
    assert len(moments) == 2
    assert query("SELECT created_at FROM conversations") == moments[:1]
    assert passed(verified(tree))
