"""Messages of a batch into their conversations.

A conversation that nobody else wrote to takes them as they are. In another one live messages may
have taken positions and Telegram ids: what is imported comes after them, and without the id.
"""

import uuid
from typing import Any

from legacy_import.batches.batch import Batch, Part
from legacy_import.batches.encode import REJECTED
from legacy_import.batches.identity import PLACE_BITS, conversation_base, row_id
from legacy_import.source.records import Note
from legacy_import.writing.changes import Changes
from legacy_import.writing.chats import Chats, Present
from legacy_import.writing.staging import CHANGED_MESSAGES, MESSAGES

VALUES = (
    *("telegram_message_id", "sender_id", "sent_at", "sender_type", "content", "message_type"),
    "metadata",
)
INSERT = f"""
    INSERT INTO messages (bot_id, {MESSAGES.names})
    SELECT %(bot)s, {MESSAGES.names} FROM {{staged}} AS staged
"""
ABSENT = """
    WHERE NOT EXISTS (
        SELECT FROM messages WHERE messages.bot_id = %(bot)s AND messages.id = staged.id)
"""
MOVE = """
    UPDATE {staged} SET conversation_id = %(to)s, position = position + %(shift)s
        + CASE WHEN position >= %(moved_at)s THEN %(moved_by)s ELSE 0 END
    WHERE conversation_id = %(from)s
"""
# What is there in spite of the ledger, because a rollback left what somebody had changed.
TAKE_OVER = f"""
    WITH there AS (
        DELETE FROM {MESSAGES.name} AS staged USING messages
        WHERE messages.bot_id = %(bot)s AND messages.id = staged.id
        AND staged.conversation_id = %(chat)s RETURNING staged.*)
    INSERT INTO {CHANGED_MESSAGES.name} SELECT * FROM there
"""
DROP_TAKEN_IDS = """
    UPDATE {staged} AS staged SET telegram_message_id = NULL FROM messages
    WHERE messages.bot_id = %(bot)s AND messages.conversation_id = staged.conversation_id
    AND messages.telegram_message_id = staged.telegram_message_id AND messages.id <> staged.id
    AND staged.conversation_id = ANY (%(chats)s)
    RETURNING staged.id, messages.telegram_message_id
"""
# The first keeps it.
DROP_REPEATED_IDS = """
    UPDATE {staged} AS staged SET telegram_message_id = NULL FROM (
        SELECT id, telegram_message_id AS number, row_number() OVER (
            PARTITION BY conversation_id, telegram_message_id ORDER BY position) AS rank
        FROM {staged}
        WHERE telegram_message_id IS NOT NULL AND conversation_id = ANY (%(chats)s)) AS numbered
    WHERE rank > 1 AND numbered.id = staged.id
    RETURNING staged.id, numbered.number
"""
# The first position of a record that is whole now at which somebody else's message stands.
FIRST_MET = """
    SELECT min(mended.position)
    FROM unnest(%(ids)s::uuid[], %(positions)s::bigint[]) AS mended (id, position)
    JOIN messages ON messages.bot_id = %(bot)s AND conversation_id = %(chat)s
        AND messages.position = mended.position AND messages.id <> mended.id
    WHERE NOT EXISTS (
        SELECT FROM messages AS own WHERE own.bot_id = %(bot)s AND own.id = mended.id
        AND own.position <= %(last)s)
"""
MOVE_MENDED = f"""
    UPDATE {CHANGED_MESSAGES.name} SET position = position + %(by)s
    WHERE conversation_id = %(chat)s AND position >= %(met)s
"""
LAST_TAKEN = """
    SELECT max(position) FROM messages WHERE bot_id = %(bot)s AND conversation_id = %(chat)s
"""
# What a rollback left where it was, and how many places the import had that were undone.
LEFT_AT = f"""
    SELECT min(messages.position - staged.position),
        (SELECT max((counts -> 'messages' ->> 'source')::bigint) FROM import_files
            WHERE bot_id = %(bot)s AND path = %(path)s AND status = 'undone')
    FROM {MESSAGES.name} AS staged JOIN messages
        ON messages.bot_id = %(bot)s AND messages.id = staged.id
    WHERE staged.conversation_id = %(chat)s
"""
# The first position from which on others stand in the way, or a record that comes before.
FIRST_TAKEN = f"""
    SELECT min(CASE WHEN id BETWEEN %(conversation)s AND %(before)s THEN %(first)s
        ELSE position END)
    FROM messages WHERE bot_id = %(bot)s AND conversation_id = %(chat)s AND position >= %(first)s
    AND NOT EXISTS (
        SELECT FROM {MESSAGES.name} AS staged WHERE staged.id = messages.id
        AND staged.position + %(shift)s = messages.position)
"""
BEFORE = f"""
    SELECT messages.id, messages.xmin::text::bigint, to_jsonb(messages) - 'search'
    FROM {CHANGED_MESSAGES.name} AS staged
    JOIN messages ON messages.bot_id = %(bot)s AND messages.id = staged.id
"""
FREE_IDS = f"""
    UPDATE messages SET telegram_message_id = NULL FROM {CHANGED_MESSAGES.name} AS staged
    WHERE messages.bot_id = %(bot)s AND messages.id = staged.id
    AND messages.telegram_message_id IS DISTINCT FROM staged.telegram_message_id
"""
UPDATE = f"""
    UPDATE messages SET {", ".join(f"{name} = staged.{name}" for name in VALUES)}
    FROM {CHANGED_MESSAGES.name} AS staged
    WHERE messages.bot_id = %(bot)s AND messages.id = staged.id
"""


