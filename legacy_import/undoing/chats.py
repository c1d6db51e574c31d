"""The conversations a run made, renamed or linked to a profile.

A conversation changes with every message, so its xmin does not tell who wrote to it: what it says
now is compared with what the run made of it.
"""

from typing import Any

from legacy_import.undoing.statements import FOREIGN

TEMPORARY = """
    CREATE TEMPORARY TABLE undone_links ON COMMIT DROP AS
    SELECT unnest(linked) AS id FROM import_runs WHERE bot_id = %(bot)s AND id = %(run)s;
    CREATE TEMPORARY TABLE undone_conversations ON COMMIT DROP AS
    SELECT created_row AS id, header ->> 'title' AS title FROM import_files
    WHERE bot_id = %(bot)s AND run_id = %(run)s AND created_row IS NOT NULL;
    ANALYZE undone_links, undone_conversations
"""
# A finished run has linked each conversation to the profile of its chat, where there was one.
WRITTEN = f"""
    SELECT chat.id FROM undone_conversations AS undone
    JOIN conversations AS chat ON chat.bot_id = %(bot)s AND chat.id = undone.id
    LEFT JOIN profiles AS person ON person.bot_id = %(bot)s AND person.telegram_id = chat.chat_id
    WHERE chat.title <> undone.title OR chat.profile_id <> person.id
    OR chat.profile_id IS NOT NULL AND person.id IS NULL
    OR chat.profile_id IS NULL AND %(finished)s AND NOT ({FOREIGN.format(row="person")})
    OR EXISTS (
        SELECT FROM messages WHERE messages.bot_id = %(bot)s AND conversation_id = chat.id
        AND NOT EXISTS (SELECT FROM undone_messages AS row WHERE row.id = messages.id))
"""
STAY = f"""
    DELETE FROM undone_conversations AS undone WHERE id = ANY (%(written)s) OR EXISTS (
        SELECT FROM messages WHERE messages.bot_id = %(bot)s
        AND conversation_id = undone.id AND {FOREIGN.format(row="messages")})
"""
RENAMED_SINCE = """
    SELECT chat.id FROM undone_changes JOIN conversations AS chat
        ON chat.bot_id = %(bot)s AND chat.id = row_id AND table_name = 'conversations'
    JOIN import_files AS file ON file.bot_id = %(bot)s AND file.id = file_id
    WHERE chat.title <> file.header ->> 'title'
"""
# A profile that a conversation points to, which stays: it would lose it without a word.
NEEDED = """
    DELETE FROM undone_profiles AS undone USING conversations AS chat
    WHERE chat.bot_id = %(bot)s AND chat.profile_id = undone.id
    AND NOT EXISTS (SELECT FROM undone_conversations AS gone WHERE gone.id = chat.id)
    AND NOT EXISTS (SELECT FROM undone_links AS link WHERE link.id = chat.id)
    RETURNING undone.id
"""
COUNT = "SELECT count(*) FROM undone_conversations"
RESTORE_TITLES = """
    UPDATE conversations AS chat SET title = before ->> 'title'
    FROM undone_changes JOIN import_files AS file ON file.bot_id = %(bot)s AND file.id = file_id
    WHERE table_name = 'conversations' AND chat.bot_id = %(bot)s AND chat.id = row_id
    AND chat.title = file.header ->> 'title'
"""
UNLINK = """
    UPDATE conversations AS chat SET profile_id = NULL FROM undone_links AS link, profiles AS person
    WHERE chat.bot_id = %(bot)s AND chat.id = link.id AND person.bot_id = %(bot)s
    AND person.id = chat.profile_id AND person.telegram_id = chat.chat_id
"""
# A live message may have come since we looked.
DELETE = """
    DELETE FROM conversations AS chat USING undone_conversations AS undone
    WHERE chat.bot_id = %(bot)s AND chat.id = undone.id AND chat.message_count = 0
"""


def look(cursor: Any, values: dict[str, Any]) -> tuple[int, list[str]]:
    """How many would go; and what stays, because somebody else wrote to it or needs it."""
    for statement in TEMPORARY.split(";"):
        cursor.execute(statement, values)
    cursor.execute(WRITTEN, values)
    written = [id for (id,) in cursor]
    cursor.execute(STAY, {**values, "written": written})
    cursor.execute(RENAMED_SINCE, values)
    renamed = [id for (id,) in cursor]
    cursor.execute(NEEDED, values)
    needed = [f"profiles {id}" for (id,) in cursor]
    cursor.execute(COUNT)
    [(gone,)] = cursor.fetchall()
    return gone, [f"conversations {id}" for id in written + renamed] + needed


def undo(cursor: Any, values: dict[str, Any]) -> None:
    """Before the profiles go, to which they point, and after the messages."""
    for statement in (RESTORE_TITLES, UNLINK, DELETE):
        cursor.execute(statement, values)
