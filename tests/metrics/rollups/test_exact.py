"""The rollups are what plain Python counts, whatever happened to the rows."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.utils import timezone

from conversations.models import Conversation, Message
from metrics.models import DailyRollup
from tenants.context import bot_context
from tenants.models import Bot
from tests.factories import ConversationFactory, MessageFactory
from tests.metrics.rollups.slowly import stored
from tests.metrics.rollups.world import change, random_bot, require_exact, rolled_up, settle, talk
from tests.tenants.guards import query

pytestmark = pytest.mark.django_db(transaction=True)

ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata", "Atlantic/Azores", "Pacific/Kiritimati"]


@pytest.mark.parametrize("zone", ZONES)
def test_random_days_and_what_happens_to_them(settings: Any, zone: str) -> None:
    settings.METRICS_TIME_ZONE = zone
    rng = Random(zone)
    bots = [random_bot(rng) for _ in range(3)]
    ids = [bot.pk for bot in bots]
    rolled_up()
    require_exact(*ids)
    for _ in range(12):
        for _ in range(rng.randint(1, 3)):
            change(rng, rng.choice(bots))
        rolled_up()
        require_exact(*ids)


def test_again_changes_nothing_and_looks_at_the_latest_days_alone() -> None:
    bot = random_bot(Random(1))
    settle()
    before = {row.pk: row for row in DailyRollup.objects.all()}
    [again] = rolled_up()
    assert again.changed == 0
    assert again.days < len(before)
    # A row that nobody changed is not even looked at: until it is asked for.
    oldest = DailyRollup.objects.order_by("day").first()
    DailyRollup.objects.filter(bot=bot, pk=oldest.pk).update(messages_in=12345)
    rolled_up()
    assert DailyRollup.objects.get(pk=oldest.pk).messages_in == 12345
    rolled_up(since=oldest.day)
    require_exact(bot.pk)
    assert {row.pk for row in DailyRollup.objects.all()} == before.keys()


def test_a_late_message_costs_its_days_alone() -> None:
    chat = ConversationFactory(profile=None)
    talk(Random(2), chat, 300, datetime(2024, 1, 1, tzinfo=UTC))
    settle()
    assert DailyRollup.objects.count() > 20
    MessageFactory(conversation=chat, sent_at=datetime(2024, 1, 20, 12, tzinfo=UTC))
    [again] = rolled_up()
    assert again.days <= 4
    assert again.changed == 1
    require_exact(chat.bot_id)


def test_days_are_of_the_zone(settings: Any) -> None:
    settings.METRICS_TIME_ZONE = "Europe/Berlin"
    chat = ConversationFactory(profile=None)
    # 23:59:59 and 0:00 in summer time, and the 23 and 25 hours of the days when clocks turn.
    for moment in (
        *("2025-03-29T22:59:59Z", "2025-03-29T23:00:00Z", "2025-03-30T21:59:59Z"),
        *("2025-03-30T22:00:00Z", "2025-10-25T22:00:00Z", "2025-10-26T22:59:59Z"),
    ):
        MessageFactory(conversation=chat, sent_at=datetime.fromisoformat(moment))
    rolled_up()
    assert {day: row["messages_in"] for day, row in stored(chat.bot_id).items()} == {
        date(2025, 3, 29): 1,
        date(2025, 3, 30): 2,
        date(2025, 3, 31): 1,
        date(2025, 10, 26): 2,
    }
    settings.METRICS_TIME_ZONE = "Asia/Kolkata"
    rolled_up()
    require_exact(chat.bot_id)
    assert date(2025, 10, 27) in stored(chat.bot_id)


@pytest.mark.parametrize(
    ("chat", "waits"),
    [
        ("U0 B7", [7]),
        # Several messages are one question, from the first on.
        ("U0 U5 U9 B10", [10]),
        # After an hour of silence the person asks anew; one answer is for both.
        ("U0 U3601 B3602", [3602, 1]),
        ("U0 U3600 B3602", [3602]),
        ("U0 B1 B2 U3 B9", [1, 6]),
        ("U0 B86400", [86400]),
        ("U0 B86401", []),
        ("U0 S1 B2", [2]),
        ("B0 U1", []),
        ("U0 B0", [0]),
    ],
)
def test_what_a_response_is(chat: str, waits: list[int]) -> None:
    begin = datetime(2025, 5, 5, 1, tzinfo=UTC)
    conversation = ConversationFactory(profile=None)
    senders = {"U": "user", "B": "bot", "S": "system"}
    for said in chat.split():
        at = begin + timedelta(seconds=int(said[1:]))
        MessageFactory(conversation=conversation, sender_type=senders[said[0]], sent_at=at)
    rolled_up()
    row = stored(conversation.bot_id)[begin.date()]
    assert row["responses"] == len(waits)
    assert row["response_median"] == (sum(waits) / len(waits) if waits else None)
    require_exact(conversation.bot_id)


def test_live_messages_of_a_bot_are_in_the_next_roll_up(alice_bot: Bot) -> None:
    settle()
    for number in range(3):
        with bot_context(alice_bot.pk):
            chat, _ = Conversation.objects.get_or_create(chat_id=1)
            Message.objects.create(conversation=chat, sender_type="user", sent_at=timezone.now())
        rolled_up()
        require_exact(alice_bot.pk)
        assert sum(row["messages_in"] for row in stored(alice_bot.pk).values()) == number + 1


def test_impossible_times_are_left_out_and_harm_nobody(alice_bot: Bot, bob_bot: Bot) -> None:
    chat = ConversationFactory(bot=alice_bot, profile=None)
    for moment in ("0002-01-01", "9998-12-31", "1969-12-30"):
        with_moment(chat, moment)
    MessageFactory(conversation__bot=bob_bot)
    for _ in range(2):
        rolled_up()
        assert stored(alice_bot.pk) == {}
        assert len(stored(bob_bot.pk)) == 1


def with_moment(chat: Conversation, moment: str) -> None:
    message = MessageFactory(conversation=chat)
    query(
        "UPDATE messages SET sent_at = %(moment)s WHERE bot_id = %(bot)s AND id = %(id)s"
        " RETURNING id",
        moment=moment, bot=chat.bot_id, id=message.pk,
    )  # fmt: skip


def test_a_bot_takes_its_rollups_and_notes_along() -> None:
    bot = random_bot(Random(3))
    rolled_up()
    MessageFactory(conversation__bot=bot, sent_at=datetime(2024, 1, 1, tzinfo=UTC))
    bot.delete()
    assert query(
        "SELECT (SELECT count(*) FROM daily_rollups), (SELECT count(*) FROM changed_days),"
        " (SELECT count(*) FROM rollup_states)"
    ) == [(0, 0, 0)]
    assert rolled_up() == []
