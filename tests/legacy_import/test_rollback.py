"""A run is undone exactly, or not at all."""

import itertools
import json
import random
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from conversations.models import Conversation, Message, Profile
from legacy_import.batches.batch import Batch, Finished
from legacy_import.batches.counts import Tally
from legacy_import.export import export
from legacy_import.refusal import ImportRefused
from legacy_import.runs.run import Interrupted
from legacy_import.undoing.rollback import WrittenSince, rollback
from legacy_import.writing.apply import Writer
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
    assert [text for _, text in contents(8)] == ["line 1", "line 2", "live"]


def test_an_id_that_went_to_a_new_message(tree: Tree) -> None:
    tree.chat(7, message(1), message(2))
    tree.imported()
    before = rows("messages")
    # Of two records with one id the first keeps it.
    tree.chat(7, message(1), {**message(3, "new"), "id": 102}, message(2))
    report = tree.imported()
    ids = query("SELECT telegram_message_id FROM messages ORDER BY position")
    assert ids == [(101,), (None,), (102,)]
    rollback(report.run_id)
    assert rows("messages") == before


def test_an_id_that_a_live_message_has_now(tree: Tree) -> None:
    bot = BotFactory(name="Emma")
    tree.chat(7, *(message(n) for n in range(1, 6)))
    tree.imported()
    second, fourth = {**message(2), "id": 999}, {**message(4), "id": 102}
    tree.chat(7, message(1), second, message(3), fourth, message(5, "x"))
    report = tree.imported()
    with bot_context(bot.pk):
        chat = Conversation.objects.get(chat_id=7)
        Message.objects.create(
            conversation=chat, sender_type="user", content="live", telegram_message_id=104
        )
    before = rows()
    # The fourth cannot have its id back, nor therefore the second, whose id the fourth has.
    waiting = query("SELECT 'messages ' || id FROM messages WHERE position IN (2, 4) ORDER BY 1")
    assert sorted(rollback(report.run_id, dry_run=True).kept) == [id for (id,) in waiting]
    with pytest.raises(WrittenSince):
        rollback(report.run_id)
    assert rows() == before
    undone = rollback(report.run_id, keep_written=True)
    assert undone.restored["messages"] == 1
    ids = query("SELECT telegram_message_id FROM messages ORDER BY position")
    assert ids == [(101,), (999,), (103,), (102,), (105,), (104,)]
    assert contents(7)[4] == (5, "message 5")


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


def test_of_a_file_kept_whole_all_states_come_back(tree: Tree, workspace: Path) -> None:
    """What they have in common is kept once: a growing metrics.json does not grow the ledger with
    its square."""
    BotFactory(name="Emma")
    noise = random.Random(1)
    history = [
        {"timestamp": f"2024-05-01T12:{n // 60:02}:{n % 60:02}", "metrics": {"users": n},
         "note": noise.randbytes(1000).hex()}
        for n in range(1500)
    ]  # fmt: skip
    runs, states, sizes = [], [], []
    for number in (1300, 1350, 1400, 1500):
        tree.write("metrics.json", {"current": {"users": number}, "history": history[:number]})
        states.append((tree.root / "metrics.json").read_bytes())
        runs.append(tree.imported().run_id)
        sizes += [size for (size,) in query("SELECT sum(length(data)) FROM import_file_parts")]
    assert sizes[3] < 2 * sizes[0]

    def exported(name: str) -> tuple[bytes, int]:
        done = export("Emma", workspace / name)
        return (workspace / name / "metrics.json").read_bytes(), len(done.problems)

    # Neither is one that could not be read in anybody's way.
    tree.write("metrics.json", b"no json")
    unreadable = tree.imported().run_id
    assert exported("unreadable") == (states[3], 0)
    rollback(unreadable)
    for run, state in reversed([*zip(runs, states, strict=True)]):
        assert exported(f"before {run}") == (state, 0)
        rollback(run)
    assert not query("SELECT FROM import_file_parts")


def say(bot_id: Any, chat_id: int, content: str, **conversation: Any) -> None:
    with bot_context(bot_id):
        chat, _ = Conversation.objects.get_or_create(chat_id=chat_id, defaults=conversation)
        Message.objects.create(conversation=chat, sender_type="user", content=content)


