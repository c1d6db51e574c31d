"""What a batch would do, without doing it: the tables are only read."""

import uuid
from collections import defaultdict
from typing import Any

from django.db import connection

from legacy_import.batches.batch import Batch, Finished, Part
from legacy_import.batches.counts import Books
from legacy_import.batches.encode import id_and_number
from legacy_import.batches.identity import MOST_PLACES
from legacy_import.writing import upserts
from legacy_import.writing.messages import recount
from legacy_import.writing.staging import TABLES
from tenants.context import maintenance_context

PRESENT = "SELECT id FROM conversations WHERE bot_id = %s AND chat_id = %s"
# The rows that a part's rows are, or whose Telegram ids they would take.
MET = """
    SELECT id, telegram_message_id FROM messages
    WHERE bot_id = %(bot)s AND conversation_id = %(chat)s AND id = ANY (%(ids)s)
    UNION SELECT id, telegram_message_id FROM messages
    WHERE bot_id = %(bot)s AND conversation_id = %(chat)s
    AND telegram_message_id = ANY (%(numbers)s)
"""


class DryRun:
    def __init__(self, bot_id: uuid.UUID | None) -> None:
        # None for a bot that the import would make.
        self.bot_id = bot_id
        self.books = Books()
        # Of a file's earlier parts the Telegram ids, where some of them may come again.
        self.numbers: dict[uuid.UUID, set[int]] = defaultdict(set)

    def write(self, batch: Batch) -> Finished:
        rows = upserts.profiles_of(batch), upserts.metrics_of(batch)
        if self.bot_id is None:
            for of_table in rows:
                upserts.count(batch, of_table, {})
            for part in batch.parts:
                self._count_messages(part, {})
            return self._finished(batch)
        with maintenance_context(), connection.cursor() as cursor:
            for staging in TABLES:
                staging.create(cursor)
            for of_table in rows:
                upserts.count(batch, of_table, upserts.stage(cursor, batch, of_table))
            for part in batch.parts:
                self._count_messages(part, self._met(cursor, part))
        return self._finished(batch)

    def _finished(self, batch: Batch) -> Finished:
        finished = []
        for part in batch.parts:
            counts = self.books.add(part.file_id, part.file.path, part.counts, part.ends)
            if part.ends:
                finished.append((part, counts))
                self.numbers.pop(part.file_id, None)
        return finished

    def _met(self, cursor: Any, part: Part) -> dict[uuid.UUID, int | None]:
        rows = [id_and_number(row) for row in (*part.message_rows, *part.changed_rows)]
        if not rows:
            return {}
        assert part.chat is not None
        cursor.execute(PRESENT, [self.bot_id, part.chat.chat_id])
        met: dict[uuid.UUID, int | None] = {}
        for (chat,) in cursor.fetchall():
            ids, numbers = [id for id, _ in rows], [number for _, number in rows]
            cursor.execute(MET, {"bot": self.bot_id, "chat": chat, "ids": ids, "numbers": numbers})
            met.update(cursor.fetchall())
        return met

    def _count_messages(self, part: Part, met: dict[uuid.UUID, int | None]) -> None:
        """As write_messages does."""
        tally = part.counts["messages"]
        new = [id_and_number(row) for row in part.message_rows]
        changed = [id_and_number(row) for row in part.changed_rows]
        for id, _ in changed:
            recount(part, id.int % MOST_PLACES, is_there=id in met)
        taken_over = [row for row in new if row[0] in met]
        tally.inserted -= len(taken_over)
        tally.changed += len(taken_over)
        changed += taken_over
        rewritten = {id for id, _ in changed}
        taken = {number for id, number in met.items() if id not in rewritten}
        taken |= self.numbers[part.file_id] if part.salvages else set()
        for _, number in (*changed, *(row for row in new if row[0] not in met)):
            if number is None:
                continue
            tally.repaired += number in taken
            taken.add(number)
        if part.salvages:
            self.numbers[part.file_id] |= {number for _, number in new if number is not None}
