"""The way back: what was accepted comes out equal as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from conversations.models import Conversation, Message, Profile
from legacy_import.export import export
from legacy_import.refusal import ImportRefused
from tenants.context import bot_context
from tests.factories import BotFactory
from tests.legacy_import.tree import Tree, line, message

pytestmark = pytest.mark.django_db(transaction=True)


def everything(folder: Path) -> dict[str, Any]:
    return {
        str(path.relative_to(folder)): json.loads(path.read_bytes())
        for path in sorted(folder.rglob("*.json"))
    }


def test_there_and_back(tree: Tree, workspace: Path) -> None:
    tree.person(
        7,
        interests=["чай"],
        mood={"deep": [1, 2.5, None]},
        created_at="01.02.2024 10:00:00",
        conversation_stats={"total_messages": 2},
    )
    tree.write("girls_data/8.json", {"chat_id": 8, "name": "Оля", "last_activity": None,
               "message_count": 2, "summary": {"20250810120000": "x"}, "profile": {},
               "previous_response_id": None})  # fmt: skip
    tree.write("girls_data.json", {"girls": {"9": {"name": "Ира"}}})
    tree.chat(
        7, message(1), message(2, age=5), message(2), message(4, "a\0b"), title="Seven", tags=[]
    )
    tree.old_chat(
        8, line(1), {**line(2), "text": ["a", {"text": "b"}]}, {"direction": "in", "text": "c"}
    )
    tree.old_chat(9)
    tree.write("conversations/10.json", {"messages": [], "later": {"x": 1}})
    tree.write("metrics.json", {"current": {"a": "text"}, "history": [
        {"timestamp": "2024-05-01T12:00:00", "metrics": {"users": 1, "note": "x"}}]})  # fmt: skip
    tree.write("backups/7/2024-05-01.json", {"date": "2024-05-01", "messages": [line(1)]})
    report = tree.imported()
    assert report.counts.total("rejected") == 0
    export("emma", workspace / "back")
    assert everything(workspace / "back") == everything(tree.root)


def test_after_deltas(tree: Tree, workspace: Path) -> None:
    tree.chat(7, message(1), message(2, "a\0b"), message(3))
    tree.imported()
    tree.chat(7, message(1), message(2, "whole"), message(3, "c\0d"), message(4, odd=1e400 > 1))
    tree.imported()
    export("Emma", workspace / "back")
    assert everything(workspace / "back") == everything(tree.root)


def test_of_several_bots_one(tree: Tree, workspace: Path) -> None:
    for name in ("Emma", "Anna"):
        tree.write(f"{name}/conversations/1.json", [line(1, name)])
    tree.imported(bot=None)
    export("Anna", workspace / "back")
    assert everything(workspace / "back") == everything(tree.root / "Anna")


def test_what_never_was_in_a_file(tree: Tree, workspace: Path) -> None:
    bot = BotFactory(name="Emma")
    tree.old_chat(7, line(1))
    tree.imported()
    with bot_context(bot.pk):
        Profile.objects.create(telegram_id=5, name="Live", age=40)
        for chat_id in (7, 8):
            chat, _ = Conversation.objects.get_or_create(chat_id=chat_id)
            Message.objects.create(conversation=chat, sender_type="bot", content="live")
    export("Emma", workspace / "back")
    found = everything(workspace / "back")
    assert [each["text"] for each in found["conversations/7.json"]] == ["line 1", "live"]
    assert found["conversations/7.json"][1]["direction"] == "out"
    [said] = found["conversations/8.json"]["messages"]
    assert (said["sender"], said["content"]) == ("bot", "live")
    assert found["girls_data/5.json"]["age"] == 40


def test_what_was_rejected_whole_comes_back_as_it_was(tree: Tree, workspace: Path) -> None:
    tree.write("conversations/7.json", b"no json")
    tree.write("girls_data/7.tmp", b'{"half')
    tree.old_chat(8, line(1), "lost")
    tree.imported()
    done = export("Emma", workspace / "back")
    assert (workspace / "back/conversations/7.json").read_bytes() == b"no json"
    assert (workspace / "back/girls_data/7.tmp").read_bytes() == b'{"half'
    assert done.left_out == 1


def test_only_into_an_empty_folder(tree: Tree, workspace: Path) -> None:
    BotFactory(name="Emma")
    (workspace / "back").mkdir()
    (workspace / "back/file").touch()
    with pytest.raises(ImportRefused, match="not empty"):
        export("Emma", workspace / "back")
    with pytest.raises(ImportRefused, match="no bot"):
        export("Nobody", workspace / "new")
