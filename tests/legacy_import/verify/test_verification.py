"""What was imported verifies clean; what is then changed by hand is reported, with its place."""

import json
import os
import time
from typing import Any

import pytest
from django.db import connection

from botplatform.demo.fleet import Size
from botplatform.legacy_sample.dirt import KINDS
from conversations.models import Conversation, Message, Profile
from legacy_import.verify.accounts.accounting import CHANGED_UNSEEN
from legacy_import.verify.checks import CHECKS
from legacy_import.verify.database import performance
from legacy_import.verify.database.performance import Reads
from legacy_import.verify.findings import Findings
from legacy_import.verify.report.result import as_text, status
from legacy_import.verify.verification import NotVerified
from tenants.context import bot_context
from tests.factories import BotFactory
from tests.legacy_import.tree import Tree, line, message
from tests.legacy_import.verify.verifying import SNAPSHOT, everything, passed, verified
from tests.legacy_sample.trees import made

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_was_imported_is_as_it_was(imported):
    findings = verified(imported)
    assert passed(findings)
    assert passed(verified(imported, deep=True))
    assert findings.figures["content"]["messages"] == 11
    assert findings.figures["accounting"]["rejects"] == 1
    assert findings.figures["self-test"]["breaks"] == 12


CHAT = "conversation_id = (SELECT id FROM conversations WHERE chat_id = 7)"
MUTATIONS = {
    "content of nothing": f"UPDATE messages SET content = '' WHERE {CHAT} AND position = 2",
    "content cut": f"""
        UPDATE messages SET content = left(content, -1) WHERE {CHAT} AND position = 2""",
    "telegram_message_id gone": f"""
        UPDATE messages SET telegram_message_id = NULL WHERE {CHAT} AND position = 2""",
    "metadata as text": f"""
        UPDATE messages SET metadata = '{{"width": "2"}}' WHERE {CHAT} AND position = 2""",
    "metadata of another record": f"""
        UPDATE messages SET metadata = '{{"width": 3}}' WHERE {CHAT} AND position = 2""",
}


@pytest.mark.parametrize("what", MUTATIONS)
def test_a_changed_value_is_found_and_named(imported, by_hand, what):
    """Any other column: test_matrix.py."""
    by_hand(MUTATIONS[what])
    (found,) = everything(verified(imported))
    named = (found.file, found.place, found.field)
    assert named == ("conversations/7.json", 2, what.split()[0])
    assert found.expected != found.found
    assert everything(verified(imported, deep=True)) == [found]


POSITION = (
    "UPDATE messages SET position = {} WHERE bot_id IS NOT NULL AND position = {} AND " + CHAT
)
ROWS = {
    "deleted in the middle": [f"DELETE FROM messages WHERE {CHAT} AND position = 2"],
    "deleted first": [f"DELETE FROM messages WHERE {CHAT} AND position = 1"],
    "deleted last": [f"DELETE FROM messages WHERE {CHAT} AND position = 5"],
    "all deleted": [f"DELETE FROM messages WHERE {CHAT}"],
    "swapped": [POSITION.format(99, 2), POSITION.format(2, 3), POSITION.format(3, 99)],
    "moved to the end": [POSITION.format(99, 2)],
    "moved behind the end": [POSITION.format(6, 5)],
    "doubled": [
        f"""INSERT INTO messages (id, bot_id, conversation_id, position, sender_type, content,
                message_type, metadata, sent_at)
            SELECT overlay(id::text PLACING 'ffff' FROM 33)::uuid, bot_id, conversation_id, 6,
                sender_type, content, message_type, metadata, sent_at
            FROM messages WHERE {CHAT} AND position = 5"""
    ],
    "added by somebody": [
        f"""INSERT INTO messages (id, bot_id, conversation_id, position, sender_type)
            SELECT gen_random_uuid(), bot_id, conversation_id, 6, 'bot'
            FROM messages WHERE {CHAT} AND position = 5"""
    ],
    "of another conversation": [
        f"""UPDATE messages SET position = 6, conversation_id =
                (SELECT id FROM conversations WHERE chat_id = 8)
            WHERE {CHAT} AND position = 5"""
    ],
    "a conversation deleted": [
        f"DELETE FROM messages WHERE {CHAT}",
        "DELETE FROM conversations WHERE chat_id = 7",
    ],
    "a profile deleted": ["DELETE FROM profiles"],
    "a metric deleted": ["DELETE FROM bot_metrics WHERE metric_name = 'up'"],
    "a metric doubled": [
        """INSERT INTO bot_metrics (id, bot_id, metric_name, metric_value, metric_tags, recorded_at)
            SELECT overlay(id::text PLACING 'ffff' FROM 33)::uuid, bot_id, metric_name,
                metric_value, metric_tags, recorded_at
            FROM bot_metrics WHERE metric_name = 'rate'"""
    ],
    "a link lost": ["UPDATE conversations SET profile_id = NULL"],
    "a link to somebody else": [
        "UPDATE conversations SET profile_id = (SELECT id FROM profiles) WHERE chat_id = 8"
    ],
    "a message of no record": [
        f"""INSERT INTO messages (id, bot_id, conversation_id, position, sender_type, content)
            SELECT gen_random_uuid(), bot_id, id, 6, 'user', 'x' FROM conversations AS c
            WHERE c.id IN (SELECT conversation_id FROM messages WHERE {CHAT})"""
    ],
    "a conversation of no file": [
        """INSERT INTO conversations (id, bot_id, chat_id)
            SELECT overlay(id::text PLACING 'ffff' FROM 1)::uuid, bot_id, 70
            FROM conversations WHERE chat_id = 7"""
    ],
    "a person of no file": [
        """INSERT INTO profiles (id, bot_id, telegram_id)
            SELECT overlay(id::text PLACING 'ffff' FROM 1)::uuid, bot_id, 70 FROM profiles"""
    ],
    "a repair lost": ["DELETE FROM import_repairs"],
    "a repaired record lost": ["DELETE FROM import_originals"],
    "a reject lost": ["DELETE FROM import_rejects"],
    "a reject changed": ["UPDATE import_rejects SET raw = raw || '\\x20'::bytea"],
    "a backup lost": ["DELETE FROM import_backups"],
    "a backup's bytes lost": ["DELETE FROM import_file_parts"],
    "a file forgotten": ["DELETE FROM import_files WHERE path = 'conversations/8.json'"],
    "a time zone": ["UPDATE messages SET sent_at = sent_at + interval '3 hours'"],
    "values exchanged": [
        f"""UPDATE messages AS m SET content = o.content FROM messages AS o
            WHERE m.{CHAT} AND o.{CHAT} AND m.position + o.position = 5"""
    ],
}


