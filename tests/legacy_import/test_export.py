"""The way back: what was accepted comes out equal as JSON."""

import json
import os
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from conversations.models import Conversation, Message, Profile
from legacy_import.export import export
from legacy_import.models import ImportFile
from legacy_import.refusal import ImportRefused
from legacy_import.undoing.rollback import rollback
from tenants.context import bot_context, maintenance_context
from tenants.models import Bot
from tests.factories import BotFactory
from tests.legacy_import.tree import Tree, line, message, query

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


def live(bot: Bot, chat_id: int, *texts: str) -> None:
    with bot_context(bot.pk):
        chat, _ = Conversation.objects.get_or_create(chat_id=chat_id)
        for text in texts:
            Message.objects.create(conversation=chat, sender_type="user", content=text)


def said(back: Path, chat_id: int) -> list[str]:
    found = json.loads((back / f"conversations/{chat_id}.json").read_bytes())
    records = found["messages"] if isinstance(found, dict) else found
    return [record.get("content", record.get("text")) for record in records]


def test_rows_win_over_the_bytes_of_a_later_damage(tree: Tree, workspace: Path) -> None:
    """What was imported does not go because its file could not be read in a later pass."""
    tree.person(7, mood="good")
    tree.old_chat(7, line(1), {**line(2), "text": 5})
    tree.chat(8, message(1), title="Eight")
    tree.write("metrics.json", {"current": {"users": 1}})
    tree.imported()
    before = everything(tree.root)
    tree.write("conversations/7.json", b"")
    tree.write("conversations/8.json", b'{"messages": 5}')
    for name in ("girls_data/7.json", "metrics.json"):
        (tree.root / name).unlink()
        (tree.root / name).symlink_to("/etc/passwd")
    assert tree.imported().counts.total("rejected") == 4
    done = export("Emma", workspace / "back")
    assert everything(workspace / "back") == before
    assert done.problems == []


def test_live_writes_to_what_was_rejected_whole(tree: Tree, workspace: Path) -> None:
    bot = BotFactory(name="Emma")
    for chat_id in (7, 8, 9):
        tree.write(f"conversations/{chat_id}.json", {7: b"", 8: b"no json", 9: b"{}"}[chat_id])
    tree.person(7, age=17)
    tree.imported()
    live(bot, 7, "live 1", "live 2")
    live(bot, 9, "live 3")
    with bot_context(bot.pk):
        Profile.objects.create(telegram_id=7, name="Grown up", age=18)
    export("Emma", workspace / "back")
    assert said(workspace / "back", 7) == ["live 1", "live 2"]
    assert (workspace / "back/conversations/8.json").read_bytes() == b"no json"
    assert said(workspace / "back", 9) == ["live 3"]
    person = json.loads((workspace / "back/girls_data/7.json").read_bytes())
    assert (person["name"], person["age"]) == ("Grown up", 18)


def test_live_writes_to_what_was_repaired(tree: Tree, workspace: Path) -> None:
    bot = BotFactory(name="Emma")
    tree.write("girls_data/5.json", {"telegram_id": 5, "name": "Five"})
    tree.write("girls_data/6.json", {"telegram_id": 6, "name": "Six"})
    tree.write("girls_data/7.json", {"chat_id": 7, "name": "Seven", "last_activity": None})
    tree.write("girls_data.json", {"girls": {"8": {"name": "Eight"}, "9": {"name": "Nine"}}})
    tree.chat(7, message(1, "a\0b"), message(2, "c\0d"), message(3, "e\0f"))
    tree.imported()
    before = everything(tree.root)
    with bot_context(bot.pk):
        for number in (5, 7, 8):
            Profile.objects.filter(telegram_id=number).update(name="since", location="Riga", age=44)
    with maintenance_context():
        Message.objects.filter(position=2).update(content="staff")
        Message.objects.filter(position=3).delete()
    live(bot, 7, "live")
    export("Emma", workspace / "back")
    found = everything(workspace / "back")
    assert said(workspace / "back", 7) == ["a\0b", "staff", "live"]
    for number in (5, 7, 8):
        person = found[f"girls_data/{number}.json"]
        assert (person["name"], person["location"], person["age"]) == ("since", "Riga", 44)
    assert found["girls_data/7.json"]["chat_id"] == 7
    for name in ("girls_data/6.json", "girls_data.json"):
        assert found[name] == before[name]
    assert "girls_data/9.json" not in found
    # And it is what an import takes for the newest.
    Bot.objects.all().delete()
    Tree(workspace / "back").imported()
    assert query("SELECT telegram_id, name FROM profiles ORDER BY 1") == [
        (5, "since"), (6, "Six"), (7, "since"), (8, "since"), (9, "Nine")]  # fmt: skip


