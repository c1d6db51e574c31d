"""The conversations of a batch: made, found, and locked against live messages."""

import uuid
from dataclasses import dataclass
from typing import Any

from legacy_import.batches.batch import Batch
from legacy_import.writing.changes import Changes

CREATE = """
    INSERT INTO conversations (id, bot_id, chat_id, title, created_at, profile_id)
    SELECT chat.id, %(bot)s, chat.chat_id, chat.title, coalesce(chat.created_at, now()), person.id
    FROM unnest(%(ids)s::uuid[], %(chats)s::bigint[], %(titles)s::text[], %(times)s::timestamptz[])
        AS chat (id, chat_id, title, created_at)
    LEFT JOIN profiles AS person ON person.bot_id = %(bot)s AND person.telegram_id = chat.chat_id
    ORDER BY chat.id
    ON CONFLICT DO NOTHING RETURNING chat_id
"""
LOCK = """
    SELECT chat_id, id, message_count, last_position, title, to_jsonb(conversations)
    FROM conversations WHERE bot_id = %s AND chat_id = ANY (%s)
    ORDER BY id FOR NO KEY UPDATE
"""
RENAME = "UPDATE conversations SET title = %s WHERE bot_id = %s AND id = %s"


@dataclass(frozen=True, slots=True)
class Present:
    """A conversation that was there before this batch."""

    id: uuid.UUID
    messages: int
    last_position: int
    title: str
    # As JSON.
    before: str


@dataclass(frozen=True, slots=True)
class Chats:
    created: set[int]
    present: dict[int, Present]


def open_chats(cursor: Any, batch: Batch) -> Chats:
    wanted = {part.chat.chat_id: part.chat for part in batch.parts if part.chat}
    if not wanted:
        return Chats(set(), {})
    chats = list(wanted.values())
    cursor.execute(
        CREATE,
        {
            "bot": batch.bot_id,
            "ids": [chat.id for chat in chats],
            "chats": [chat.chat_id for chat in chats],
            "titles": [chat.title for chat in chats],
            "times": [chat.created_at for chat in chats],
        },
    )
    created = {chat_id for (chat_id,) in cursor}
    others = [chat_id for chat_id in wanted if chat_id not in created]
    if not others:
        return Chats(created, {})
    cursor.execute(LOCK, [batch.bot_id, others])
    return Chats(
        created,
        {
            chat_id: Present(id, messages, last, title, before)
            for chat_id, id, messages, last, title, before in cursor
        },
    )


def rename(cursor: Any, batch: Batch, chats: Chats, changes: Changes) -> None:
    """Unless somebody has named the conversation otherwise since."""
    for part in batch.parts:
        if part.chat and part.renamed_from is not None:
            present = chats.present.get(part.chat.chat_id)
            if present and present.title == part.renamed_from:
                cursor.execute(RENAME, [part.chat.title, batch.bot_id, present.id])
                changes.row(part, 0, "conversations", present.id, present.before)
