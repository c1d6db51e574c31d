"""Rows whose records are no longer in their files, or in backups alone, are as they were imported.

And those of chats that bots write to: where they stand, and what the bot's own row says.
"""

from collections.abc import Callable
from typing import Any

import pytest

from conversations.models import Conversation, Message
from legacy_import.undoing.rollback import rollback
from legacy_import.verify.findings import Findings
from legacy_import.verify.report.result import as_text, status
from tenants.context import bot_context, maintenance_context
from tests.legacy_import.tree import Tree, line, message, query
from tests.legacy_import.verify.verifying import everything, passed, verified

pytestmark = pytest.mark.django_db(transaction=True)

CHAT = "conversation_id = (SELECT id FROM conversations WHERE chat_id = 7)"
# Of the second message.
CHANGES = {
    "content": "content = content || '.'",
    "sent_at": "sent_at = sent_at + interval '1 microsecond'",
    "sender_type": "sender_type = 'system'",
    "sender_id": "sender_id = 1",
    "message_type": "message_type = 'x'",
    "metadata": """metadata = metadata || '{"x": 1}'""",
    "telegram_message_id": "telegram_message_id = 1",
    "a value of another": "content = 'message 1'",
}


def trimmed(tree: Tree) -> None:
    """Imported, and trimmed since."""
    tree.old_chat(8, line(1), line(2))
    messages = [message(n, width=n, b=[{"z": n, "a": 1}], a=None, c="ü") for n in range(1, 6)]
    messages[3]["content"] = ["in ", "pieces"]
    tree.chat(7, *messages)
    tree.imported()
    tree.chat(7, *messages[2:3], messages[4])
    tree.imported()


def salvaged(tree: Tree) -> None:
    """The file began anew, and backups had what came before."""
    tree.old_chat(8, line(1), line(2))
    tree.chat(7, message(5, width=5))
    messages = [message(n, width=n, a=[1], b=n) for n in range(1, 4)]
    tree.write("backups/7/2024-05-01.json", {"messages": messages})
    tree.imported(salvage_backups=True)


def removed_and_edited(tree: Tree) -> None:
    """Edited before it was trimmed."""
    tree.old_chat(8, line(1), line(2))
    tree.chat(7, *(message(n, width=n) for n in range(1, 4)))
    tree.imported()
    tree.chat(7, message(1), message(2, "edited", width=3, b=1), message(3))
    tree.imported()
    tree.chat(7, message(3))
    tree.imported()


MADE = [trimmed, salvaged, removed_and_edited]


@pytest.mark.parametrize("make", MADE)
def test_as_imported_they_pass(tree: Tree, make: Callable[[Tree], None]) -> None:
    make(tree)
    assert passed(verified(tree))
    assert passed(verified(tree, deep=True))


@pytest.mark.slow
@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("make", MADE)
def test_one_that_was_changed_is_found(
    tree: Tree, by_hand: Any, make: Callable[[Tree], None], what: str
) -> None:
    make(tree)
    by_hand(f"UPDATE messages SET {CHANGES[what]} WHERE {CHAT} AND position = 2")
    (found,) = verified(tree).first["content"]
    assert (found.file, found.place) == ("conversations/7.json", 2)


@pytest.mark.parametrize("make", MADE)
def test_one_that_was_deleted_is_found(
    tree: Tree, by_hand: Any, make: Callable[[Tree], None]
) -> None:
    make(tree)
    by_hand(
        f"DELETE FROM messages WHERE {CHAT} AND position = 2",
        "UPDATE conversations SET message_count = message_count - 1 WHERE chat_id = 7",
    )
    (found,) = verified(tree).first["content"]
    assert (found.file, found.place) == ("conversations/7.json", 2)


@pytest.mark.parametrize("make", MADE)
def test_two_that_were_swapped_are_found(
    tree: Tree, by_hand: Any, make: Callable[[Tree], None]
) -> None:
    make(tree)
    position = "UPDATE messages SET position = {} WHERE bot_id IS NOT NULL AND position = {} AND "
    by_hand(*(position.format(*two) + CHAT for two in ((99, 1), (1, 2), (2, 99))))
    findings = verified(tree)
    assert status(findings) == "differences", as_text(findings)
    assert {"position"} == {one.field for one in findings.first["order"]}


