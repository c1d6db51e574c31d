"""The self-test breaks what it can compare, is no alarm of its own, and stands in nobody's way."""

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from legacy_import.verify import stored
from legacy_import.verify.conversations import Conversations
from legacy_import.verify.findings import Findings
from legacy_import.verify.imported import Sum
from legacy_import.verify.source.messages import Messages
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.tree import files
from tests.legacy_import.tree import Tree, line, message, rows
from tests.legacy_import.verify.verifying import passed, verified

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_stands_before_the_files_first_messages_is_not_broken(tree: Tree) -> None:
    """Be it from a backup, or from an earlier version of the file."""
    tree.chat(7, message(5), message(6))
    tree.write("backups/7/2024-05-01.json", {"messages": [message(1), message(2), message(3)]})
    tree.imported(salvage_backups=True)
    findings = verified(tree)
    assert passed(findings)
    assert findings.figures["self-test"]["breaks"] == 5
    tree.chat(7, message(6), message(7))
    tree.imported(salvage_backups=True)
    findings = verified(tree)
    assert passed(findings)
    assert findings.figures["self-test"]["breaks"] == 5


def test_no_conversation_agrees(tree: Tree, by_hand: Any) -> None:
    tree.chat(7, message(5), message(6))
    tree.imported()
    by_hand("UPDATE messages SET content = 'x' WHERE position = 1")
    findings = verified(tree)
    assert "each conversation that was tried differs" in findings.not_made["self-test"]


def test_chats_of_one_message_are_broken_but_for_their_order(tree: Tree) -> None:
    for chat in (7, 8):
        tree.old_chat(chat, line(1))
    tree.imported()
    findings = verified(tree)
    assert passed(findings)
    assert findings.figures["self-test"]["breaks"] == 4
    assert any("the order of two is not in the self-test" in note for note in findings.notes)


def test_a_conversation_that_is_being_written_is_no_hindrance(tree: Tree, superuser) -> None:
    for chat in (7, 8):
        tree.chat(chat, *(message(n) for n in range(1, 4)))
    tree.imported()
    with psycopg.connect(**superuser) as writer:
        lock = "SELECT FROM messages JOIN conversations AS chat ON chat.id = conversation_id {}"
        writer.execute(lock.format("FOR UPDATE OF messages, chat"))
        findings = verified(tree)
    assert passed(findings)
    assert findings.figures["self-test"]["breaks"] == 5


def test_nothing_is_kept(tree: Tree) -> None:
    """Neither where a conversation is broken nor where none will do."""
    tree.chat(7, message(5), message(6))
    tree.write("backups/7/2024-05-01.json", {"messages": [message(1), message(2)]})
    tree.chat(8, *(message(n) for n in range(1, 200)))
    tree.imported(salvage_backups=True)
    before = rows()
    assert passed(verified(tree))
    assert rows() == before


def test_a_long_conversation_is_broken_in_its_beginning(
    tree: Tree, by_hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of which no more than that is read; and it must agree as well."""
    tree.chat(7, *(message(n) for n in range(1, 1001)))
    tree.imported()
    looked_at = []
    usual = Messages.row
    monkeypatch.setattr(Messages, "row", lambda *row: looked_at.append(1) or usual(*row))
    findings = verified(tree)
    assert passed(findings)
    assert findings.figures["self-test"]["breaks"] == 5
    assert 1000 <= len(looked_at) < 3000
    by_hand("UPDATE messages SET content = 'x' WHERE position = 90")
    findings = verified(tree)
    assert findings.total == {"content": 1}
    assert "self-test" in findings.not_made


@pytest.mark.parametrize("blind", ["values", "sums"])
def test_a_blind_comparison_is_noticed(tree: Tree, monkeypatch: pytest.MonkeyPatch, blind) -> None:
    tree.chat(7, *(message(n) for n in range(1, 200)))
    tree.imported()
    if blind == "values":
        monkeypatch.setattr(Conversations, "_compare_values", lambda *_: None)
    else:
        usual = stored.chats
        sums = Sum()
        for n, row in enumerate(Expected(next(iter(files(tree.root, tree.bot))), tree.root), 1):
            sums.add(row)
            if n == 100:
                break

        def always_the_same(*asked):
            return {key: replace(chat, sum=sums.sum) for key, chat in usual(*asked).items()}

        monkeypatch.setattr(stored, "chats", always_the_same)
    findings = Findings(checks={"performance", "self-test"})
    verified(tree, findings=findings)
    missed = {one.what.removesuffix(" was not noticed") for one in findings.first["self-test"]}
    assert missed >= {"one character", "one microsecond"}
