"""Check `self-test`: the verifier must see what it breaks itself, in a transaction undone."""

import uuid
from contextlib import suppress

from django.db import connection

from legacy_import.verify.conversations import CONTENT, Conversations, Sum
from legacy_import.verify.findings import Findings
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.rows import MessageRow
from tenants.context import maintenance_context

SELF_TEST = "self-test"
MOST_MESSAGES = 5_000
ONE = "bot_id = %(bot)s AND conversation_id = %(chat)s AND position = %(one)s"
BREAK = {
    "one character": f"UPDATE messages SET content = content || '.' WHERE {ONE}",
    "one microsecond": f"""
        UPDATE messages SET sent_at = sent_at + interval '1 microsecond' WHERE {ONE}
    """,
    "the order of two": """
        UPDATE messages AS m SET content = o.content, sent_at = o.sent_at
        FROM messages AS o
        WHERE m.bot_id = %(bot)s AND m.conversation_id = %(chat)s
            AND o.bot_id = %(bot)s AND o.conversation_id = %(chat)s
            AND (m.position, o.position) IN ((%(one)s, %(other)s), (%(other)s, %(one)s))
    """,
    "a row dropped": f"DELETE FROM messages WHERE {ONE}",
    "a row added": f"""
        INSERT INTO messages (id, bot_id, conversation_id, position, sender_type, content,
            message_type, metadata, sent_at)
        SELECT overlay(id::text PLACING 'ffffffff' FROM 29)::uuid, bot_id, conversation_id,
            (SELECT max(position) + 1 FROM messages
                WHERE bot_id = %(bot)s AND conversation_id = %(chat)s),
            sender_type, content, message_type, metadata, sent_at
        FROM messages WHERE {ONE}
    """,
}
CHAT = "SELECT id FROM conversations WHERE bot_id = %s AND chat_id = %s"


class _Undone(Exception):
    pass


def two_messages(file: Expected) -> tuple[int, int] | None:
    """The places of two that differ in text and time."""
    first: MessageRow | None = None
    for row in file:
        if isinstance(row, MessageRow):
            first = first or row
            if row.content != first.content and row.sent_at != first.sent_at:
                return first.place, row.place
    return None


def self_test(bot_id: uuid.UUID, file: Expected, sum_: Sum, findings: Findings) -> bool:
    """Every break must be reported, and none is kept. Only a conversation that agrees will do."""
    places = two_messages(Expected(file.file, file.root, file.zone))
    if places is None or _differs(bot_id, file, sum_, None, places):
        return False
    for what, statement in BREAK.items():
        findings.count(SELF_TEST, "breaks")
        if not _differs(bot_id, file, sum_, statement, places):
            findings.add(SELF_TEST, file.file.printable, f"{what} was not noticed")
    return True


def _differs(
    bot_id: uuid.UUID, file: Expected, sum_: Sum, statement: str | None, places: tuple[int, int]
) -> bool:
    """What is reported after the statement, which is undone."""
    assert file.file.key is not None
    seen = Findings(limit=1)
    with suppress(_Undone), maintenance_context():
        with connection.cursor() as cursor:
            cursor.execute(CHAT, [bot_id, file.file.key])
            (chat,) = cursor.fetchone() or (None,)
            if statement is not None:
                values = {"bot": bot_id, "chat": chat, "one": places[0], "other": places[1]}
                cursor.execute(statement, values)
        Conversations(bot_id, seen, deep=False).compare({file.file.key: (file, sum_)}, {})
        raise _Undone
    return seen.total[CONTENT] > 0