def say(emma: Any, chat_id: int, text: str, **values: Any) -> None:
    with bot_context(emma.pk):
        chat, _ = Conversation.objects.get_or_create(chat_id=chat_id, defaults={"title": "Live"})
        Message.objects.create(conversation=chat, sender_type="user", content=text, **values)


def live_between(tree: Tree, emma: Any) -> None:
    tree.chat(7, message(1), message(2))
    tree.imported()
    say(emma, 7, "live")
    tree.chat(7, message(1), message(2), message(3), message(4))
    tree.imported()
    say(emma, 7, "live 2")


POSITION = "UPDATE messages SET position = {} WHERE bot_id IS NOT NULL AND position = {} AND "


@pytest.mark.parametrize(
    "moves",
    [
        [(99, 3), (3, 4), (4, 99)],  # a live one goes behind one that was imported later
        [(99, 2), (2, 3), (3, 99)],
        [(88, 5)],
        [(99, 1)],
    ],
)
def test_places_beside_live_messages(tree: Tree, emma: Any, by_hand: Any, moves: list) -> None:
    live_between(tree, emma)
    assert passed(verified(tree))
    by_hand(*(POSITION.format(*two) + CHAT for two in moves))
    findings = verified(tree, findings=Findings(checks={"order", "self-test"}))
    assert status(findings) == "differences", as_text(findings)


def left_by_a_rollback(tree: Tree, emma: Any) -> None:
    """Two that staff wrote to, of two runs, with a live one between them."""
    tree.chat(7, *(message(n) for n in range(1, 6)))
    runs = [tree.imported().run_id]
    say(emma, 7, "live")
    tree.chat(7, *(message(n) for n in range(1, 8)))
    runs.append(tree.imported().run_id)
    with maintenance_context():
        Message.objects.filter(content__in=["message 2", "message 6"]).update(content="staff")
    for run in reversed(runs):
        rollback(run or 0, keep_written=True)
    say(emma, 7, "live 2")
    tree.chat(7, *(message(n) for n in range(1, 9)))
    tree.imported()


@pytest.mark.slow
def test_positions_around_what_a_rollback_left(tree: Tree, emma: Any, changed_back: Any) -> None:
    left_by_a_rollback(tree, emma)
    assert passed(verified(tree))
    places = query(f"""
        SELECT position, position - ('x' || right(id::text, 10))::bit(40)::bigint FROM messages
        WHERE {CHAT} AND substr(id::text, 15, 1) = '8'
    """)
    assert len({shift for _, shift in places}) > 1
    unseen = []
    for position, _ in places:
        with changed_back(POSITION.format(99, position) + CHAT):
            if not verified(tree, findings=Findings(checks={"order", "self-test"})).total:
                unseen.append(position)
    assert not unseen


@pytest.mark.parametrize("column", ["last_position", "message_count"])
def test_counters_that_are_too_high(tree: Tree, by_hand: Any, column: str) -> None:
    trimmed(tree)
    by_hand(f"UPDATE conversations SET {column} = {column} + 1 WHERE chat_id = 7")
    (found,) = everything(verified(tree))
    assert found.field == column


def test_a_chat_that_a_bot_began(tree: Tree, emma: Any, by_hand: Any) -> None:
    """Its own title and time stay; what is imported comes after."""
    say(emma, 7, "live")
    tree.chat(7, message(1), message(2), title="Us")
    tree.imported()
    assert passed(verified(tree))
    by_hand(f"UPDATE messages SET position = 9 WHERE {CHAT} AND position = 3")
    assert status(verified(tree)) == "differences"


def test_a_chat_whose_first_message_was_edited(tree: Tree, by_hand: Any) -> None:
    """A conversation begins when it did at its first import."""
    tree.chat(6)
    tree.chat(7, message(1), message(2))
    tree.imported()
    tree.chat(6, message(1), message(2))
    tree.chat(7, message(1, timestamp="2024-04-30T00:00:00Z"), message(2))
    tree.imported()
    assert passed(verified(tree))
    for chat in (6, 7):
        by_hand(f"UPDATE conversations SET created_at = '2001-01-01' WHERE chat_id = {chat}")
    found = [one for one in everything(verified(tree)) if one.check == "content"]
    assert [one.field for one in found] == ["created_at", "created_at"]
