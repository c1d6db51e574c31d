"""The hot reads, each as SQL under row security and as the same without."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from random import Random
from typing import Any

from django.contrib.auth.models import User
from django.db import connection

from botplatform.bench.database import RARE_WORD, STAFF, SUPERUSER
from conversations.models import Conversation, Message, Profile
from conversations.search import search_query
from tenants.context import bot_context, current_scope, maintenance_context, staff_context
from tenants.models import Bot, BotAccess

PLAIN_BAR, SEARCH_BAR = 1.2, 6.0

Statement = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Read:
    name: str
    bar: float
    pair: Callable[[Random], tuple[Statement, Statement]]
    """Called inside the context: the statement under row security, and the one without."""


@dataclass(frozen=True)
class Viewer:
    name: str
    context: Callable[[], AbstractContextManager[Any]]
    has_bars: bool = True


def viewers() -> list[Viewer]:
    staff = User.objects.get(username=STAFF)
    superuser = User.objects.get(username=SUPERUSER)
    with maintenance_context():
        given = Bot.objects.filter(staff__user=staff)
        bot = max(given, key=lambda bot: Message.objects.filter(bot=bot).count()).pk
        bots = BotAccess.objects.filter(user=staff).count()
    return [
        Viewer("bot", lambda: bot_context(bot)),
        Viewer(f"staff, {bots} bots", lambda: staff_context(staff)),
        Viewer("superuser", lambda: staff_context(superuser), has_bars=False),
    ]


def reads() -> list[Read]:
    """Made inside a viewer's context."""
    chats = list(Conversation.objects.order_by("-message_count")[:200])
    people = list(Profile.objects.values_list("telegram_id", flat=True)[:200])
    common = _common_word()

    def latest(rng: Random) -> Any:
        return rng.choice(chats).messages.order_by("-position")[:50]

    def profile(rng: Random) -> Any:
        return Profile.objects.filter(telegram_id=rng.choice(people))

    def inbox(rng: Random) -> Any:
        return Conversation.objects.order_by("-last_message_at", "id")[:50]

    return [
        _plain("latest 50 messages", latest),
        _plain("profile by Telegram id", profile),
        _plain("inbox page", inbox),
        *(
            _search(f"search {kind} word, {how}", word, newest)
            for kind, word in (("rare", RARE_WORD), ("common", common))
            for how, newest in (("ranked", False), ("newest", True))
        ),
    ]


def _plain(name: str, rows: Callable[[Random], Any]) -> Read:
    def pair(rng: Random) -> tuple[Statement, Statement]:
        statement = _sql(rows(rng))
        return statement, statement

    return Read(name, PLAIN_BAR, pair)


def _search(name: str, word: str, newest: bool) -> Read:
    return Read(name, SEARCH_BAR, lambda rng: _found(word, newest))


def _sql(rows: Any) -> Statement:
    sql, parameters = rows.query.sql_with_params()
    return sql, tuple(parameters)


def _found(word: str, newest: bool) -> tuple[Statement, Statement]:
    """Without row security one would write the conditions on the table itself."""
    secured = Message.objects.search(f"{word} ", newest_first=newest)
    scope = current_scope()
    bots = scope.bot_filter if scope else None
    if bots is None:
        bots = [*Bot.objects.values_list("pk", flat=True)]
    one = len(bots) == 1
    of_bots = "(%s::uuid[])[1]" if one else "unnest(%s::uuid[])"
    rank = "" if newest else "ts_rank_cd(search, asked) DESC, "
    columns = ", ".join(
        f'"{field.column}"' for field in Message._meta.concrete_fields if field.column
    )
    plain = (
        f"SELECT {columns} FROM (SELECT {of_bots} AS bot) AS seen,"
        " query_of_bot(bot, to_tsquery('russian', %s)) AS asked, LATERAL (SELECT * FROM messages"
        f" WHERE bot_id {'=' if one else 'IS NOT DISTINCT FROM'} bot AND search @@ asked) AS found"
        f" ORDER BY {rank}sent_at DESC, id DESC LIMIT 50"
    )
    return _sql(secured), (plain, ([*bots], search_query(f"{word} ")))


def _common_word() -> str:
    """The longer word that most messages of a sample have, and that is its own stem."""
    share = 10 if Message.objects.count() > 100_000 else 100
    sample = f"SELECT search FROM messages TABLESAMPLE SYSTEM ({share}) REPEATABLE (1) LIMIT 20000"
    with connection.cursor() as cursor:
        cursor.execute(
            # Without the bot that each begins with.
            "SELECT word FROM (SELECT split_part(word, '.', 2), ndoc FROM ts_stat(%s)) AS own"
            " (word, ndoc) WHERE length(word) > 3"
            " AND to_tsvector('russian', word) @@ plainto_tsquery('simple', word)"
            " GROUP BY word ORDER BY sum(ndoc) DESC, word LIMIT 1",
            [sample],
        )
        return str(cursor.fetchone()[0])
