"""Some bots and all they have, in one transaction."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import connection

from botplatform.demo.dialogues import Talk
from botplatform.demo.fleet import DemoBot
from botplatform.demo.metrics import metric_lines
from botplatform.demo.rhythm import DAYS, Calendar
from botplatform.demo.rows import Chat, chats, conversation_line, message_lines, profile_line
from botplatform.demo.staging import CONVERSATIONS, MESSAGES, METRICS, PROFILES, TABLES
from tenants.context import maintenance_context
from tenants.models import Bot

BATCH_ROWS = 20_000

Advance = Callable[[int], object]


def load(
    fleet: Sequence[DemoBot],
    until: datetime,
    advance: Advance,
    before_commit: Callable[[], None] = lambda: None,
) -> Counter[str]:
    """The numbers of rows, by table. `advance` is told of every batch of messages."""
    rows: Counter[str] = Counter()
    kinds = {(bot.words.code, bot.topics): bot for bot in fleet}
    talks = {kind: Talk(bot.words, bot.topics) for kind, bot in kinds.items()}
    with maintenance_context(), connection.cursor() as cursor:
        # One part of a fleet may wait long for the other's end.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        for staging in TABLES:
            staging.create(cursor)
        for bot in fleet:
            rng = Random(bot.seed)  # noqa: S311
            calendar = Calendar(until, bot.words.utc_offset_hours)
            _insert_bot(bot, until, rng)
            rows["bots"] += 1
            rows["bot_metrics"] += METRICS.load(cursor, bot.id, metric_lines(bot, rng, until))
            talk = talks[bot.words.code, bot.topics]
            for begun, messages in _batches(bot, talk, rng, calendar):
                known = (profile_line(chat, calendar) for chat in begun if chat.profile_id)
                rows["profiles"] += PROFILES.load(cursor, bot.id, known)
                lines = (conversation_line(chat, calendar) for chat in begun)
                rows["conversations"] += CONVERSATIONS.load(cursor, bot.id, lines)
                rows["messages"] += MESSAGES.load(cursor, bot.id, messages)
                advance(len(messages))
            _note_activity(cursor, bot)
        for staging in TABLES:
            staging.drop(cursor)
        before_commit()
    return rows


def _batches(
    bot: DemoBot, talk: Talk, rng: Random, calendar: Calendar
) -> Iterator[tuple[list[Chat], list[str]]]:
    """The chats that begin in a batch, and its messages."""
    begun: list[Chat] = []
    messages: list[str] = []
    for chat in chats(bot, rng, calendar):
        begun.append(chat)
        for lines in message_lines(bot, chat, talk, rng, calendar):
            messages += lines
            if len(messages) >= BATCH_ROWS:
                yield begun, messages
                begun, messages = [], []
    if messages:
        yield begun, messages


def _insert_bot(bot: DemoBot, until: datetime, rng: Random) -> None:
    age = timedelta(days=rng.randint(DAYS + 1, 400), seconds=rng.randrange(86_400))
    row = Bot(
        id=bot.id,
        name=bot.name,
        username=bot.username,
        owner_telegram_id=bot.owner_telegram_id,
        status=bot.status,
        config=bot.config,
        created_at=until - age,
    )
    row.set_token(bot.token)
    row.save(force_insert=True)


def _note_activity(cursor: Any, bot: DemoBot) -> None:
    cursor.execute(
        "UPDATE profiles SET last_active_at = chat.last_message_at FROM conversations AS chat "
        "WHERE profiles.bot_id = %(bot)s AND chat.bot_id = %(bot)s "
        "AND chat.profile_id = profiles.id",
        {"bot": bot.id},
    )
    cursor.execute(
        "UPDATE bots SET last_active_at = "
        "(SELECT max(last_message_at) FROM conversations WHERE bot_id = %(bot)s) "
        "WHERE id = %(bot)s",
        {"bot": bot.id},
    )