def test_what_a_rollback_gave_back_wins_as_well(tree: Tree, workspace: Path) -> None:
    BotFactory(name="Emma")
    tree.chat(7, message(1, "a\0b"))
    tree.imported()
    with maintenance_context():
        Message.objects.update(content="staff")
    tree.chat(7, message(1, "edited"))
    rollback(tree.imported().run_id)
    export("Emma", workspace / "back")
    assert said(workspace / "back", 7) == ["staff"]


def test_a_killed_run(tree: Tree, workspace: Path) -> None:
    """A file that was never read to its end has rows that come out."""
    tree.chat(7, message(1), message(2))
    tree.imported()
    with maintenance_context():
        ImportFile.objects.update(status="partial", header={"title": ""})
    export("Emma", workspace / "back")
    assert said(workspace / "back", 7) == ["message 1", "message 2"]


def test_odd_names(tree: Tree, workspace: Path) -> None:
    """Each has its own name again; where two cannot stand together, one is reported."""
    tree.old_chat(7, line(1))
    names = [b"\xff" * 100 + b".json", b"new\nline\\x.json", "é\x85".encode(), b"\xc3"]
    for name in names:
        path = os.path.join(os.fsencode(tree.root / "conversations"), name)
        Path(os.fsdecode(path)).write_bytes(b"[")
    tree.write("conversations/8.json/x.txt", b"hello")
    (tree.root / "girls_data").mkdir()
    (tree.root / "girls_data/9.json").symlink_to("/etc/passwd")
    tree.imported()
    (tree.root / "conversations/8.json/x.txt").unlink()
    (tree.root / "conversations/8.json").rmdir()
    tree.old_chat(8, line(1))
    tree.imported()
    err = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("export_legacy_json", workspace / "back", bot="Emma", stderr=err)
    assert stopped.value.code == 3
    assert err.getvalue().splitlines() == [
        "Not written: conversations/8.json/x.txt: File exists.",
        "Not written: girls_data/9.json: nothing of it was kept (symlink).",
    ]
    folder = os.fsencode(workspace / "back/conversations")
    expected = {b"7.json", b"8.json", *names} - {names[2]} | {b"\xc3\xa9\x85"}
    assert set(os.listdir(folder)) == expected


def test_a_name_that_is_too_long_here(tree: Tree, workspace: Path) -> None:
    tree.old_chat(7, line(1))
    tree.write("a.txt", b"a")
    tree.imported()
    query("UPDATE import_files SET path = repeat('a', 300) WHERE path = 'a.txt' RETURNING id")
    done = export("Emma", workspace / "back")
    assert done.problems == ["a" * 300 + ": File name too long."]
    assert said(workspace / "back", 7) == ["line 1"]


def test_ids_that_began_anew(tree: Tree, tmp_path: Path) -> None:
    """The second message of an id is without it in the table, and has it in the file."""
    old = [message(1), message(2)]
    new = [{**message(n + 50), "id": old[n - 1]["id"]} for n in (1, 2)]
    tree.chat(7, *old)
    tree.imported()
    tree.chat(7, *new)
    tree.imported()
    export(tree.bot, tmp_path / "out")
    written = json.loads((tmp_path / "out/conversations/7.json").read_bytes())
    assert [(each["id"], each["content"]) for each in written["messages"]] == [
        (each["id"], each["content"]) for each in (*old, *new)
    ]
