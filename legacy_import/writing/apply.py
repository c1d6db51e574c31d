"""One batch, in one transaction: rows, ledger, repairs, rejects and the files' journal."""

import time
import uuid
from typing import Any

from django.db import Error, connection, transaction

from legacy_import.batches.batch import Batch, Finished, Part
from legacy_import.batches.counts import Books
from legacy_import.batches.mended import is_mended_file
from legacy_import.models import (
    ImportChunk,
    ImportFile,
    ImportRun,
)
from legacy_import.source.records import Kind
from legacy_import.writing import refused, upserts
from legacy_import.writing.changes import Changes
from legacy_import.writing.chats import Chats, open_chats, rename
from legacy_import.writing.journal import (
    chunks,
    drop_unfinished,
    share_bytes,
    write_bytes,
    write_records,
)
from legacy_import.writing.messages import write_messages
from legacy_import.writing.refused import FileRefused, Planned
from legacy_import.writing.staging import TABLES, empty
from tenants.context import maintenance_context

# Seconds before a batch is tried again that met a deadlock, say.
WAITS = (0.1, 0.5, 2.0, 5.0)
# What a transaction is known by in the rows it wrote: their xmin has 32 bits.
THIS_TRANSACTION = "SELECT (pg_current_xact_id()::text::numeric % 4294967296)::bigint"
STILL_RUNNING = """
    SELECT FROM import_runs WHERE bot_id = %s AND id = %s AND status = 'running' FOR SHARE
"""
# The rejects of a path, of this or an earlier run, at places that have a record now.
SOLVE = """
    UPDATE import_rejects AS reject SET solved_by = %s FROM import_files AS file
    WHERE reject.bot_id = %s AND file.bot_id = reject.bot_id AND file.id = reject.file_id
    AND file.path = %s AND reject.place = ANY (%s) AND reject.file_id <> %s
    AND solved_by IS NULL
"""
# Those of the whole file: each of an earlier state of it.
WHOLES = """
    SELECT reject.file_id, reject.code, reject.raw
    FROM import_rejects AS reject JOIN import_files AS file
        ON file.bot_id = reject.bot_id AND file.id = reject.file_id
    WHERE reject.bot_id = %s AND file.path = %s AND place = 0 AND piece = 0
    AND reject.file_id <> %s AND solved_by IS NULL
"""
SOLVE_WHOLES = """
    UPDATE import_rejects SET solved_by = %s
    WHERE bot_id = %s AND file_id = ANY (%s::uuid[]) AND place = 0 AND solved_by IS NULL
"""


class RunEnded(Exception):
    """Another import took over from this one, which must not write any more."""


