"""Check `self-test`: the verifier must see what it breaks itself, in a transaction undone."""

import secrets
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

from legacy_import.verify.accounts.accounting import Read
from legacy_import.verify.checks import CONTENT, JSON, ORDER, SELF_TEST
from legacy_import.verify.conversations.imported import Sum
from legacy_import.verify.database import stored
from legacy_import.verify.findings import Findings
from legacy_import.verify.of_bot import Comparison
from legacy_import.verify.self_test.trials import PATIENCE, Trial, Undone, try_examples
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.rows import MessageRow
from legacy_import.verify.source.tree import File, Kind
from legacy_import.verify.values.canonical import hash_of, message_hash, message_text
from tenants.context import maintenance_context

MOST_TRIED = 100
# What is broken is a copy of a file's first messages, so it costs the same however long
# the conversation is, and locks no row that a bot may be writing.
FIRST = 100
# In the ledger.
NO_PATH = ""
# A message's id as the importer makes them, its place at its end.
ID = "overlay(gen_random_uuid()::text PLACING '8' FROM 15 FOR 1)"
ID = f"(left({ID}, 26) || right(m.id::text, 10))::uuid"
# As one that a bot began: its title and time are its own.
COPY_CHAT = """
    INSERT INTO conversations (id, bot_id, chat_id, created_at)
    SELECT overlay(gen_random_uuid()::text PLACING '7' FROM 15)::uuid, bot_id, %(copy)s, created_at
    FROM conversations WHERE bot_id = %(bot)s AND chat_id = %(chat)s
    RETURNING id
"""
# Of the imported rows those that the file begins with: others may stand before them, whose records
# are no longer in it, and bots may have written to the chat before. In the order of the file.
COPY_MESSAGES = f"""
    INSERT INTO messages (id, bot_id, conversation_id, position, telegram_message_id, sender_type,
        sender_id, content, message_type, metadata, sent_at)
    SELECT {ID}, m.bot_id, %(copy)s,
        row_number() OVER (ORDER BY array_position(%(hashes)s::numeric[], hash), m.position),
        m.telegram_message_id, m.sender_type, m.sender_id, m.content, m.message_type, m.metadata,
        m.sent_at
    FROM (
        SELECT m.*, {hash_of(message_text("0"))} AS hash FROM messages AS m
        WHERE m.bot_id = %(bot)s AND {stored.IMPORTED} AND m.conversation_id = (
            SELECT id FROM conversations WHERE bot_id = %(bot)s AND chat_id = %(chat)s)
            AND {hash_of(message_text("0"))} = ANY (%(hashes)s::numeric[])
        ORDER BY m.position LIMIT {FIRST}
    ) AS m
"""
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
NO_CONVERSATION = "no conversation has a message"
NO_TWO = "no conversation that was tried has two messages that differ in text and time"
NONE_AGREES = "each conversation that was tried differs from its file"


@dataclass(frozen=True, slots=True)
class Candidate:
    file: "_Beginning"
    sum: Sum
    # Of its records, wherever they stand.
    hashes: list[int]
    # Of two that differ in text and time, or of one, or none.
    ranks: list[int]


@dataclass
class _Beginning(Expected):
    """The first messages of a file, or of them those that have their equal."""

    only: frozenset[int] | None = None

    def again(self) -> "_Beginning":
        return _Beginning(self.file, self.root, self.zone, only=self.only)

    def __iter__(self) -> Iterator[MessageRow]:
        rows = (row for row in Expected.__iter__(self) if isinstance(row, MessageRow))
        first = islice(rows, FIRST)
        if self.only is None:
            yield from first
        else:
            equal = (row for row in first if message_hash(row, 0) in self.only)
            yield from (row._replace(place=place) for place, row in enumerate(equal, 1))
        self.records = 0  # the ledger has none of a copy


def self_test(
    comparison: Comparison, bot: str, files: Iterable[File], trial: Trial, findings: Findings
) -> None:
    """Every break must be reported, and none is kept. A conversation must agree before."""
    tried = try_examples(comparison, trial, findings)
    why = _test_conversations(comparison, bot, files, trial, findings)
    findings.count(SELF_TEST, "breaks", tried)
    if why == NO_CONVERSATION:
        findings.note(bot, f"none is in the self-test: {why}")
    elif why:
        findings.cannot(SELF_TEST, f"{bot}: {why}")


