"""Bots with random days, around the turns of clocks and now."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from conversations.models import Conversation, Message, Profile
from metrics.models import BotMetric, RollupState
from metrics.rollups.days import zone
from metrics.rollups.roll_up import RolledUp, bots_to_roll_up, roll_up
from tenants.models import Bot
from tests.factories import BotFactory, BotMetricFactory, ConversationFactory, ProfileFactory
from tests.metrics.rollups.slowly import computed, stored

# Clocks are put forward in Berlin on 30 March, and back on 26 October.
TURNS = (datetime(2025, 3, 29, tzinfo=UTC), datetime(2025, 10, 25, tzinfo=UTC))
SENDERS = ("user", "user", "user", "bot", "bot", "system")


def moments(rng: Random, count: int, base: datetime | None = None) -> list[datetime]:
    """In clusters: bursts, answers, equal times and long silences."""
    base = base or rng.choice((*TURNS, timezone.now() - timedelta(days=2)))
    at = base + timedelta(hours=rng.uniform(0, 60))
    found = []
    for _ in range(count):
        at += timedelta(seconds=rng.choice((0, 0, 5, 40, 600, 3600, 3601, 30_000, 86_400)))
        found.append(at.replace(microsecond=rng.choice((0, 0, 123_456))))
    return found


def random_bot(rng: Random, chats: int = 8, messages: int = 40) -> Bot:
    bot = BotFactory()
    for _ in range(chats):
        talk(rng, ConversationFactory(bot=bot, profile=None), messages)
    for at in moments(rng, 10):
        ProfileFactory(bot=bot, created_at=at)
        BotMetricFactory(
            bot=bot,
            metric_name=rng.choice(("error", "errors", "error_rate", "load")),
            metric_value=rng.choice((1, 2, 5, -1, 10**12)),
            recorded_at=at,
        )
    return bot


def talk(
    rng: Random, chat: Conversation, messages: int, base: datetime | None = None
) -> Sequence[Message]:
    times = moments(rng, messages, base)
    if rng.random() < 0.3:
        rng.shuffle(times)
    return Message.objects.bulk_create(
        Message(
            bot_id=chat.bot_id,
            conversation=chat,
            sender_type=rng.choice(SENDERS),
            sender_id=rng.choice((None, 1, 2, 3)),
            sent_at=at,
        )
        for at in times
    )


def rolled_up(**options: Any) -> list[RolledUp]:
    return [*roll_up(bots_to_roll_up(), **options)]


def settle() -> None:
    """Other transactions of the server, not only ours, may keep the first roll-ups from it."""
    for _ in range(100):
        rolled_up()
        if not RollupState.objects.filter(settled_at=None).exists():
            return
    raise AssertionError("The watermark does not move.")


def require_exact(*bots: uuid.UUID) -> None:
    for bot in bots:
        assert to_the_microsecond(stored(bot)) == to_the_microsecond(computed(bot, zone()))


def to_the_microsecond(days: dict[Any, dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    return {
        day: {name: round(n, 6) if isinstance(n, float) else n for name, n in figures.items()}
        for day, figures in days.items()
    }


def pick(rng: Random, model: Any, bot: Bot, count: int = 1) -> list[Any]:
    rows = list(model.objects.filter(bot=bot).order_by("pk"))
    return rng.sample(rows, min(count, len(rows)))


def change(rng: Random, bot: Bot) -> None:
    """Something that happens to stored rows, or comes late."""
    later = timedelta(seconds=rng.choice((-90_000, -3_000, 1, 7_000, 200_000)))
    [chat] = pick(rng, Conversation, bot)
    match rng.randrange(10):
        case 0:
            talk(rng, chat, 5)
        case 1:
            talk(rng, ConversationFactory(bot=bot, profile=None), 10, rng.choice(TURNS))
        case 2:
            picked = pick(rng, Message, bot, 7)
            Message.objects.filter(bot=bot, pk__in=[m.pk for m in picked]).delete()
        case 3:
            for message in pick(rng, Message, bot, 4):
                message.sent_at += later
                message.save()
        case 4:
            for message in pick(rng, Message, bot, 4):
                message.sender_type = rng.choice(SENDERS)
                message.sender_id = rng.choice((None, 1, 2))
                message.save()
        case 5:
            chat.delete()
        case 6:
            for profile in pick(rng, Profile, bot):
                profile.delete()
        case 7:
            for profile in pick(rng, Profile, bot):
                profile.created_at += later
                profile.save()
        case 8:
            for metric in pick(rng, BotMetric, bot, 2):
                metric.metric_name = rng.choice(("errors", "load"))
                metric.metric_value = rng.choice((1, 3, -5))
                metric.recorded_at += later
                metric.save()
        case 9:
            for metric in pick(rng, BotMetric, bot, 2):
                metric.delete()
