"""What was imported verifies clean; what is then changed by hand is reported, with its place."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from botplatform.demo.fleet import Size
from botplatform.legacy_sample.dirt import KINDS
from conversations.models import Conversation, Message
from legacy_import.runs import session
from legacy_import.source.records import Message as SourceMessage
from legacy_import.verify.findings import Finding, Findings
from legacy_import.verify.performance import Reads
from legacy_import.verify.report import as_text, status
from legacy_import.verify.verification import Verification
from tenants.context import bot_context
from tenants.models import Bot
from tests.factories import BotFactory
from tests.legacy_import.tree import Tree, line, message
from tests.legacy_sample.trees import made

pytestmark = pytest.mark.django_db(transaction=True)

METRICS = {"timestamp": "2024-05-01T12:00:00", "metrics": {"rate": 0.5, "up": True}}


@pytest.fixture
def emma() -> Bot:
    return BotFactory(name="Emma")


@pytest.fixture
def imported(tree: Tree, emma: Bot) -> Tree:
    """A little of everything."""
    tree.person(
        7,
        interests=["tea"],
        location="Oslo",
        source="advert",
        last_active="2024-05-02",
        created_at="2024-05-01",
    )
    tree.chat(7, *(message(n, width=n) for n in range(1, 6)), title="Us")
    tree.old_chat(8, *(line(n) for n in range(1, 5)))
    tree.write("metrics.json", {"history": [METRICS]})
    tree.write("backups/7/2024-05-01.json", {"messages": []})
    tree.write("girls_data/9.json", {"telegram_id": 9, "age": 5})
    tree.imported()
    return tree


def verified(tree: Tree, **options: Any) -> Findings:
    return Verification(tree.root, tree.bot, **options).run()


def everything(findings: Findings) -> list[Finding]:
    return [one for found in findings.first.values() for one in found]


def passed(findings: Findings) -> bool:
    assert status(findings) == "passed", as_text(findings)
    return True


def test_what_was_imported_is_as_it_was(imported):
    findings = verified(imported)
    assert passed(findings)
    assert passed(verified(imported, deep=True))
    assert findings.figures["content"]["messages"] == 9
    assert findings.figures["accounting"]["rejects"] == 1
    assert findings.figures["self-test"]["breaks"] == 5


CHAT = "conversation_id = (SELECT id FROM conversations WHERE chat_id = 7)"
MUTATIONS = {
    "messages.content": f"""
        UPDATE messages SET content = content || ' ' WHERE {CHAT} AND position = 2""",
    "messages.content of nothing": f"""
        UPDATE messages SET content = '' WHERE {CHAT} AND position = 2""",
    "messages.sent_at": f"""
        UPDATE messages SET sent_at = sent_at + interval '1 microsecond'
        WHERE {CHAT} AND position = 2""",
    "messages.telegram_message_id": f"""
        UPDATE messages SET telegram_message_id = 1 WHERE {CHAT} AND position = 2""",
    "messages.telegram_message_id gone": f"""
        UPDATE messages SET telegram_message_id = NULL WHERE {CHAT} AND position = 2""",
    "messages.sender_type": f"""
        UPDATE messages SET sender_type = 'system' WHERE {CHAT} AND position = 2""",
    "messages.sender_id": f"UPDATE messages SET sender_id = 5 WHERE {CHAT} AND position = 2",
    "messages.message_type": f"""
        UPDATE messages SET message_type = 'Text' WHERE {CHAT} AND position = 2""",
    "messages.metadata": f"""
        UPDATE messages SET metadata = '{{"width": 3}}' WHERE {CHAT} AND position = 2""",
    "messages.metadata as text": f"""
        UPDATE messages SET metadata = '{{"width": "2"}}' WHERE {CHAT} AND position = 2""",
    "profiles.name": "UPDATE profiles SET name = 'Аня '",
    "profiles.age": "UPDATE profiles SET age = 31",
    "profiles.location": "UPDATE profiles SET location = ''",
    "profiles.interests": """UPDATE profiles SET interests = '["Tea"]'""",
    "profiles.chat_style": "UPDATE profiles SET chat_style = 'x'",
    "profiles.personality": "UPDATE profiles SET personality = 'x'",
    "profiles.additional_data": "UPDATE profiles SET additional_data = '{}'",
    "profiles.created_at": "UPDATE profiles SET created_at = now()",
    "profiles.last_active_at": """
        UPDATE profiles SET last_active_at = last_active_at + interval '3 hours'""",
    "profiles.telegram_id": "UPDATE profiles SET telegram_id = 77",
    "conversations.title": "UPDATE conversations SET title = 'us' WHERE chat_id = 7",
    "conversations.chat_id": "UPDATE conversations SET chat_id = 77 WHERE chat_id = 7",
    "conversations.created_at": """
        UPDATE conversations SET created_at = now() WHERE chat_id = 7""",
    "conversations.message_count": """
        UPDATE conversations SET message_count = 6 WHERE chat_id = 7""",
    "bot_metrics.metric_value": """
        UPDATE bot_metrics SET metric_value = 0.51 WHERE metric_name = 'rate'""",
    "bot_metrics.metric_name": """
        UPDATE bot_metrics SET metric_name = 'Rate' WHERE metric_name = 'rate'""",
    "bot_metrics.metric_tags": """UPDATE bot_metrics SET metric_tags = '{"a": 1}'""",
    "bot_metrics.recorded_at": """
        UPDATE bot_metrics SET recorded_at = recorded_at + interval '1 hour'""",
}


@pytest.mark.parametrize("what", MUTATIONS)
def test_a_changed_value_is_found_and_named(imported, by_hand, what):
    by_hand(MUTATIONS[what])
    findings = verified(imported)
    found = everything(findings)
    assert everything(verified(imported, deep=True)) == found
    column = what.split(".")[1].split()[0]
    if column in ("telegram_id", "chat_id"):
        assert any("missing" in one.what for one in found)
    else:
        assert column in {one.field for one in found}
    assert status(findings) == "differences"


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


def test_delta_passes_verify_too(imported, emma):
    with bot_context(emma.pk):
        chat = Conversation.objects.get(chat_id=7)
        Message.objects.create(conversation=chat, sender_type="user", content="live")
    imported.chat(7, *(message(n, width=n) for n in range(1, 9)), title="Us")
    imported.old_chat(8, *(line(n) for n in range(2, 7)))
    imported.imported()
    findings = verified(imported)
    assert passed(findings)
    assert findings.figures["content"]["messages no longer in their files"] == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: tree.chat(7, *(message(n, width=n) for n in range(1, 7)), title="Us"),
        lambda tree: tree.person(7, interests=["coffee"], location="Oslo"),
        lambda tree: tree.write("backups/7/2024-05-01.json", {"messages": [1]}),
        lambda tree: tree.old_chat(10, line(1)),
    ],
)
def test_a_source_that_changed_since_is_stale_or_missing_and_never_passed(imported, change):
    change(imported)
    assert status(verified(imported)) in ("stale", "differences")


def test_messages_that_only_a_backup_has_are_listed(imported):
    messages = [line(n) for n in range(0, 3)]
    imported.write("backups/8/2024-05-01.json", {"chat_id": 8, "messages": messages})
    imported.imported()
    findings = verified(imported)
    assert passed(findings)
    assert findings.figures["backups"]["messages only in backups"] == 1
    assert "backups/8/2024-05-01.json: 1 messages are in no conversation" in findings.notes


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
    with connection.cursor() as cursor:
        found = Findings()
        values = {"bot": "0" * 32}
        Reads(found)._check_plan(cursor, "all", "all", "SELECT * FROM messages", values)
    assert found.first["performance"][0].what == "all reads 10 partitions"


def test_a_run_that_can_be_undone_and_one_that_cannot(imported, emma):
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(number) FROM import_runs")
        (run,) = cursor.fetchone()
    findings = verified(imported, number=run)
    assert passed(findings)
    assert findings.figures["rollback"]["rows of messages would go"] == 9
    with bot_context(emma.pk):
        Message.objects.filter(content="message 2").update(message_type="edited")
    found = verified(imported, number=run)
    assert found.total["rollback"] == 1
    assert verified(imported, number=run + 1).total["rollback"] == 1


def test_a_wrong_zone_is_one_spike(imported, by_hand):
    by_hand(*ROWS["a time zone"])
    findings = verified(imported)
    assert findings.figures["time-zones"]["times of Emma off by +3:00:00"] == 9
    assert "9 times are off by +3:00:00" in findings.first["time-zones"][-1].what


def test_the_page_quotes_what_it_shows(imported, by_hand, tmp_path):
    by_hand(f"UPDATE messages SET content = '<script>' WHERE {CHAT} AND position = 2")
    page = tmp_path / "report.html"
    options = {"bot": "Emma", "report": page, "verbosity": 0}
    with pytest.raises(SystemExit):
        call_command("verify_migration", str(imported.root), **options)
    assert "conversations/7.json, record 2, content" in page.read_text()
    assert "<script>" not in page.read_text()


@pytest.mark.parametrize(
    ("planted", "value"),
    [
        ("content", lambda message: message.content.upper()),
        ("sent_at", lambda message: message.sent_at + timedelta(hours=3)),
        ("sender_type", lambda message: "user"),
        ("metadata", lambda message: {}),
        ("message_type", lambda message: "other"),
    ],
)
def test_a_fault_in_the_importer_is_caught(tree, emma, monkeypatch, planted, value):
    """The verifier shares nothing with the importer's reading, so it does not share its faults."""
    read = session.read

    def faulty(*args: Any, **kwargs: Any) -> Any:
        reading = read(*args, **kwargs)
        records = reading.records
        reading.records = (
            replace(one, **{planted: value(one)}) if isinstance(one, SourceMessage) else one
            for one in records
        )
        return reading

    monkeypatch.setattr(session, "read", faulty)
    tree.chat(7, *(message(n, width=n) for n in range(1, 6)))
    tree.imported()
    findings = verified(tree)
    assert planted in {one.field for one in everything(findings)}


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
@pytest.mark.parametrize("dialect", ["documented", "written"])
def test_a_sample_with_dirt_verifies(tmp_path, kind, dialect):
    BotFactory(name="Emma")
    root = made(tmp_path / "tree", kind, names=("Emma",), size=Size(1, 3, 30), dialect=dialect)
    tree = Tree(root)
    tree.imported()
    assert passed(verified(tree))
    assert passed(verified(tree, deep=True))


def test_the_command(imported, by_hand, capsys):
    call_command("verify_migration", str(imported.root), bot="Emma", format="json")
    figures = json.loads(capsys.readouterr().out)
    assert figures["status"] == "passed"
    by_hand(MUTATIONS["messages.content"])
    with pytest.raises(SystemExit) as exit_:
        call_command("verify_migration", str(imported.root), bot="Emma")
    assert exit_.value.code == 3
    out = capsys.readouterr().out
    assert "conversations/7.json, record 2, content: differs: expected 'message 2'" in out
    with pytest.raises(CommandError, match="is no folder"):
        call_command("verify_migration", str(imported.root / "nothing"), bot="Emma")