def _test_conversations(
    comparison: Comparison, bot: str, files: Iterable[File], trial: Trial, findings: Findings
) -> str | None:
    """Why none would do."""
    tried, of_one = 0, list[Candidate]()
    for file in files:
        if file.kind is not Kind.CONVERSATION:
            continue
        candidate = _read(_Beginning(file, comparison.root))
        # Whether the file becomes a conversation is known at its end.
        is_whole = candidate.file.is_conversation or candidate.sum.rows == FIRST
        if not (candidate.ranks and is_whole):
            continue
        if len(candidate.ranks) == 1:
            if len(of_one) < MOST_TRIED:
                of_one.append(candidate)
            continue
        tried += 1
        if _test(comparison.bot_id, candidate, trial, findings):
            return None
        if tried == MOST_TRIED:
            break
    if any(_test(comparison.bot_id, candidate, trial, findings) for candidate in of_one):
        findings.note(bot, f"{ORDER_OF_TWO} is not in the self-test: {NO_TWO}")
        return None
    return NONE_AGREES if tried or of_one else NO_CONVERSATION


def _read(file: _Beginning) -> Candidate:
    sum_, hashes = Sum(), list[int]()
    first: MessageRow | None = None
    other = 0
    for row in file:
        if isinstance(row, MessageRow):
            sum_.add(row)
            hashes.append(message_hash(row, 0))
            if first is None:
                first = row
            elif not other and row.content != first.content and row.sent_at != first.sent_at:
                other = sum_.rows
    return Candidate(file, sum_, hashes, [1, other] if other else [1] if first else [])


def _test(bot_id: uuid.UUID, candidate: Candidate, trial: Trial, findings: Findings) -> bool:
    """Whether the conversation will do; what is then not noticed is a finding."""
    try:
        if _differs(bot_id, candidate, trial, None):
            candidate = _of_what_agrees(bot_id, candidate)
            if not candidate.ranks or _differs(bot_id, candidate, trial, None):
                return False
        breaks = [what for what in BREAK if what != ORDER_OF_TWO or len(candidate.ranks) > 1]
        missed = [what for what in breaks if not _differs(bot_id, candidate, trial, BREAK[what])]
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            return False
        raise
    findings.count(SELF_TEST, "breaks", len(breaks))
    for what in missed:
        findings.add(SELF_TEST, candidate.file.file.printable, f"{what} was not noticed")
    return True


def _of_what_agrees(bot_id: uuid.UUID, candidate: Candidate) -> Candidate:
    """Without records whose rows differ, as where another row of the chat has their id, and those
    that are there twice: a copy's rows stand in the order of their records."""
    equal: frozenset[int] = frozenset()
    with suppress(Undone), maintenance_context():
        copy = _copy(bot_id, candidate)
        if chat := stored.chats(bot_id, [copy]).get(copy):
            equal = _once(stored.hashes(bot_id, chat.id)) & _once(candidate.hashes)
        raise Undone
    return _read(replace(candidate.file.again(), only=equal))


def _once(hashes: Iterable[int]) -> frozenset[int]:
    return frozenset(one for one, number in Counter(hashes).items() if number == 1)


def _differs(bot_id: uuid.UUID, candidate: Candidate, trial: Trial, statement: str | None) -> bool:
    """Whether anything is reported after the statement, which is undone.

    Without one: also whether any row is not the file's, but explained by a backup or the ledger.
    """
    differs = False
    with suppress(Undone), maintenance_context():
        differs = _is_seen(bot_id, candidate, trial, statement)
        raise Undone
    return differs


def _is_seen(bot_id: uuid.UUID, candidate: Candidate, trial: Trial, statement: str | None) -> bool:
    sum_ = candidate.sum
    copy = _copy(bot_id, candidate)
    chat = stored.chats(bot_id, [copy]).get(copy)
    if chat is None or (chat.rows, chat.sum) != (sum_.rows, sum_.sum):
        return True
    if statement is not None:
        positions = [position for position, _ in stored.positions(bot_id, chat.id)]
        one, other = ([positions[rank - 1] for rank in candidate.ranks] * 2)[:2]
        values: dict[str, Any] = {"bot": bot_id, "chat": chat.id, "one": one, "other": other}
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
    beginning = replace(candidate.file.again(), file=replace(candidate.file.file, key=copy))
    seen = trial.of(Read(beginning, NO_PATH))
    return any(seen.total[check] for check in (CONTENT, ORDER, JSON))


def _copy(bot_id: uuid.UUID, of: Candidate) -> int:
    """The chat id of a copy."""
    copy, chat_id = -secrets.randbits(62), of.file.file.key
    with connection.cursor() as cursor:
        cursor.execute(PATIENCE)
        cursor.execute(COPY_CHAT, {"bot": bot_id, "chat": chat_id, "copy": copy})
        if row := cursor.fetchone():
            values = {"bot": bot_id, "chat": chat_id, "copy": row[0], "hashes": of.hashes}
            cursor.execute(COPY_MESSAGES, values)
    return copy
