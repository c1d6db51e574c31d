"""Roll-ups beside writers, beside each other, and killed."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import psycopg
import pytest
from django.db import connection, connections
from django.utils import timezone

from botplatform.planes import MIGRATOR
from conversations.models import Message
from metrics.models import RollupState
from metrics.rollups import watermark
from tenants.models import Bot
from tests.factories import BotFactory, ConversationFactory, MessageFactory
from tests.isolation.world import log_in
from tests.metrics.rollups.slowly import query, stored
from tests.metrics.rollups.world import random_bot, require_exact, rolled_up, settle, talk

pytestmark = pytest.mark.django_db(transaction=True)

INSERT = (
    "INSERT INTO messages (id, bot_id, conversation_id, sender_type, sent_at)"
    " VALUES (gen_random_uuid(), %s, %s, 'user', clock_timestamp())"
)


@contextmanager
def open_transaction() -> Iterator[psycopg.Connection]:
    with log_in(MIGRATOR.login) as session:
        yield session


def test_a_transaction_that_was_open_all_the_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its live message is noted nowhere, and committed long after roll-ups that did not see it."""
    monkeypatch.setattr(watermark, "RECENT", timedelta(0))
    monkeypatch.setattr(watermark, "first_open_day", lambda moment: moment.date())
    chat = ConversationFactory(profile=None)
    settle()
    with open_transaction() as session:
        session.execute(INSERT, [chat.bot_id, chat.pk])
        begun = timezone.now()
        for _ in range(5):
            rolled_up()
        state = RollupState.objects.get(pk=chat.bot_id)
        assert state.settled_at is not None
        assert state.settled_at < begun < state.rolled_up_at
        session.commit()
    assert query("SELECT count(*) FROM changed_days") == [(0,)]
    rolled_up()
    require_exact(chat.bot_id)
    for _ in range(100):
        rolled_up()
        state.refresh_from_db()
        if state.settled_at > begun:
            return
    raise AssertionError("The watermark stays behind a transaction that has ended.")


def test_a_note_that_is_not_committed_yet_is_not_lost() -> None:
    late = datetime(2024, 1, 1, tzinfo=UTC)
    chat = ConversationFactory(profile=None)
    settle()
    with open_transaction() as session:
        session.execute(INSERT.replace("clock_timestamp()", "%s"), [chat.bot_id, chat.pk, late])
        rolled_up()
        session.commit()
    assert stored(chat.bot_id) == {}
    rolled_up()
    assert stored(chat.bot_id)[late.date()]["messages_in"] == 1


def test_a_restored_database_counts_its_transactions_anew() -> None:
    chat = ConversationFactory()
    rolled_up()
    RollupState.objects.update(
        pending_xid=2**50, pending_at=timezone.now(), settled_at=timezone.now() - timedelta(days=9)
    )
    settled_before = RollupState.objects.get(pk=chat.bot_id).settled_at
    for _ in range(100):
        rolled_up()
        if RollupState.objects.get(pk=chat.bot_id).settled_at > settled_before:
            return
    raise AssertionError("The watermark waits for transactions of another server.")


def test_live_writers_are_not_held_up_and_not_missed() -> None:
    """Two roll-ups at once, beside two writers that also delete."""
    bots = [BotFactory() for _ in range(2)]
    chats = [ConversationFactory(bot=bot, profile=None) for bot in bots]
    ended = threading.Event()
    errors: list[BaseException] = []

    def run(work: Any) -> threading.Thread:
        def body() -> None:
            try:
                work()
            except BaseException as error:
                errors.append(error)
            finally:
                connections.close_all()

        thread = threading.Thread(target=body)
        thread.start()
        return thread

    def roll() -> None:
        while not ended.is_set():
            rolled_up()

    def write(chat: Any, rng: Random) -> None:
        for _ in range(25):
            talk(rng, chat, 3, timezone.now() - timedelta(hours=rng.choice((0, 0, 2, 300))))
            if rng.random() < 0.3:
                oldest = Message.objects.filter(bot=chat.bot_id).order_by("position").first()
                oldest.delete()

    rollers = [run(roll) for _ in range(2)]
    writers = [run(lambda chat=chat, n=n: write(chat, Random(n))) for n, chat in enumerate(chats)]
    for thread in writers:
        thread.join()
    ended.set()
    for thread in rollers:
        thread.join()
    assert errors == []
    rolled_up()
    require_exact(*(bot.pk for bot in bots))


def test_a_bot_that_another_roll_up_is_at_is_left_to_it(alice_bot: Bot, bob_bot: Bot) -> None:
    rolled_up()
    with open_transaction() as session:
        session.execute("SELECT FROM rollup_states WHERE bot_id = %s FOR UPDATE", [alice_bot.pk])
        assert {each.name: each.busy for each in rolled_up()} == {
            "Alice's bot": True,
            "Bob's bot": False,
        }
    assert not any(each.busy for each in rolled_up())


def test_killed_in_the_middle(alice_bot: Bot, bob_bot: Bot) -> None:
    """The first bot is done, the second is written and not committed."""
    for bot in (alice_bot, bob_bot):
        MessageFactory(
            conversation__bot=bot, conversation__profile=None,
            sent_at=datetime(2024, 1, 1, tzinfo=UTC),
        )  # fmt: skip
    rolled_up()
    for bot in (alice_bot, bob_bot):
        talk(Random(1), ConversationFactory(bot=bot, profile=None), 50)
    with open_transaction() as session:
        # What the second bot's roll-up writes last.
        session.execute("SELECT FROM daily_rollups WHERE bot_id = %s FOR UPDATE", [bob_bot.pk])
        # The row has to change, so that it is waited for.
        MessageFactory(
            conversation__bot=bob_bot, conversation__profile=None,
            sent_at=datetime(2024, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        process = roller()
        wait_until(lambda: stored(alice_bot.pk).keys() > {datetime(2024, 1, 1).date()})
        wait_until(waiting)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        session.rollback()
    wait_until(lambda: not waiting())
    assert len(stored(bob_bot.pk)) == 1
    require_exact(alice_bot.pk)
    for each in rolled_up():
        assert not each.busy
    require_exact(alice_bot.pk, bob_bot.pk)


def roller() -> subprocess.Popen[bytes]:
    database = {key: connection.settings_dict[key] for key in ("NAME", "HOST", "PORT")}
    code = (
        "import json, os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'\n"
        "import django; django.setup()\n"
        "from django.db import connection\n"
        "from django.core.management import call_command\n"
        "connection.settings_dict.update(json.loads(sys.argv[1]))\n"
        "call_command('roll_up_metrics')"
    )
    return subprocess.Popen([sys.executable, "-c", code, json.dumps(database)])


def waiting() -> bool:
    [(count,)] = query(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
    )
    return bool(count)


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_random_bots_side_by_side() -> None:
    bots = [random_bot(Random(n), chats=2, messages=20) for n in range(4)]
    assert [each.name for each in rolled_up()] == sorted(bot.name for bot in bots)
    require_exact(*(bot.pk for bot in bots))
