"""The self-test breaks what it can compare, is no alarm of its own, and stands in nobody's way."""

import psycopg
import pytest

from legacy_import.verify.report import status
from tests.legacy_import.tree import Tree, line, message
from tests.legacy_import.verify.verifying import passed, verified

pytestmark = pytest.mark.django_db(transaction=True)


def test_messages_from_backups_are_not_what_is_broken(tree: Tree) -> None:
    """The file's only messages stand behind salvaged ones, and only these would be broken."""
    tree.chat(7, message(5), message(6))
    tree.write("backups/7/2024-05-01.json", {"messages": [message(1), message(2), message(3)]})
    tree.imported(salvage_backups=True)
    findings = verified(tree)
    assert not findings.total
    assert status(findings) == "incomplete"
    tree.chat(8, *(message(n) for n in range(1, 30)))
    tree.imported(salvage_backups=True)
    findings = verified(tree)
    assert passed(findings)
    assert findings.figures["self-test"]["breaks"] == 5


def test_chats_of_one_message_are_broken_but_for_their_order(tree: Tree) -> None:
    for chat in (7, 8):
        tree.old_chat(chat, line(1))
    tree.imported()
    findings = verified(tree)
    assert passed(findings)
    assert findings.figures["self-test"]["breaks"] == 4
    assert any("the order of two is not in the self-test" in note for note in findings.notes)


def test_a_conversation_that_is_being_written_is_left_alone(tree: Tree, superuser) -> None:
    for chat in (7, 8):
        tree.chat(chat, *(message(n) for n in range(1, 4)))
    tree.imported()
    with psycopg.connect(**superuser) as writer:
        lock = "SELECT FROM messages JOIN conversations AS chat ON chat.id = conversation_id {} {}"
        writer.execute(lock.format("WHERE chat_id = 7", "FOR UPDATE OF messages"))
        findings = verified(tree)
        assert passed(findings)
        assert findings.figures["self-test"]["breaks"] == 5
        writer.execute(lock.format("", "FOR UPDATE OF messages"))
        findings = verified(tree)
    assert not findings.total
    assert "being written to" in findings.not_made["self-test"]
