"""Files that came in another encoding or another order when they were imported again."""

import json
from typing import Any

import pytest

from tests.legacy_import.tree import Tree, line, message
from tests.legacy_import.verify.verifying import everything, passed, verified

pytestmark = pytest.mark.django_db(transaction=True)

ENCODINGS = ["utf-8", "cp1251", "utf-16", "utf-8-sig"]
PERSON = {"telegram_id": 7, "name": "Анна", "age": 30}
FILES: dict[str, Any] = {
    "conversations/7.json": {"messages": [message(1, "привет"), message(2), {"content": "да"}]},
    "conversations/8.json": [line(1, "привет"), line(2, "нет")],
    "girls_data/7.json": PERSON,
    "girls_data/8.json": {**PERSON, "telegram_id": "8", "город": "Осло"},
    "girls_data.json": {"girls": {"9": {**PERSON, "telegram_id": 9}, "10": {"name": "Ева"}}},
    "metrics.json": {"history": [{"metrics": {"вес": 1, "b": 2}}, {"metrics": {"вес": 3}}]},
}


def write(tree: Tree, encoding: str) -> None:
    for path, content in FILES.items():
        tree.write(path, json.dumps(content, ensure_ascii=False).encode(encoding))
    tree.imported()


@pytest.mark.slow
@pytest.mark.parametrize("first", ENCODINGS)
def test_another_encoding(tree: Tree, first: str) -> None:
    write(tree, first)
    assert passed(verified(tree))
    for then in ENCODINGS:
        write(tree, then)
        assert passed(verified(tree))


def reordered(tree: Tree) -> None:
    """Also a record that came, one that went, and one that was edited."""
    messages = [message(n, width=n) for n in range(1, 8)]
    lines = [line(n) for n in range(1, 8)]
    tree.chat(7, *messages)
    tree.old_chat(8, *lines)
    tree.imported()
    assert passed(verified(tree))
    messages[4]["content"] = "edited"
    tree.chat(7, *messages[3:], messages[0], message(9), messages[2])
    tree.old_chat(8, *reversed(lines))
    tree.imported()


@pytest.mark.parametrize("deep", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_records_that_changed_places(tree: Tree, deep: bool) -> None:
    """The rows keep their positions, and the times run backwards in the file alone."""
    reordered(tree)
    findings = verified(tree, deep=deep)
    assert passed(findings)
    assert sum("its messages stand in their old order" in note for note in findings.notes) == 2


def test_edited_ones_whose_earlier_rows_stay_beside_them(tree: Tree) -> None:
    """With one id and time they are not told to be edited, and are like those in all but a part."""
    tree.chat(7, message(1), message(1))
    tree.imported()
    tree.chat(7, message(1, more=1), message(1, more=2))
    assert tree.imported().counts["messages"].inserted == 2
    assert passed(verified(tree))


CHAT = "conversation_id = (SELECT id FROM conversations WHERE chat_id = {})"
SWAPPED = """
    UPDATE messages AS m SET content = o.content, sent_at = o.sent_at, sender_type = o.sender_type
    FROM messages AS o WHERE o.conversation_id = m.conversation_id
        AND (m.position, o.position) IN ((1, 3), (3, 1)) AND m.
"""
CHANGES = {
    "content": ["UPDATE messages SET content = 'x' WHERE position = 3 AND " + CHAT.format(7)],
    "two values": [SWAPPED.strip() + CHAT.format(8)],
    "two rows": [
        f"UPDATE messages SET position = {to} WHERE bot_id IS NOT NULL AND position = {of} AND "
        + CHAT.format(8)
        for of, to in ((1, 99), (3, 1), (99, 3))
    ],
    "a row": ["DELETE FROM messages WHERE position = 3 AND " + CHAT.format(7)],
}


@pytest.mark.slow
@pytest.mark.parametrize("what", CHANGES)
def test_what_was_changed_beside_them(tree: Tree, by_hand: Any, what: str) -> None:
    reordered(tree)
    by_hand(*CHANGES[what])
    checks = {one.check for one in everything(verified(tree))}
    assert checks & {"content", "order"}


def test_a_conversation_still_begins_when_it_began(tree: Tree, changed_back: Any) -> None:
    """At its first import, and not with any message of its own."""
    tree.chat(7, *(message(n) for n in range(1, 6)))
    tree.chat(8, message(1, sender=[1]), message(2))
    tree.chat(9)
    tree.imported()
    tree.chat(7, *(message(n) for n in range(2, 8)))
    tree.chat(8, message(1), message(2), message(3))
    tree.chat(9, message(1), message(2))
    tree.imported()
    assert passed(verified(tree))
    for chat, position in ((7, 2), (7, 7), (8, 3), (9, 2)):
        of_chat = f"m.conversation_id = c.id AND m.position = {position}"
        other = f"SELECT sent_at FROM messages AS m WHERE {of_chat}"
        change = f"UPDATE conversations AS c SET created_at = ({other}) WHERE chat_id = {chat}"
        with changed_back(change):
            found = everything(verified(tree))
            assert [one.field for one in found] == ["created_at"], (chat, position)