@pytest.mark.parametrize("what", ROWS)
def test_rows_that_are_not_as_they_were_are_found(imported, by_hand, what):
    by_hand(*ROWS[what])
    findings = verified(imported)
    assert status(findings) == "differences", as_text(findings)
    deep = verified(imported, deep=True)
    assert deep.total.keys() >= findings.total.keys()


OUT_OF_REACH = {
    "digits": f"""UPDATE messages SET metadata = jsonb_build_object('x', repeat('9', 5000)::numeric)
        WHERE {CHAT} AND position = 2""",
    "deep": f"""
        UPDATE messages SET metadata =
            jsonb_build_object('x', (repeat('[', 5000) || repeat(']', 5000))::jsonb)
        WHERE {CHAT} AND position = 2""",
}


@pytest.mark.parametrize("what", OUT_OF_REACH)
def test_what_python_cannot_hold_is_a_difference_like_others(imported, by_hand, what):
    by_hand(OUT_OF_REACH[what])
    found = verified(imported)
    assert status(found) == "differences"
    assert found.total["content"] + found.total["json"] == 1, as_text(found)


def test_a_lost_row_is_one_difference_and_not_all_after_it(imported, by_hand):
    by_hand(*ROWS["deleted in the middle"])
    found = verified(imported).first["content"]
    assert [(one.what, one.place) for one in found if one.place] == [("the row is missing", 2)]


def test_live_messages_are_counted_apart(imported, emma):
    with bot_context(emma.pk):
        chat = Conversation.objects.get(chat_id=7)
        Message.objects.create(conversation=chat, sender_type="user", content="live")
    findings = verified(imported)
    assert passed(findings)
    assert findings.figures["content"]["messages written live"] == 1


def test_a_person_whom_a_bot_met_since_is_no_missing_link(imported, emma):
    with bot_context(emma.pk):
        Profile.objects.create(telegram_id=8, name="Live")
    assert passed(verified(imported))


def test_delta_passes_verify_too(imported, emma):
    with bot_context(emma.pk):
        chat = Conversation.objects.get(chat_id=7)
        Message.objects.create(conversation=chat, sender_type="user", content="live")
    imported.chat(7, *(message(n, width=n) for n in range(1, 9)), title="Us")
    imported.old_chat(8, *(line(n) for n in range(2, 7)))
    imported.write("metrics.json", {"history": [{**SNAPSHOT, "timestamp": "2024-05-02T12:00:00"}]})
    imported.imported()
    findings = verified(imported)
    assert passed(findings)
    assert findings.figures["content"]["messages no longer in their files"] == 1
    assert findings.figures["content"]["metrics no longer in their files"] == 2


