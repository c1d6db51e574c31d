"""The self-test breaks what it can compare, is no alarm of its own, and stands in nobody's way."""

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from conversations.models import Conversation, Message
from legacy_import.verify import of_bot
from legacy_import.verify.accounts.accounting import Accounts
from legacy_import.verify.conversations import messages as conversations
from legacy_import.verify.conversations.imported import Sum
from legacy_import.verify.conversations.messages import Conversations
from legacy_import.verify.conversations.others import Others
from legacy_import.verify.database import stored
from legacy_import.verify.findings import Findings
from legacy_import.verify.of_bot import Comparison
from legacy_import.verify.people.measurements import Measurements
from legacy_import.verify.report.result import status
from legacy_import.verify.self_test import trials
from legacy_import.verify.source.messages import Messages
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.tree import files
from tenants.context import bot_context
from tenants.models import Bot
from tests.legacy_import.tree import Tree, line, message, rows
from tests.legacy_import.verify.verifying import SNAPSHOT, passed, verified

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_stands_before_the_files_first_messages_is_not_broken(tree: Tree) -> None:
    """Be it from a backup, or from an earlier version of the file."""
    tree.chat(7, message(5), message(6))
    tree.write("backups/7/2024-05-01.json", {"messages": [message(1), message(2), message(3)]})
    tree.imported(salvage_backups=True)
    findings = verified(tree)
    assert passed(findings)
    assert findings.figures["self-test"]["breaks"] == 7
    tree.chat(7, message(6), message(7))
    tree.imported(salvage_backups=True)
    findings = verified(tree)
    assert passed(findings)
    assert findings.figures["self-test"]["breaks"] == 7


def test_all_that_there_is_are_many_people(tree: Tree) -> None:
    people = {str(number): {"chat_id": number, "name": "Аня"} for number in range(1, 251)}
    tree.write("girls_data.json", {"girls": people})
    tree.imported()
    findings = verified(tree)
    assert passed(findings)
    assert findings.figures["self-test"]["breaks"]


def test_no_conversation_agrees(tree: Tree, by_hand: Any) -> None:
    tree.chat(7, message(5), message(6))
    tree.imported()
    by_hand("UPDATE messages SET content = 'x'")
    findings = verified(tree)
    assert "each conversation that was tried differs" in findings.not_made["self-test"]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_agrees_of_a_conversation_will_do(tree: Tree, place: int) -> None:
    """A bot wrote a message of its own with the id that one of the file has."""
    numbers = [1, 2]
    tree.chat(7, *map(message, numbers))
    tree.imported()
    with bot_context(Bot.objects.get(name="Emma").pk):
        chat = Conversation.objects.get()
        Message.objects.create(conversation=chat, sender_type="bot", telegram_message_id=121)
    numbers.insert(place, 21)
    tree.chat(7, *map(message, numbers))
    tree.imported()
    findings = verified(tree)
    assert passed(findings)
    assert findings.figures["self-test"]["breaks"]


def test_a_message_that_is_there_twice_is_no_hindrance(tree: Tree) -> None:
    tree.old_chat(7, line(1), line(2), line(1), line(3))
    tree.imported()
    assert passed(verified(tree))


def test_chats_of_one_message_are_broken_but_for_their_order(tree: Tree) -> None:
    for chat in (7, 8):
        tree.old_chat(chat, line(1))
    tree.imported()
    findings = verified(tree)
    assert passed(findings)
    assert findings.figures["self-test"]["breaks"] == 5
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
    assert findings.figures["self-test"]["breaks"] == 6


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
    """Of which no more than that is read; what agrees of it will do."""
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
    assert findings.figures["self-test"]["breaks"] == 5


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


SWITCHES = {
    "all": (Comparison, "compare"),
    "conversations": (Comparison, "_compare_conversations"),
    "people": (of_bot, "compare_people"),
    "metrics": (Measurements, "compare"),
    "the ledger": (Accounts, "compare"),
    "repairs": (of_bot, "compare_repairs"),
    "rows that are too many": (Others, "add"),
    "values": (conversations.Conversations, "_compare_row"),
    "backups": (Accounts, "_compare_backup"),
}


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_comparison_that_is_switched_off_is_noticed(
    imported: Tree, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    monkeypatch.setattr(*SWITCHES[switch], lambda *_: None)
    assert status(verified(imported)) == "error"


@pytest.mark.parametrize("check", ["content", "repairs", "accounting", "backups"])
def test_differences_that_are_forgotten_are_noticed(
    imported: Tree, monkeypatch: pytest.MonkeyPatch, check: str
) -> None:
    usual = Findings.add

    def add(findings: Findings, of: str, *difference: Any, **more: Any) -> None:
        if of != check:
            usual(findings, of, *difference, **more)

    monkeypatch.setattr(Findings, "add", add)
    assert status(verified(imported)) == "error"


@pytest.mark.parametrize("what", trials.BREAK)
def test_each_break_can_be_missed(
    imported: Tree, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    example, _, check = trials.BREAK[what]
    monkeypatch.setitem(trials.BREAK, what, (example, "SELECT 1", check))
    findings = verified(imported)
    assert [str(one) for one in findings.first["self-test"]] == [
        f"{findings.first['self-test'][0].file}: {what} was not noticed"
    ]


def test_a_tree_without_messages(tree: Tree, by_hand: Any) -> None:
    """Of people, of measurements, or of chats that are empty."""
    for fill in (
        lambda: tree.person(7, conversation_stats={"total": 1}),
        lambda: tree.chat(7),
        lambda: tree.write("metrics.json", {"history": [SNAPSHOT]}),
    ):
        fill()
        tree.imported()
        assert passed(verified(tree))
    by_hand("UPDATE conversations SET title = 'x'")
    assert status(verified(tree)) == "differences"
