"""Check `self-test`: the verifier must see what it breaks itself, in a transaction undone."""

import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

from legacy_import.verify import stored
from legacy_import.verify.checks import SELF_TEST
from legacy_import.verify.conversations import Conversations
from legacy_import.verify.findings import Findings
from legacy_import.verify.imported import Imported, Sum
from legacy_import.verify.ledger import path_of
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.rows import MessageRow
from legacy_import.verify.source.tree import File, Kind
from legacy_import.verify.timezones import TimeZones
from tenants.context import maintenance_context

# Conversations in larger files are tried when none in a smaller one will do.
SMALL = 2_000_000
MOST_TRIED = 100
# Bots may be writing: a row that one of them holds is left to it.
PATIENCE = "SET LOCAL lock_timeout = '1s'"
ORDER_OF_TWO = "the order of two"
ONE = "bot_id = %(bot)s AND conversation_id = %(chat)s AND position = %(one)s"
BREAK = {
    "one character": f"UPDATE messages SET content = content || '.' WHERE {ONE}",
    "one microsecond": f"""
        UPDATE messages SET sent_at = sent_at + interval '1 microsecond' WHERE {ONE}
    """,
    ORDER_OF_TWO: """
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
# Of the imported rows, which are at other places where bots have written to the chat before.
POSITIONS = """
    SELECT position FROM (
        SELECT position, row_number() OVER (ORDER BY position) AS rank FROM messages
        WHERE bot_id = %s AND conversation_id = %s AND substr(id::text, 15, 1) = '8') AS m
    WHERE rank = ANY(%s) ORDER BY rank
"""
NO_CONVERSATION = "no conversation has a message"
NO_TWO = "no conversation that was tried has two messages that differ in text and time"
NONE_AGREES = "{}: each conversation that was tried differs from its file, or is being written to"

Candidate = tuple[Expected, Sum, list[int]]


class _Undone(Exception):
    pass


def self_test(
    bot_id: uuid.UUID, bot: str, files: Iterable[File], root: Path, findings: Findings
) -> None:
    """Every break must be reported, and none is kept. Only a conversation that agrees will do."""
    tried, of_one = 0, list[Candidate]()
    for file in _smaller_first(root, files):
        expected, sum_ = Expected(file, root), Sum()
        ranks = _read(expected, sum_)
        if not (ranks and expected.is_conversation):
            continue
        if len(ranks) == 1:
            if len(of_one) < MOST_TRIED:
                of_one.append((expected, sum_, ranks))
            continue
        tried += 1
        if _test(bot_id, (expected, sum_, ranks), findings):
            return
        if tried == MOST_TRIED:
            break
    if any(_test(bot_id, candidate, findings) for candidate in of_one):
        findings.note(bot, f"{ORDER_OF_TWO} is not in the self-test: {NO_TWO}")
    elif tried or of_one:
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


def _read(file: Expected, sum_: Sum) -> list[int]:
    """The ranks of two that differ in text and time, or of one, or none."""
    first: MessageRow | None = None
    other = 0
    for row in file:
        if isinstance(row, MessageRow):
            sum_.add(row)
            if first is None:
                first = row
            elif not other and row.content != first.content and row.sent_at != first.sent_at:
                other = sum_.rows
    return [1, other] if other else [1] if first else []


def _test(bot_id: uuid.UUID, candidate: Candidate, findings: Findings) -> bool:
    """Whether the conversation will do; what is then not noticed is a finding."""
    file, _, ranks = candidate
    breaks = [what for what in BREAK if what != ORDER_OF_TWO or len(ranks) > 1]
    try:
        if _differs(bot_id, candidate, None):
            return False
        missed = [what for what in breaks if not _differs(bot_id, candidate, BREAK[what])]
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            return False
        raise
    findings.count(SELF_TEST, "breaks", len(breaks))
    for what in missed:
        findings.add(SELF_TEST, file.file.printable, f"{what} was not noticed")
    return True


def _differs(bot_id: uuid.UUID, candidate: Candidate, statement: str | None) -> bool:
    """Whether anything is reported after the statement, which is undone.

    Without one: also whether any row is not the file's, but explained by a backup or the ledger.
    """
    file, sum_, ranks = candidate
    key = file.file.key
    assert key is not None
    seen = Findings(limit=1)
    with suppress(_Undone), maintenance_context():
        with connection.cursor() as cursor:
            cursor.execute(PATIENCE)
            chat = stored.chats(bot_id, [key]).get(key)
            if chat is None or (chat.rows, chat.sum) != (sum_.rows, sum_.sum):
                return True
            if statement is not None:
                cursor.execute(POSITIONS, [bot_id, chat.id, ranks])
                one, other = ([position for (position,) in cursor] * 2)[:2]
                values = {"bot": bot_id, "chat": chat.id, "one": one, "other": other}
                cursor.execute(statement, values)
        zones = TimeZones("", seen)
        # It may have been imported more than once, and its first message edited in between.
        imported = Imported(path_of(file.file), file, sum_, versions=2)
        Conversations(bot_id, seen, zones, deep=False).compare({key: imported})
        raise _Undone
    return seen.total.total() > 0
