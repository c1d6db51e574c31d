"""Bots and staff go on writing while their files are imported, and between the passes."""

import threading
from typing import Any

import pytest
from django.db import connection

from conversations.models import Conversation, Message, Profile
from legacy_import.batches.counts import Tally
from legacy_import.refusal import ImportRefused
from legacy_import.retry import retry
from legacy_import.runs import ledger
from legacy_import.source import messages
from legacy_import.undoing.rollback import rollback
from tenants.context import bot_context, maintenance_context
from tenants.models import Bot
from tests.factories import BotFactory
from tests.legacy_import.tree import Tree, contents, counters, line, message, query
from tests.legacy_import.verify.verifying import passed, verified

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def emma() -> Bot:
    return BotFactory(name="Emma")


def say(bot: Bot, chat_id: int, content: str, **values: Any) -> None:
    with bot_context(bot.pk):
        chat, _ = Conversation.objects.get_or_create(chat_id=chat_id)
        Message.objects.create(conversation=chat, sender_type="user", content=content, **values)


def test_what_comes_after_live_messages_stands_behind_them(tree: Tree, emma: Bot) -> None:
    tree.old_chat(7, line(1, "a"), line(2, "b"))
    tree.imported()
    say(emma, 7, "live")
    tree.old_chat(7, line(1, "a"), line(2, "b"), line(3, "c"), line(4, "d"))
    report = tree.imported()
    assert report.counts["messages"] == Tally(source=4, inserted=2, unchanged=2)
    assert contents(7) == [(1, "a"), (2, "b"), (3, "live"), (4, "c"), (5, "d")]
    say(emma, 7, "live 2")
    tree.old_chat(7, line(1, "a"), line(2, "b"), line(3, "C"), line(4, "d"), line(5, "e"))
    report = tree.imported()
    assert report.counts["messages"] == Tally(source=5, inserted=1, unchanged=3, changed=1)
    assert [text for _, text in contents(7)] == ["a", "b", "live", "C", "d", "live 2", "e"]
    assert counters(7) == (7, 7)


def test_mended_after_live_messages(tree: Tree, emma: Bot) -> None:
    """The place a record had when it was torn is a live message's now."""
    whole = tree.old_chat(7, *(line(n) for n in range(1, 6))).read_bytes()
    tree.write("conversations/7.json", whole[:-110])
    report = tree.imported()
    assert report.counts["messages"] == Tally(source=4, inserted=3, rejected=1)
    say(emma, 7, "live")
    tree.write("conversations/7.json", whole)
    expected = Tally(source=5, inserted=2, unchanged=3)
    assert tree.imported(dry_run=True).counts["messages"] == expected
    report = tree.imported()
    assert report.counts["messages"] == expected
    texts = ["line 1", "line 2", "line 3", "live", "line 4", "line 5"]
    assert contents(7) == [*enumerate(texts, 1)]
    assert query("SELECT solved_by FROM import_rejects") == [(report.run_id,)]
    assert passed(verified(tree))
    rollback(report.run_id)
    assert [text for _, text in contents(7)] == texts[:4]
    assert tree.imported().counts["messages"] == expected
    assert [text for _, text in contents(7)] == texts
    assert passed(verified(tree))


