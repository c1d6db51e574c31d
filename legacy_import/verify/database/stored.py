"""What the database has, read in one bot's partitions."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from legacy_import.verify.database.streamed import streamed
from legacy_import.verify.values.canonical import hash_of, message_text, time_of

# The importer's ids follow from a row's place: UUIDs of version 8. Those of bots are of version 7.
VERSION = "substr(m.id::text, 15, 1)"
IMPORTED = f"{VERSION} = '8'"
LIVE = f"{VERSION} = '7'"
# An imported message's id ends with its place in its file's history.
PLACE = "('x' || substr(m.id::text, 27))::bit(40)::bigint"
AT_ONCE, PLACES_AT_ONCE = 2_000, 100_000

CHATS = f"""
    SELECT chat.chat_id, chat.id, chat.title, substr(chat.id::text, 15, 1) = '7',
        {time_of("chat.created_at")}, chat.message_count, chat.last_position,
        imported.rows, imported.sum, imported.positions, imported.backwards,
        imported.earliest, imported.latest, imported.began,
        imported.least_shift, imported.most_shift,
        others.live, others.strange, others.last
    FROM conversations AS chat
    LEFT JOIN LATERAL (
        SELECT count(*) AS rows, coalesce(sum({hash_of(message_text("m.rank"))}), 0) AS sum,
            coalesce(sum(m.position), 0) AS positions,
            count(*) FILTER (WHERE m.sent_at < m.before) AS backwards,
            {time_of("min(m.sent_at)")} AS earliest,
            {time_of("max(m.sent_at)")} AS latest,
            {time_of("min(m.sent_at) FILTER (WHERE m.rank = 1)")} AS began,
            min(m.position - {PLACE}) AS least_shift, max(m.position - {PLACE}) AS most_shift
        FROM (
            SELECT m.*, row_number() OVER (ORDER BY m.position) AS rank,
                lag(m.sent_at) OVER (ORDER BY m.position) AS before
            FROM messages AS m
            WHERE m.bot_id = %(bot)s AND m.conversation_id = chat.id AND {IMPORTED}
        ) AS m
    ) AS imported ON true
    LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE {VERSION} = '7') AS live,
            count(*) FILTER (WHERE {VERSION} NOT IN ('7', '8')) AS strange,
            coalesce(max(m.position), 0) AS last
        FROM messages AS m WHERE m.bot_id = %(bot)s AND m.conversation_id = chat.id
    ) AS others ON true
    WHERE chat.bot_id = %(bot)s AND chat.chat_id = ANY(%(chats)s)
"""
VALUES = f"""
    SELECT m.position, m.telegram_message_id, m.sender_type, m.sender_id, m.content,
        m.message_type, m.metadata::text, {time_of("m.sent_at")},
        {VERSION}, {PLACE}
    FROM messages AS m
"""
MESSAGES = f"""
    {VALUES}
    WHERE m.bot_id = %s AND m.conversation_id = %s AND m.position > %s
    ORDER BY m.position LIMIT %s
"""
MESSAGES_AT = f"""
    {VALUES}
    JOIN conversations AS chat ON chat.bot_id = m.bot_id AND chat.id = m.conversation_id
    WHERE m.bot_id = %s AND chat.chat_id = %s AND {IMPORTED} AND {PLACE} = ANY (%s)
"""
POSITIONS = f"""
    SELECT m.position, {PLACE} FROM messages AS m
    WHERE m.bot_id = %s AND m.conversation_id = %s AND {IMPORTED} ORDER BY m.position
"""
HASHES = f"""
    SELECT {hash_of(message_text("0"))}::bigint FROM messages AS m
    WHERE m.bot_id = %s AND m.conversation_id = %s AND {IMPORTED} ORDER BY m.position
"""
METRIC_PLACES = f"""
    SELECT {PLACE} FROM bot_metrics AS m
    WHERE m.bot_id = %s AND {IMPORTED} AND NOT m.metric_tags ? 'telegram_id'
"""
PEOPLE = f"""
    SELECT telegram_id, name, age, location, interests::text, chat_style, personality,
        additional_data::text, {time_of("created_at")},
        {time_of("last_active_at")}, substr(id::text, 15, 1) = '7'
    FROM profiles WHERE bot_id = %s AND telegram_id = ANY(%s)
"""
# With whether anything of them is not a bot's own.
CHAT_IDS = f"""
    SELECT m.chat_id, NOT {LIVE} OR EXISTS (
        SELECT FROM (SELECT id FROM messages WHERE bot_id = %(bot)s AND conversation_id = chat)
            AS m WHERE NOT {LIVE})
    FROM (SELECT id, id AS chat, chat_id FROM conversations WHERE bot_id = %(bot)s) AS m
"""
PEOPLE_IDS = f"SELECT m.telegram_id, NOT {LIVE} FROM profiles AS m WHERE m.bot_id = %(bot)s"


@dataclass(frozen=True, slots=True)
class StoredChat:
    chat_id: int
    id: uuid.UUID
    title: str
    # Whether a bot began it, before it was imported.
    is_live: bool
    created_at: int
    message_count: int
    last_position: int
    rows: int
    sum: int
    positions: int
    backwards: int
    earliest: int | None
    latest: int | None
    # When the first in their order was sent.
    began: int | None
    # By how much positions are more than places.
    least_shift: int | None
    most_shift: int | None
    live: int
    strange: int
    # Of all its messages the highest position.
    last: int


def chats(bot_id: uuid.UUID, chat_ids: Sequence[int]) -> dict[int, StoredChat]:
    with connection.cursor() as cursor:
        cursor.execute(CHATS, {"bot": bot_id, "chats": [*chat_ids]})
        return {row[0]: StoredChat(*row) for row in cursor.fetchall()}


def messages(bot_id: uuid.UUID, chat: uuid.UUID) -> Iterator[tuple[Any, ...]]:
    """In the order of their positions, a page at a time."""
    position = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(MESSAGES, [bot_id, chat, position, AT_ONCE])
            rows = cursor.fetchall()
        yield from rows
        if len(rows) < AT_ONCE:
            return
        position = rows[-1][0]


def messages_at(
    bot_id: uuid.UUID, chat_id: int, places: Sequence[int]
) -> Iterator[tuple[Any, ...]]:
    """The imported ones of some places."""
    for begin in range(0, len(places), PLACES_AT_ONCE):
        some = [*places[begin : begin + PLACES_AT_ONCE]]
        yield from streamed(MESSAGES_AT, [bot_id, chat_id, some], AT_ONCE)


def positions(bot_id: uuid.UUID, chat: uuid.UUID) -> Iterator[tuple[int, int]]:
    """Of imported messages, with their places."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(POSITIONS, [bot_id, chat])
        yield from cursor


def hashes(bot_id: uuid.UUID, chat: uuid.UUID) -> Iterator[int]:
    """Of imported messages in their order, as message_hash() has them of records."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(HASHES, [bot_id, chat])
        for (one,) in cursor:
            yield one


def metric_places(bot_id: uuid.UUID) -> Iterator[int]:
    """Of imported metrics, but for those of people."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(METRIC_PLACES, [bot_id])
        for (place,) in cursor:
            yield place


def people(bot_id: uuid.UUID, ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, [bot_id, [*ids]])
        return {row[0]: row for row in cursor.fetchall()}