@pytest.mark.parametrize("current", [{"metrics": [1]}, [1]])
def test_snapshots_that_are_none_are_kept_as_they_stood(tree, emma, current):
    snapshots = {"history": [5, {"metrics": 5, "a": [1.50]}, SNAPSHOT], "current": current}
    tree.write("metrics.json", json.dumps(snapshots, indent=2).encode())
    tree.imported()
    assert passed(verified(tree))


@pytest.mark.parametrize("letter", ["x", "ж"])
def test_names_of_measurements_as_long_as_may_be(tree, emma, letter):
    names = {letter * long: long for long in (200, 201, 501)}
    tree.write("metrics.json", {"history": [{**SNAPSHOT, "metrics": names}]})
    tree.person(7, conversation_stats=names)
    assert tree.imported().counts["metrics"].rejected == 2
    assert passed(verified(tree))


ADDED = """
    INSERT INTO bot_metrics (id, bot_id, metric_name, metric_value, metric_tags, recorded_at)
    SELECT overlay(id::text PLACING 'ffff' FROM 33)::uuid, bot_id, {}, metric_value, {},
        recorded_at
    FROM bot_metrics WHERE metric_name = 'a' AND metric_tags = '{{"telegram_id": 7}}'
"""


@pytest.mark.parametrize(
    "added",
    [("'a'", "metric_tags"), ("'b'", "metric_tags"), ("'c'", """'{"telegram_id": 8}'""")],
)
def test_measurements_of_a_person_that_are_gone_are_counted_apart(tree, emma, by_hand, added):
    """Of one whose file was imported again; another row is as little explained as ever."""
    tree.old_chat(1, line(1), line(2))
    for n in (7, 8):
        tree.person(n, conversation_stats={"a": 1, "b": 2, "c": 3})
    tree.imported()
    tree.person(7, conversation_stats={"a": 1})
    tree.imported()
    findings = verified(tree)
    assert passed(findings)
    assert findings.figures["content"]["metrics"] == 4
    assert findings.figures["content"]["metrics no longer in their files"] == 2
    by_hand(ADDED.format(*added))
    found = everything(verified(tree))
    assert {one.what for one in found} == {"a row that no record explains"}


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: tree.chat(7, *(message(n, width=n) for n in range(1, 7)), title="Us"),
        lambda tree: tree.person(7, interests=["coffee"], location="Oslo"),
        lambda tree: tree.write("girls_data/7.json", b""),
        lambda tree: tree.write("backups/7/2024-05-01.json", {"messages": [1]}),
        lambda tree: tree.old_chat(10, line(1)),
    ],
)
def test_a_source_that_changed_since_is_stale_or_missing_and_never_passed(imported, change):
    change(imported)
    assert status(verified(imported)) in ("stale", "differences")


@pytest.mark.parametrize("checks", [CHECKS.keys(), {"freshness", "self-test"}])
@pytest.mark.parametrize(
    "path", ["conversations/7.json", "girls_data/7.json", "metrics.json", "girls_data/9.json"]
)
def test_a_change_that_leaves_size_and_time_is_stale(imported, path, checks):
    file = imported.root / path
    was = file.stat()
    file.write_bytes(file.read_bytes().replace(b"m", b"M").replace(b"5", b"6"))
    os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))
    findings = verified(imported, findings=Findings(checks=checks))
    assert status(findings) == "stale"
    assert [(one.file, one.what) for one in findings.first["freshness"]] == [(path, CHANGED_UNSEEN)]
    file.touch()
    imported.imported()
    assert status(verified(imported)) == "passed"


def test_messages_that_only_a_backup_has_are_listed(imported):
    messages = [line(n) for n in range(0, 3)]
    imported.write("backups/8/2024-05-01.json", {"chat_id": 8, "messages": messages})
    imported.imported()
    findings = verified(imported)
    assert passed(findings)
    assert findings.figures["backups"]["messages only in backups"] == 1
    assert "backups/8/2024-05-01.json: messages that are in no conversation: 1" in findings.notes


def test_a_file_begun_anew_with_the_same_ids_and_then_edited(tree):
    """What was repaired once need not stand in a record that its row gives back now."""
    tree.chat(7, *(message(n) for n in range(1, 5)))
    tree.old_chat(8, line(1), line(2))
    tree.imported()
    new = [message(n, f"new {n}", timestamp=f"2024-09-0{n}T12:00:00Z") for n in range(1, 4)]
    tree.chat(7, *new)
    tree.imported()
    assert passed(verified(tree))
    tree.chat(7, {**new[0], "content": "edited"}, *new[1:])
    tree.imported()
    assert not everything(verified(tree))


