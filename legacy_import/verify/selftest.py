"""Check `self-test`: the verifier must see what it breaks itself, in a transaction undone."""

import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from django.db import connection

from legacy_import.verify.checks import SELF_TEST
from legacy_import.verify.conversations import Conversations, Sum
from legacy_import.verify.findings import Findings
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.rows import MessageRow
from legacy_import.verify.source.tree import File, Kind
from legacy_import.verify.timezones import TimeZones
from tenants.context import maintenance_context

# Conversations in larger files are tried when none in a smaller one will do.
SMALL = 2_000_000
MOST_TRIED = 100
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
# Of the imported rows, which are at other places where bots have written to the chat before.
POSITIONS = """
    SELECT position FROM (
        SELECT position, row_number() OVER (ORDER BY position) AS rank FROM messages
        WHERE bot_id = %s AND conversation_id = %s AND substr(id::text, 15, 1) = '8') AS m
    WHERE rank = ANY(%s) ORDER BY rank
"""
NO_CONVERSATION = "no conversation has two messages that differ in text and time"
NONE_AGREES = "{}: no conversation that was tried agrees with its file"


class _Undone(Exception):
    pass


def self_test(
    bot_id: uuid.UUID, bot: str, files: Iterable[File], root: Path, findings: Findings
) -> None:
    """Every break must be reported, and none is kept. Only a conversation that agrees will do."""
    tried = 0
    for file in _smaller_first(root, files):
        expected, sum_ = Expected(file, root), Sum()
        if (ranks := _read(expected, sum_)) is None or not expected.is_conversation:
            continue
        tried += 1
        if not _differs(bot_id, expected, sum_, None, ranks):
            for what, statement in BREAK.items():
                findings.count(SELF_TEST, "breaks")
                if not _differs(bot_id, expected, sum_, statement, ranks):
                    findings.add(SELF_TEST, file.printable, f"{what} was not noticed")
            return
        if tried == MOST_TRIED:
            break
    if tried:
        findings.cannot(SELF_TEST, NONE_AGREES.format(bot))
    else:
        findings.note(bot, f"not in the self-test: {NO_CONVERSATION}")


def _smaller_first(root: Path, files: Iterable[File]) -> Iterator[File]:
    large: list[File] = []
    for file in files:
        if file.kind is Kind.CONVERSATION:
            if os.lstat(root / file.path).st_size <= SMALL:
                yield file
            elif len(large) < MOST_TRIED:
                large.append(file)
    yield from large


def _read(file: Expected, sum_: Sum) -> tuple[int, int] | None:
    """The ranks of two that differ in text and time."""
    first: MessageRow | None = None
    first_rank = other_rank = 0
    for row in file:
        if isinstance(row, MessageRow):
            sum_.add(row)
            if first is None:
                first, first_rank = row, sum_.rows
            elif not other_rank and row.content != first.content and row.sent_at != first.sent_at:
                other_rank = sum_.rows
    return (first_rank, other_rank) if other_rank else None


def _differs(
    bot_id: uuid.UUID, file: Expected, sum_: Sum, statement: str | None, ranks: tuple[int, int]
) -> bool:
    """Whether anything is reported after the statement, which is undone."""
    assert file.file.key is not None
    seen = Findings(limit=1)
    with suppress(_Undone), maintenance_context():
        with connection.cursor() as cursor:
            cursor.execute(CHAT, [bot_id, file.file.key])
            (chat,) = cursor.fetchone() or (None,)
            cursor.execute(POSITIONS, [bot_id, chat, [*ranks]])
            positions = [position for (position,) in cursor.fetchall()]
            if statement is not None:
                one, other = positions
                values = {"bot": bot_id, "chat": chat, "one": one, "other": other}
                cursor.execute(statement, values)
        zones = TimeZones("", seen)
        Conversations(bot_id, seen, zones, deep=False).compare({file.file.key: (file, sum_)}, {})
        raise _Undone
    return seen.total.total() > 0
