"""What the database has, read in one bot's partitions."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from legacy_import.verify.canonical import MESSAGE_TEXT, hash_of

# Rows that the importer made have ids that follow from their place: UUIDs of version 8.
IMPORTED = "substr(m.id::text, 15, 1) = '8'"
AT_ONCE = 2_000

CHATS = f"""
    SELECT chat.chat_id, chat.id, chat.title,
        (extract(epoch FROM chat.created_at) * 1000000)::bigint, person.telegram_id,
        chat.message_count, found.rows, found.live, found.sum, found.backwards
    FROM unnest(%(chats)s::bigint[], %(records)s::bigint[]) AS file (chat_id, records)
    JOIN conversations AS chat ON chat.bot_id = %(bot)s AND chat.chat_id = file.chat_id
    LEFT JOIN profiles AS person
        ON person.bot_id = chat.bot_id AND person.id = chat.profile_id
    LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE NOT m.live) AS rows, count(*) FILTER (WHERE m.live) AS live,
            coalesce(sum({hash_of(MESSAGE_TEXT)}) FILTER (WHERE NOT m.live), 0) AS sum,
            count(*) FILTER (WHERE NOT m.live AND m.sent_at < m.before) AS backwards
        FROM (
            SELECT m.*, lag(m.sent_at) OVER (ORDER BY m.position) AS before,
                m.position > file.records AND NOT {IMPORTED} AS live
            FROM messages AS m WHERE m.bot_id = %(bot)s AND m.conversation_id = chat.id
        ) AS m
    ) AS found ON true
"""
MESSAGES = f"""
    SELECT m.position, m.telegram_message_id, m.sender_type, m.sender_id, m.content,
        m.message_type, m.metadata::text, (extract(epoch FROM m.sent_at) * 1000000)::bigint,
        {IMPORTED}
    FROM messages AS m
    WHERE m.bot_id = %s AND m.conversation_id = %s AND m.position > %s
    ORDER BY m.position LIMIT %s
"""
PEOPLE = """
    SELECT telegram_id, name, age, location, interests::text, chat_style, personality,
        additional_data::text, (extract(epoch FROM created_at) * 1000000)::bigint,
        (extract(epoch FROM last_active_at) * 1000000)::bigint
    FROM profiles WHERE bot_id = %s AND telegram_id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class StoredChat:
    chat_id: int
    id: uuid.UUID
    title: str
    created_at: int
    person: int | None
    message_count: int
    rows: int
    live: int
    sum: int
    backwards: int


def chats(
    bot_id: uuid.UUID, chat_ids: Sequence[int], records: Sequence[int]
) -> dict[int, StoredChat]:
    """`records` is how many each one's file has: what stands behind them may be live."""
    with connection.cursor() as cursor:
        cursor.execute(CHATS, {"bot": bot_id, "chats": [*chat_ids], "records": [*records]})
        rows = cursor.fetchall()
    return {row[0]: StoredChat(*row) for row in rows}


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


def people(bot_id: uuid.UUID, ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, [bot_id, [*ids]])
        return {row[0]: row for row in cursor.fetchall()}
