"""A run is undone exactly, or not at all."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from conversations.models import Conversation, Message, Profile
from legacy_import.batches.counts import Tally
from legacy_import.export import export
from legacy_import.refusal import ImportRefused
from legacy_import.undoing.rollback import WrittenSince, rollback
from tenants.context import bot_context, maintenance_context
from tests.factories import BotFactory
from tests.legacy_import.tree import LEDGER, Tree, contents, line, message, query, rows

pytestmark = pytest.mark.django_db(transaction=True)

KNOWN = [table for table in LEDGER if table not in ("import_runs", "import_files")]


@pytest.fixture
def filled(tree: Tree) -> Tree:
    BotFactory(name="Emma")
    tree.person(7, last_active="2024-05-01T12:00:00Z", conversation_stats={"total_messages": 1})
    tree.chat(7, message(1), "no object", message(3), title="Seven")
    tree.old_chat(8, line(1), line(2))
    tree.write("backups/7/2024-05-01.json", {"messages": []})
    tree.write("metrics.json", {"history": [{"timestamp": "2024-05-01T12:00:00",
                                             "metrics": {"users": 1}}]})  # fmt: skip
    return tree


def change(tree: Tree) -> None:
    tree.person(7, name="Оля", last_active="2024-05-01T12:00:00Z",
                conversation_stats={"total_messages": 2, "new": 1})  # fmt: skip
    tree.chat(7, message(1, "edited"), message(2), message(3), message(4), title="New")
    tree.old_chat(8, line(2), line(3))
    tree.old_chat(9, line(1))
    tree.write("metrics.json", {"history": [{"timestamp": "2024-05-01T12:00:00",
                                             "metrics": {"users": 2}}]})  # fmt: skip


def data() -> dict[str, list[Any]]:
    """Without the last position that was given out: like a sequence it is not taken back."""
    return {
        table: [
            {k: v for k, v in json.loads(row).items() if k != "last_position"}
            for (row,) in of_table
        ]
        for table, of_table in rows().items()
    }


def ledger_rows() -> dict[str, list[Any]]:
    return {
        table: sorted(
            (
                json.dumps(
                    {k: v for k, v in json.loads(row).items() if k not in ("id", "transaction")},
                    sort_keys=True,
                )
                for (row,) in of_table
            ),
        )
        for table, of_table in rows(*KNOWN).items()
    }


def test_a_first_import(filled: Tree) -> None:
    before = rows()
    report = filled.imported()
    undone = rollback(report.run_id)
    assert rows() == before
    assert undone.removed == {
        "messages": 4, "conversations": 2, "profiles": 1, "bot_metrics": 2}  # fmt: skip
    assert not any(rows(*KNOWN).values())
    assert query("SELECT number, action, status, about FROM import_runs ORDER BY number") == [
        (report.run_id, "import", "undone", None),
        (undone.run_id, "rollback", "done", report.run_id),
    ]
    assert filled.imported().counts.as_json() == report.counts.as_json()


def test_a_run_that_changed_rows(filled: Tree) -> None:
    filled.imported()
    before = data(), ledger_rows()
    change(filled)
    report = filled.imported()
    assert report.counts.total("changed") > 3
    changed = rows()
    undone = rollback(report.run_id)
    assert (data(), ledger_rows()) == before
    assert undone.restored["messages"] == 1
    again = filled.imported()
    assert again.counts.as_json() == report.counts.as_json()
    assert rows() == changed


def test_one_after_the_other(filled: Tree) -> None:
    empty = rows()
    first = filled.imported()
    before = data()
    change(filled)
    second = filled.imported()
    with pytest.raises(ImportRefused, match=f"in this order: {second.run_id}"):
        rollback(first.run_id)
    rollback(second.run_id)
    assert data() == before
    rollback(first.run_id)
    assert rows() == empty
    with pytest.raises(ImportRefused, match="undone already"):
        rollback(first.run_id)


def test_a_dry_run_changes_nothing(filled: Tree) -> None:
    report = filled.imported()
    before = rows(), rows(*LEDGER)
    dry = rollback(report.run_id, dry_run=True)
    assert (rows(), rows(*LEDGER)) == before
    assert dry.removed["messages"] == 4


def test_rows_written_since_stop_it(filled: Tree) -> None:
    report = filled.imported()
    with maintenance_context():
        Message.objects.filter(content="message 1").update(content="staff")
        Profile.objects.update(name="staff")
        bot_id = Conversation.objects.get(chat_id=8).bot_id
    with bot_context(bot_id):
        chat = Conversation.objects.get(chat_id=8)
        Message.objects.create(conversation=chat, sender_type="user", content="live")
    before = rows()
    with pytest.raises(WrittenSince) as stopped:
        rollback(report.run_id)
    assert sorted(row.split()[0] for row in stopped.value.rows) == [
        "conversations", "messages", "profiles"]  # fmt: skip
    assert rows() == before
    undone = rollback(report.run_id, keep_written=True)
    assert undone.removed["messages"] == 3
    assert contents(7) == [(1, "staff")]
    assert contents(8) == [(3, "live")]
    assert query("SELECT name FROM profiles") == [("staff",)]
    # What stayed is taken up again, and nothing comes twice.
    again = filled.imported()
    assert again.counts["messages"] == Tally(source=5, inserted=3, changed=1, rejected=1)
    assert [text for _, text in contents(7)] == ["message 1", "message 3"]
    assert [text for _, text in contents(8)] == ["live", "line 1", "line 2"]


def test_the_command(filled: Tree) -> None:
    report = filled.imported()
    out = StringIO()
    call_command("rollback_import", report.run_id, stdout=out)
    assert "4 messages gone" in out.getvalue()
    assert query("SELECT count(*) FROM messages") == [(0,)]


def test_no_such_run(db: None) -> None:
    with pytest.raises(ImportRefused, match="There is no run 999"):
        rollback(999)


def test_several_bots(tree: Tree) -> None:
    for name in ("Anna", "Emma"):
        tree.write(f"{name}/conversations/1.json", [line(1, name)])
    report = tree.imported(bot=None)
    tree.write("Anna/conversations/1.json", [line(1, "Anna"), line(2)])
    second = tree.imported(bot=None)
    assert second.counts["messages"].inserted == 1
    rollback(second.run_id)
    rollback(report.run_id)
    assert query("SELECT count(*) FROM conversations") == [(0,)]


def test_every_digit(tree: Tree) -> None:
    """More than a float has, in a column and within JSON."""
    snapshot = '{"timestamp": "2024-05-01T12:00:00", "metrics": {"a": %s, "b": %s}}'

    def write(*numbers: str) -> None:
        tree.write("metrics.json", ('{"history": [%s]}' % (snapshot % numbers)).encode())

    write("0.1234567890123456789012345", "12345678901234567890123.5")
    tree.chat(7, message(1), message(2))
    tree.imported()
    exact = '{"n": 0.1234567890123456789012345, "m": ' + "9" * 5000 + "}"
    query("UPDATE messages SET metadata = %s WHERE position = 2 RETURNING 1", exact)
    before = query("SELECT metric_value::text FROM bot_metrics ORDER BY 1"), rows("messages")
    write("1", "2")
    tree.chat(7, message(1), message(2, "changed"))
    report = tree.imported()
    assert (report.counts["metrics"].changed, report.counts["messages"].changed) == (2, 1)
    rollback(report.run_id)
    assert query("SELECT metric_value::text FROM bot_metrics ORDER BY 1") == before[0]
    assert rows("messages") == before[1]


def test_of_a_file_kept_whole_two_states_are_kept(tree: Tree, workspace: Path) -> None:
    """So that a growing metrics.json does not grow the ledger with its square."""
    BotFactory(name="Emma")
    runs, sources = [], []
    for users in range(1, 5):
        source = {"current": {"note": "x" * users}, "history": [
            {"timestamp": f"2024-05-01T12:0{n}:00", "metrics": {"users": n}} for n in range(users)
        ]}  # fmt: skip
        tree.write("metrics.json", source)
        runs.append(tree.imported().run_id)
        sources.append(source)
        assert query("SELECT count(DISTINCT file_id) FROM import_file_parts") == [(min(users, 2),)]

    def exported(name: str) -> Any:
        done = export("Emma", workspace / name)
        path = workspace / name / "metrics.json"
        return (json.loads(path.read_bytes()) if path.exists() else None), done.without_bytes

    assert exported("newest") == (sources[3], 0)
    rollback(runs[3])
    assert exported("before") == (sources[2], 0)
    rollback(runs[2])
    assert exported("two before") == (None, 1)
    assert query("SELECT count(*) FROM bot_metrics") == [(2,)]
    # As the file was at that time: read again for its bytes, though nothing is new.
    tree.write("metrics.json", sources[1])
    report = tree.imported()
    assert report.counts["metrics"] == Tally(source=2, unchanged=2)
    assert exported("again") == (sources[1], 0)