def test_a_run_that_was_killed_in_the_middle_of_a_file(
    filled: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows()
    filled.chat(9, *(message(n) for n in range(1, 200)), title="Nine")
    with monkeypatch.context() as broken:
        broken.setattr("legacy_import.batches.plan.MOST_BYTES", 30_000)
        broken.setattr("legacy_import.batches.batch.MOST_BYTES", 30_000)
        written = itertools.count()
        write = Writer.write

        def killed(self: Writer, batch: Batch) -> Finished:
            if [part for part in batch.parts if part.file.key == 9] and next(written):
                raise KeyboardInterrupt
            return write(self, batch)

        broken.setattr(Writer, "write", killed)
        with pytest.raises(Interrupted):
            filled.imported()
    [(number,)] = query("SELECT max(number) FROM import_runs")
    [(title, messages)] = query("SELECT title, message_count FROM conversations WHERE chat_id = 9")
    assert title == "Nine"
    assert 0 < messages < 199
    undone = rollback(number)
    assert undone.removed["conversations"] == 3
    assert rows() == before
    # Its conversation, named by somebody, is theirs.
    with monkeypatch.context() as broken:
        broken.setattr("legacy_import.batches.plan.MOST_BYTES", 30_000)
        broken.setattr("legacy_import.batches.batch.MOST_BYTES", 30_000)
        written = itertools.count()
        broken.setattr(Writer, "write", killed)
        with pytest.raises(Interrupted):
            filled.imported()
    with maintenance_context():
        Conversation.objects.filter(chat_id=9).update(title="staff")
    with pytest.raises(WrittenSince, match="1 rows"):
        rollback(number + 2)
    # And a title that changed before the rest came is the file's, unless somebody gave another.
    with maintenance_context():
        Conversation.objects.filter(chat_id=9).update(title="Nine")
    filled.chat(9, *(message(n) for n in range(1, 200)), title="Ten")
    assert filled.imported().counts["conversations"].inserted == 1
    assert query("SELECT title FROM conversations WHERE chat_id = 9") == [("Ten",)]


def test_of_a_second_import_what_the_first_rollback_left_is_as_it_was(tree: Tree) -> None:
    BotFactory(name="Emma")
    tree.person(7)
    tree.chat(7, *(message(n) for n in range(1, 6)))
    first = tree.imported()
    with maintenance_context():
        Message.objects.filter(content="message 2").update(content="staff", telegram_message_id=9)
        Message.objects.filter(content="message 4").delete()
        Profile.objects.update(name="staff")
    with pytest.raises(WrittenSince):
        rollback(first.run_id)
    rollback(first.run_id, keep_written=True)
    left = data()
    assert contents(7) == [(2, "staff")]
    for _ in range(2):
        again = tree.imported()
        assert again.counts["messages"] == Tally(source=5, inserted=4, changed=1)
        assert contents(7) == [(n, f"message {n}") for n in range(1, 6)]
        undone = rollback(again.run_id)
        assert (undone.removed["messages"], undone.restored["messages"]) == (4, 1)
        assert data() == left


def test_what_a_delta_replaced_is_somebody_elses_again(tree: Tree) -> None:
    """Restored, it does not become the import's own."""
    BotFactory(name="Emma")
    tree.person(7)
    tree.chat(7, message(1), message(2))
    first = tree.imported()
    with maintenance_context():
        Message.objects.filter(content="message 1").update(content="staff")
        Profile.objects.update(name="staff")
    tree.chat(7, message(1, "edited"), message(2, "edited"))
    tree.person(7, name="edited")
    rollback(tree.imported().run_id)
    assert contents(7) == [(1, "staff"), (2, "message 2")]
    with pytest.raises(WrittenSince) as stopped:
        rollback(first.run_id)
    assert sorted(row.split()[0] for row in stopped.value.rows) == ["messages", "profiles"]
    rollback(first.run_id, keep_written=True)
    assert contents(7) == [(1, "staff")]
    assert query("SELECT name FROM profiles") == [("staff",)]


@pytest.mark.parametrize(
    "write",
    [
        {"title": "staff"},
        {"profile_id": None},
        {"profile_id": "another"},
    ],
)
def test_what_staff_made_of_a_conversation(filled: Tree, write: dict[str, Any]) -> None:
    filled.person(8)
    report = filled.imported()
    with maintenance_context():
        if write.get("profile_id") == "another":
            write = {"profile_id": Profile.objects.get(telegram_id=8).pk}
        chat = Conversation.objects.get(chat_id=7)
        Conversation.objects.filter(pk=chat.pk).update(**write)
    before = rows()
    with pytest.raises(WrittenSince) as stopped:
        rollback(report.run_id)
    assert f"conversations {chat.pk}" in stopped.value.rows
    assert rows() == before
    rollback(report.run_id, keep_written=True)
    with maintenance_context():
        left = Conversation.objects.get(pk=chat.pk)
    assert {name: getattr(left, name) for name in write} == write


def test_a_conversation_that_was_renamed_since(filled: Tree) -> None:
    filled.imported()
    filled.chat(7, message(1), title="New")
    report = filled.imported()
    with maintenance_context():
        Conversation.objects.filter(chat_id=7).update(title="staff")
    with pytest.raises(WrittenSince, match="1 rows"):
        rollback(report.run_id)
    rollback(report.run_id, keep_written=True)
    assert query("SELECT title FROM conversations WHERE chat_id = 7") == [("staff",)]


def test_a_profile_that_a_live_conversation_points_to(tree: Tree) -> None:
    bot = BotFactory(name="Emma")
    tree.person(5)
    tree.person(6)
    report = tree.imported()
    with maintenance_context():
        person = Profile.objects.get(telegram_id=5)
    say(bot.pk, 5, "live", profile_id=person.pk)
    with pytest.raises(WrittenSince) as stopped:
        rollback(report.run_id)
    assert stopped.value.rows == [f"profiles {person.pk}"]
    rollback(report.run_id, keep_written=True)
    assert query("SELECT telegram_id FROM profiles") == [(5,)]
    assert query("SELECT profile_id FROM conversations") == [(person.pk,)]


def test_a_live_conversation_that_the_import_linked(tree: Tree) -> None:
    bot = BotFactory(name="Emma")
    say(bot.pk, 5, "live")
    with maintenance_context():
        Profile.objects.create(bot_id=bot.pk, telegram_id=5)
    say(bot.pk, 6, "live")
    before = rows()
    tree.person(6)
    report = tree.imported()
    linked = "SELECT count(*) FROM conversations WHERE profile_id IS NOT NULL"
    assert query(linked) == [(2,)]
    undone = rollback(report.run_id)
    assert undone.removed["profiles"] == 1
    assert rows() == before


def test_a_dry_run_counts_the_conversations(filled: Tree) -> None:
    report = filled.imported()
    with maintenance_context():
        Message.objects.filter(content="line 1").update(content="staff")
    dry = rollback(report.run_id, dry_run=True)
    assert [row.split()[0] for row in dry.kept] == ["messages"]
    assert dry.removed["conversations"] == 1
    undone = rollback(report.run_id, keep_written=True)
    assert undone.removed == dry.removed
    assert query("SELECT chat_id FROM conversations") == [(8,)]


def test_what_is_imported_again_stands_around_what_was_left(tree: Tree) -> None:
    bot = BotFactory(name="Emma")
    tree.chat(7, *(message(n) for n in range(1, 6)))
    first = tree.imported()
    with maintenance_context():
        Message.objects.filter(content="message 2").update(content="staff")
    rollback(first.run_id, keep_written=True)
    say(bot.pk, 7, "live")
    tree.chat(7, *(message(n) for n in range(1, 8)))
    second = tree.imported()
    expected = [*(f"message {n}" for n in range(1, 6)), "live", "message 6", "message 7"]
    assert contents(7) == list(enumerate(expected, 1))
    # The ledger knows where each is.
    tree.chat(7, *(message(n, f"new {n}") for n in range(1, 9)))
    third = tree.imported()
    assert third.counts["messages"] == Tally(source=8, inserted=1, changed=7)
    expected = [text.replace("message", "new") for text in expected] + ["new 8"]
    assert contents(7) == list(enumerate(expected, 1))
    rollback(third.run_id)
    rollback(second.run_id)
    assert contents(7) == [(2, "staff"), (6, "live")]


def test_around_what_was_left_of_a_delta(tree: Tree) -> None:
    bot = BotFactory(name="Emma")
    tree.chat(7, message(1), message(2))
    tree.imported()
    say(bot.pk, 7, "live")
    tree.chat(7, *(message(n) for n in range(1, 5)))
    delta = tree.imported()
    with maintenance_context():
        Message.objects.filter(content="message 4").update(content="staff")
    rollback(delta.run_id, keep_written=True)
    tree.chat(7, *(message(n) for n in range(1, 6)))
    tree.imported()
    expected = ["message 1", "message 2", "live", "message 3", "message 4", "message 5"]
    assert contents(7) == list(enumerate(expected, 1))


def test_a_live_position_is_never_given_out_again(tree: Tree) -> None:
    bot = BotFactory(name="Emma")
    tree.chat(7, message(1), message(2))
    tree.imported()
    say(bot.pk, 7, "live")
    say(bot.pk, 7, "live 2")
    with maintenance_context():
        Message.objects.filter(content="live").delete()
    tree.chat(7, *(message(n) for n in range(1, 5)))
    tree.imported()
    assert contents(7)[2:] == [(4, "live 2"), (5, "message 3"), (6, "message 4")]


def test_in_several_batches_around_what_was_left(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many rows as before, and yet not where they were."""
    monkeypatch.setattr("legacy_import.batches.plan.MOST_BYTES", 30_000)
    monkeypatch.setattr("legacy_import.batches.batch.MOST_BYTES", 30_000)
    BotFactory(name="Emma")
    tree.chat(7, *(message(n) for n in range(1, 200)))
    first = tree.imported()
    with maintenance_context():
        Message.objects.filter(content__in=["message 2", "message 199"]).update(content="staff")
    rollback(first.run_id, keep_written=True)
    tree.imported()
    assert contents(7) == [(n, f"message {n}") for n in range(1, 200)]