def write_messages(cursor: Any, batch: Batch, chats: Chats, changes: Changes) -> None:
    parts = [part for part in batch.parts if part.message_rows or part.changed_rows]
    if not parts:
        return
    MESSAGES.fill(cursor, (row for part in parts for row in part.message_rows))
    edited = [part for part in parts if part.changed_rows]
    if edited:
        CHANGED_MESSAGES.fill(cursor, (row for part in edited for row in part.changed_rows))
    bot = {"bot": batch.bot_id}
    shared = [
        (part, present)
        for part in parts
        if (present := _shared_with_others(part, chats)) is not None
    ]
    taken_over = [_make_room(cursor, part, present, bot) for part, present in shared]
    by_base = {_base_of(batch.bot_id, part): part for part in parts}
    if edited or any(taken_over):
        _change(cursor, bot, by_base, changes)
    if shared:
        chats_shared = [present.id for _, present in shared]
        _drop_ids(cursor, DROP_TAKEN_IDS, MESSAGES.name, chats_shared, bot, by_base)
    if salvages := [_chat_of(part, chats) for part in parts if part.salvages]:
        _drop_ids(cursor, DROP_REPEATED_IDS, MESSAGES.name, salvages, bot, by_base)
    cursor.execute(INSERT.format(staged=MESSAGES.name), bot)


def _shared_with_others(part: Part, chats: Chats) -> Present | None:
    assert part.chat is not None
    present = chats.present.get(part.chat.chat_id)
    if present is None:
        return None
    if present.id != part.chat.id or present.messages != part.rows_before or part.shift:
        return present
    return present if present.last_position >= part.first_place else None


def _make_room(cursor: Any, part: Part, present: Present, bot: dict[str, Any]) -> int:
    """The number of rows that turn out to be there already."""
    assert part.chat is not None
    move = {"from": part.chat.id, "to": present.id, "shift": part.shift}
    if part.changed_rows and present.id != part.chat.id:
        unmoved = {**move, "shift": 0, "moved_at": None, "moved_by": 0}
        cursor.execute(MOVE.format(staged=CHANGED_MESSAGES.name), unmoved)
    last, first = _move_mended(cursor, part, present, bot), part.first_place + part.shift
    if part.message_rows and last >= first:
        part.moved_at, part.moved_by = part.first_place, last + 1 - first
    elif part.message_rows and present.last_position >= first:
        # Positions of a run that was undone are free again.
        cursor.execute(LAST_TAKEN, {**bot, "chat": present.id})
        [(taken,)] = cursor.fetchall()
        if taken is not None and taken >= first:
            _find_room(cursor, part, present, bot)
    move |= {"shift": part.shift, "moved_at": part.moved_at, "moved_by": part.moved_by}
    if part.shift or part.moved_by or present.id != part.chat.id:
        cursor.execute(MOVE.format(staged=MESSAGES.name), move)
    cursor.execute(TAKE_OVER, {**bot, "chat": present.id})
    there: int = cursor.rowcount
    part.counts["messages"].inserted -= there
    part.counts["messages"].changed += there
    return there