def test_messages_taken_from_backups_verify(imported):
    messages = [line(n) for n in range(0, 3)]
    imported.write("backups/8/2024-04-01.json", {"chat_id": 8, "messages": messages})
    imported.old_chat(8, *(line(n) for n in range(1, 6)))
    imported.imported(salvage_backups=True)
    findings = verified(imported)
    assert passed(findings)
    assert findings.figures["content"]["messages from backups"] == 1


def test_the_hot_reads_are_measured_and_touch_one_partition(imported):
    figures = verified(imported).figures["performance"]
    assert len(figures) == 5
    found = Findings()
    performance.report_partitions(found)
    [figure] = found.figures["performance"]
    assert figure.startswith("partitions of messages")
    with connection.cursor() as cursor:
        values = {"bot": "0" * 32}
        Reads(found)._check_plan(cursor, "all", "all", "SELECT * FROM messages", values)
    assert found.first["performance"][0].what == "all reads 10 partitions"


class Clock:
    """Some of the seconds that pass are added."""

    def __init__(self, slow: range) -> None:
        self.slow = slow
        self.asked = 0
        self.added = 0.0

    def perf_counter(self) -> float:
        self.asked += 1
        # A time is taken before each read and behind it.
        self.added += self.asked // 2 in self.slow and self.asked % 2 == 0
        return time.perf_counter() + self.added


@pytest.mark.parametrize(
    ("slow", "again", "differences"),
    [
        (range(1, 2), False, 0),  # the first of all reads: it warms the cache
        (range(2, 12), True, 0),  # a moment of the machine's
        (range(2, 100_000), True, 5),
    ],
)
def test_a_slow_moment_is_no_slow_read(imported, monkeypatch, slow, again, differences):
    monkeypatch.setattr(performance, "time", Clock(slow))
    findings = verified(imported, findings=Findings(checks={"performance", "self-test"}))
    assert findings.total["performance"] == differences, as_text(findings)
    figures = findings.figures["performance"]
    assert any("measured again after" in figure for figure in figures) == again
    assert status(findings) == ("differences" if differences else "passed")


def test_a_run_that_can_be_undone_and_one_that_cannot(imported, emma):
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(number) FROM import_runs")
        (run,) = cursor.fetchone()
    findings = verified(imported, number=run)
    assert passed(findings)
    assert findings.figures["rollback"]["rows of messages would go"] == 11
    with bot_context(emma.pk):
        Message.objects.filter(content="message 3").update(message_type="edited")
    found = verified(imported, number=run)
    # The message, and the person of the conversation that stays with it.
    assert found.total["rollback"] == 2
    with pytest.raises(NotVerified, match=f"There is no run {run + 1}"):
        verified(imported, number=run + 1)


@pytest.mark.parametrize("checks", [CHECKS, {"performance", "freshness", "self-test"}])
def test_files_that_are_gone_from_the_tree_are_no_pass(imported, by_hand, checks):
    for path in ("conversations/8.json", "girls_data/7.json"):
        (imported.root / path).unlink()
    findings = verified(imported, findings=Findings(checks=checks))
    assert not findings.total
    assert status(findings) == "incomplete"
    line = next(line for line in as_text(findings).splitlines() if line.startswith("freshness"))
    assert "2 files that were imported for Emma are not in the tree" in line
    assert "conversations/8.json, girls_data/7.json" in line


def test_a_wrong_zone_is_one_spike(imported, by_hand):
    by_hand(*ROWS["a time zone"])
    findings = verified(imported)
    assert findings.figures["time-zones"]["times of Emma off by +3:00:00"] == 11
    assert "11 times are off by +3:00:00" in findings.first["time-zones"][-1].what


def test_a_file_that_was_only_touched_is_not_stale(imported):
    path = imported.root / "conversations" / "7.json"
    path.write_bytes(path.read_bytes())
    assert passed(verified(imported))


def test_it_changes_nothing(imported):
    def everything() -> dict[str, Any]:
        tables = ("messages", "conversations", "profiles", "bot_metrics", "import_files")
        with connection.cursor() as cursor:
            found = {}
            for table in tables:
                cursor.execute(f"SELECT row::text, xmin::text FROM {table} AS row ORDER BY 1")
                found[table] = cursor.fetchall()
            return found

    before = everything()
    verified(imported)
    assert everything() == before


# Of these the importer keeps other bytes than the file's; see the notes of the import.
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dialect", [pytest.param("documented", marks=pytest.mark.slow), "written"])
def test_a_sample_with_dirt_verifies(tmp_path, kind, dialect):
    BotFactory(name="Emma")
    root = made(tmp_path / "tree", kind, names=("Emma",), size=Size(1, 3, 30), dialect=dialect)
    tree = Tree(root)
    tree.imported()
    assert passed(verified(tree))
    assert passed(verified(tree, deep=True))