class Writer:
    """Of one run and bot; batches come one after the other."""

    def __init__(self, run: ImportRun) -> None:
        self.run = run
        self.bot_id: uuid.UUID = run.bot_id
        self.books = Books()

    def write(self, batch: Batch) -> Finished:
        """Commits; the files that are finished now, and what became of their records.

        Records that PostgreSQL refuses become rejects of the batch.
        """
        planned, waits = Planned(batch, self.books), iter(WAITS)
        while True:
            try:
                return self._write(batch)
            except Error as error:
                planned.restore()
                if refused.is_passing(error) and (wait := next(waits, None)):
                    time.sleep(wait)
                elif refused.is_refusal(error) and (found := self._refused_of(batch)):
                    refused.reject(batch, found)
                    planned = Planned(batch, self.books)
                else:
                    raise

    def _refused_of(self, batch: Batch) -> dict[refused.Key, str]:
        try:
            return self._sift(batch)
        except Error as error:
            if refused.is_refusal(error) and len(batch.parts) > 1:
                for part in batch.parts:
                    self._refused_of(Batch(self.bot_id, [part]))
            elif refused.is_refusal(error):
                raise FileRefused(batch.parts[0].path, refused.words_of(error)) from error
            raise

    def _write(self, batch: Batch) -> Finished:
        with maintenance_context(), connection.cursor() as cursor:
            self._require_running(cursor)
            for staging in TABLES:
                staging.create(cursor)
            cursor.execute(THIS_TRANSACTION)
            [(transaction,)] = cursor.fetchall()
            changes = Changes(self.bot_id, transaction)
            chats = open_chats(cursor, batch)
            rename(cursor, batch, chats, changes)
            write_messages(cursor, batch, chats, changes)
            profiles = upserts.write(cursor, batch, upserts.profiles_of(batch), changes)
            metrics = upserts.write(cursor, batch, upserts.metrics_of(batch), changes)
            finished = self._write_files(batch, chats)
            write_records(batch)
            drop_unfinished(batch)
            write_bytes(batch)
            share_bytes(cursor, batch)
            ImportChunk.objects.bulk_create(chunks(batch, transaction, profiles, metrics))
            changes.write(batch)
            self._solve(cursor, batch)
        return finished

    def _sift(self, batch: Batch) -> dict[refused.Key, str]:
        """Tries, and undoes all of it."""
        with maintenance_context(), connection.cursor() as cursor:
            self._require_running(cursor)
            for staging in TABLES:
                staging.create(cursor)
            chats = open_chats(cursor, batch)
            state = {"status": ImportFile.Status.PARTIAL, "header": {}, "counts": {}}
            ImportFile.objects.bulk_create(
                self._opened(part, chats, state) for part in batch.parts if part.opens
            )

            def write(some: Batch) -> None:
                changes = Changes(self.bot_id, 0)
                empty(cursor)
                write_messages(cursor, some, chats, changes)
                upserts.write(cursor, some, upserts.profiles_of(some), changes)
                upserts.write(cursor, some, upserts.metrics_of(some), changes)
                write_records(some)

            found = refused.refused_of(batch, write)
            transaction.set_rollback(True)
        return found

    def _require_running(self, cursor: Any) -> None:
        cursor.execute(STILL_RUNNING, [self.bot_id, self.run.pk])
        if cursor.fetchone() is None:
            raise RunEnded(f"Run {self.run.number} was ended by another import of this bot.")

    def _write_files(self, batch: Batch, chats: Chats) -> Finished:
        finished = []
        opened: list[ImportFile] = []
        for part in batch.parts:
            counts = self.books.add(part.file_id, part.file.path, part.counts, part.ends)
            if part.ends:
                finished.append((part, counts))
            state = {
                "status": ImportFile.Status.DONE if part.ends else ImportFile.Status.PARTIAL,
                "sha256": part.sha256,
                "header": part.header,
                "counts": counts.as_json(),
            }
            if part.opens:
                opened.append(self._opened(part, chats, state))
            else:
                ImportFile.objects.filter(bot_id=self.bot_id, pk=part.file_id).update(**state)
        ImportFile.objects.bulk_create(opened)
        return finished

    def _opened(self, part: Part, chats: Chats, state: dict[str, Any]) -> ImportFile:
        file = part.file
        created = part.chat is not None and part.chat.chat_id in chats.created
        return ImportFile(
            id=part.file_id,
            bot_id=self.bot_id,
            run=self.run,
            path=part.path,
            kind=file.kind,
            key=file.key,
            size=file.size,
            mtime_ns=file.mtime_ns,
            created_row=part.chat.id if created and part.chat else None,
            **state,
        )

    def _solve(self, cursor: Any, batch: Batch) -> None:
        for part in batch.parts:
            if part.known and part.edits:
                values = [self.run.number, self.bot_id, part.path, list(part.edits), part.file_id]
                cursor.execute(SOLVE, values)
            if part.known and part.ends and "rejected" not in part.header:
                cursor.execute(WHOLES, [self.bot_id, part.path, part.file_id])
                solved = [id for id, *whole in cursor.fetchall() if _is_solved(part, *whole)]
                cursor.execute(SOLVE_WHOLES, [self.run.number, self.bot_id, solved])


def _is_solved(part: Part, code: str, raw: bytes) -> bool:
    """Whether the file as it is now has what could not be read of it."""
    if part.file.kind != Kind.CONVERSATION or code != "truncated":
        return True
    return is_mended_file(bytes(raw), part.first, part.shape)