def _move_mended(cursor: Any, part: Part, present: Present, bot: dict[str, Any]) -> int:
    """Records that are whole now stand where they were rejected. Where others have come there, it
    and those after it come behind all: the last position they take then.

    By what was there before this batch, all of which is tried again in pieces if one is refused.
    """
    assert part.chat is not None
    mended = [e for e in part.edits.values() if e.was_rejected and e.identity != REJECTED]
    if not mended:
        return 0
    chat = {**bot, "chat": present.id}
    positions = [edit.place + edit.chunk.shift for edit in mended]
    ids = [row_id(part.chat.id.int, edit.place) for edit in mended]
    of_rows = {"ids": ids, "positions": positions, "last": present.last_position}
    cursor.execute(FIRST_MET, {**chat, **of_rows})
    [(met,)] = cursor.fetchall()
    if met is None:
        return 0
    by = present.last_position + 1 - met
    cursor.execute(MOVE_MENDED, {**chat, "met": met, "by": by})
    return int(max(positions) + by)


def _find_room(cursor: Any, part: Part, present: Present, bot: dict[str, Any]) -> None:
    """Behind all positions that were ever given out. But what is imported again after a rollback
    that left some of it comes back to where it was, around what was left, as far as that is free.
    """
    assert part.chat is not None
    chat = {**bot, "chat": present.id}
    left_at = places = None
    if present.id == part.chat.id:
        cursor.execute(LEFT_AT, {**chat, "path": part.path})
        [(left_at, places)] = cursor.fetchall()
    if left_at is not None:
        part.shift = left_at
    first = part.first_place + part.shift
    if places is None or present.last_position > places + part.shift:
        moved_at = max(first, (places or 0) + part.shift + 1)
    else:
        moved_at = None
    if places is not None:
        ids = {"conversation": present.id, "before": row_id(present.id.int, part.first_place - 1)}
        cursor.execute(FIRST_TAKEN, {**chat, **ids, "first": first, "shift": part.shift})
        [(taken,)] = cursor.fetchall()
        moved_at = min((at for at in (taken, moved_at) if at is not None), default=None)
    if moved_at is not None:
        part.moved_at = moved_at - part.shift
        part.moved_by = present.last_position + 1 - moved_at


def _change(cursor: Any, bot: dict[str, Any], by_base: dict[int, Part], changes: Changes) -> None:
    cursor.execute(BEFORE, bot)
    there = set()
    for id, written_by, before in cursor.fetchall():
        there.add(id)
        part, place = _place_of(id, by_base)
        recount(part, place, is_there=True)
        changes.row(part, place, "messages", id, before, written_by)
    cursor.execute(f"SELECT id FROM {CHANGED_MESSAGES.name}")
    for (id,) in cursor.fetchall():
        if id not in there:
            part, place = _place_of(id, by_base)
            recount(part, place, is_there=False)
            changes.row(part, place, "messages", id, None)
    cursor.execute(FREE_IDS, bot)
    chats = f"SELECT array_agg(DISTINCT conversation_id) FROM {CHANGED_MESSAGES.name}"
    cursor.execute(chats)
    [(ids,)] = cursor.fetchall()
    _drop_ids(cursor, DROP_TAKEN_IDS, CHANGED_MESSAGES.name, ids, bot, by_base)
    cursor.execute(UPDATE, bot)
    if len(there) < sum(len(part.changed_rows) for part in by_base.values()):
        cursor.execute(INSERT.format(staged=CHANGED_MESSAGES.name) + ABSENT, bot)


def recount(part: Part, place: int, is_there: bool) -> None:
    """What was rejected last time may have a row of an earlier time; what was not may have none."""
    edit = part.edits.get(place)
    if edit is not None and edit.was_rejected == is_there:
        tally = part.counts["messages"]
        tally.changed += 1 if is_there else -1
        tally.inserted += -1 if is_there else 1


def _chat_of(part: Part, chats: Chats) -> uuid.UUID:
    assert part.chat is not None
    present = chats.present.get(part.chat.chat_id)
    return present.id if present else part.chat.id


def _drop_ids(
    cursor: Any,
    which: str,
    staged: str,
    chats: list[uuid.UUID],
    bot: dict[str, Any],
    by_base: dict[int, Part],
) -> None:
    cursor.execute(which.format(staged=staged), {**bot, "chats": chats})
    for id, number in cursor.fetchall():
        part, place = _place_of(id, by_base)
        note = Note("telegram-id-taken", "/id", str(number).encode())
        part.notes.append((place, note))
        part.counts["messages"].repaired += 1


def _base_of(bot_id: uuid.UUID, part: Part) -> int:
    assert part.chat is not None
    return conversation_base(bot_id, part.chat.chat_id)


def _place_of(id: uuid.UUID, by_base: dict[int, Part]) -> tuple[Part, int]:
    base = id.int >> PLACE_BITS << PLACE_BITS
    return by_base[base], id.int - base