def test_tried_again_after_live_messages(
    tree: Tree, emma: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = [line(2, direction="sideways"), line(4, direction="sideways")]
    tree.old_chat(7, line(1), odd[0], line(3), odd[1])
    report = tree.imported()
    say(emma, 7, "live")
    monkeypatch.setitem(messages.SPELLINGS, "sideways", "bot")
    retried = retry(report.run_id)
    assert (retried.tried, retried.placed) == (2, 2)
    assert contents(7) == [
        *enumerate(("line 1", "line 2", "line 3", "live", "line 4"), 1),
    ]
    assert query("SELECT DISTINCT solved_by FROM import_rejects") == [(retried.run_id,)]


def test_a_conversation_the_bot_began(tree: Tree, emma: Bot) -> None:
    say(emma, 7, "live")
    tree.old_chat(7, line(1, "a"), line(2, "b"))
    report = tree.imported()
    assert report.counts["messages"] == Tally(source=2, inserted=2)
    assert contents(7) == [(1, "live"), (2, "a"), (3, "b")]
    assert query("SELECT count(*) FROM conversations") == [(1,)]
    assert tree.imported().outcome.unchanged_files == 1
    tree.old_chat(7, line(1, "a"), line(2, "B"), line(3, "c"))
    report = tree.imported()
    assert report.counts["messages"] == Tally(source=3, inserted=1, unchanged=1, changed=1)
    assert contents(7) == [(1, "live"), (2, "a"), (3, "B"), (4, "c")]


def test_a_telegram_id_a_live_message_has_already(tree: Tree, emma: Bot) -> None:
    say(emma, 7, "live", telegram_message_id=102)
    tree.chat(7, message(1), message(2))
    report = tree.imported()
    assert report.counts["messages"] == Tally(source=2, inserted=2, repaired=1)
    assert query("SELECT content, telegram_message_id FROM messages ORDER BY position") == [
        ("live", 102),
        ("message 1", 101),
        ("message 2", None),
    ]
    [(place, original)] = query(
        "SELECT place, original FROM import_repairs WHERE code = 'telegram-id-taken'"
    )
    assert (place, bytes(original)) == (2, b"102")
    assert passed(verified(tree))


def test_a_profile_the_bot_made(tree: Tree, emma: Bot) -> None:
    with bot_context(emma.pk):
        live = Profile.objects.create(telegram_id=7, name="Live")
    tree.person(7, name="File")
    report = tree.imported()
    assert report.counts["profiles"].changed == 1
    assert query("SELECT id, name FROM profiles") == [(live.pk, "File")]
    assert query("SELECT before->>'name' FROM import_changes WHERE row_id IS NOT NULL") == [
        ("Live",)
    ]


def test_what_staff_changed_stays_when_the_file_did_not(tree: Tree, emma: Bot) -> None:
    tree.old_chat(7, line(1, "a"), line(2, "b"))
    tree.imported()
    with maintenance_context():
        Message.objects.filter(content="a").update(content="redacted")
    tree.old_chat(7, line(1, "a"), line(2, "b"), line(3, "c"))
    tree.imported()
    assert contents(7) == [(1, "redacted"), (2, "b"), (3, "c")]


def test_a_second_import_of_the_same_bot_is_refused(tree: Tree, emma: Bot) -> None:
    other = BotFactory(name="Other")
    tree.old_chat(7, line(1))
    refusals: list[str] = []

    def second(bot: str) -> None:
        try:
            tree.imported(bot=bot)
        except ImportRefused as error:
            refusals.append(str(error))
        finally:
            connection.close()

    with ledger.locked({"Emma": emma.pk}):
        for name in ("Emma", other.name):
            thread = threading.Thread(target=second, args=[name])
            thread.start()
            thread.join()
    assert len(refusals) == 1
    assert refusals[0].startswith("Another import of Emma is running")
    assert query("SELECT count(*) FROM messages WHERE bot_id = %s", emma.pk) == [(0,)]
    assert tree.imported().counts["messages"].inserted == 1


def test_live_writers_meanwhile(tree: Tree, emma: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Into the very conversations that are imported, in every order."""
    monkeypatch.setattr("legacy_import.batches.plan.MOST_BYTES", 30_000)
    monkeypatch.setattr("legacy_import.batches.batch.MOST_BYTES", 30_000)
    for chat in range(1, 9):
        tree.chat(chat, *(message(n) for n in range(1, 151)))
    ended, written, errors = threading.Event(), [], []

    def live(worker: int) -> None:
        try:
            n = 0
            while not ended.is_set():
                n += 1
                say(emma, n % 8 + 1, f"live {worker} {n}")
                written.append(n)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=live, args=[n]) for n in range(2)]
    for thread in threads:
        thread.start()
    try:
        report = tree.imported()
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert errors == []
    assert report.counts["messages"] == Tally(source=1200, inserted=1200)
    assert len(written) > 20
    for chat in range(1, 9):
        positions = [position for position, _ in contents(chat)]
        assert len(set(positions)) == len(positions)
        texts = [text for _, text in contents(chat) if text.startswith("message")]
        assert texts == [f"message {n}" for n in range(1, 151)]
        assert counters(chat) == (len(positions), positions[-1])
    assert query("SELECT count(*) FROM messages") == [(1200 + len(written),)]
    assert tree.imported().outcome.unchanged_files == 8
