"""One batch, in one transaction: rows, ledger, repairs, rejects and the files' journal."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection

from legacy_import.batches.backups import backup_date
from legacy_import.batches.batch import Batch, Finished, Part
from legacy_import.batches.counts import Books
from legacy_import.batches.encode import IDENTITY
from legacy_import.models import (
    Backup,
    FilePart,
    ImportChunk,
    ImportFile,
    ImportRun,
    Reject,
    Repair,
)
from legacy_import.writing import upserts
from legacy_import.writing.changes import Changes
from legacy_import.writing.chats import Chats, open_chats, rename
from legacy_import.writing.inserting import insert
from legacy_import.writing.messages import write_messages
from legacy_import.writing.staging import TABLES
from tenants.context import maintenance_context
from tenants.ids import uuid7

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


class RunEnded(Exception):
    """Another import took over from this one, which must not write any more."""


class Writer:
    """Of one run and bot; batches come one after the other."""

    def __init__(self, run: ImportRun) -> None:
        self.run = run
        self.bot_id: uuid.UUID = run.bot_id
        self.books = Books()

    def write(self, batch: Batch) -> Finished:
        """Commits; the files that are finished now, and what became of their records."""
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
            _write_records(batch)
            _drop_unfinished_bytes(batch)
            _write_bytes(batch)
            ImportChunk.objects.bulk_create(_chunks(batch, transaction, profiles, metrics))
            changes.write(batch)
            self._solve(cursor, batch)
        return finished

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
            places = list(part.edits)
            if part.ends and "rejected" not in part.header:
                places.append(0)
            if part.known and places:
                cursor.execute(
                    SOLVE, [self.run.number, self.bot_id, part.path, places, part.file_id]
                )


def _write_records(batch: Batch) -> None:
    def of(part: Part, place: int) -> dict[str, Any]:
        return {"bot_id": batch.bot_id, "file_id": part.file_id, "place": place}

    Reject.objects.bulk_create(
        [
            Reject(**of(part, place), code=each.code, reason=each.reason, raw=each.raw, piece=piece)
            for part in batch.parts
            for place, piece, each in part.rejects
        ],
        batch_size=1000,
    )
    Repair.objects.bulk_create(
        [
            Repair(**of(part, place), code=note.code, pointer=note.where, original=note.original)
            for part in batch.parts
            for place, note in part.notes
        ],
        batch_size=1000,
    )
    originals = {"id": "uuid", "file_id": "uuid", "place": "bigint", "original": "bytea"}
    insert(
        *("import_originals", originals, batch.bot_id),
        (
            (uuid7(), part.file_id, place, original)
            for part in batch.parts
            for place, original in part.originals
        ),
    )


def _drop_unfinished_bytes(batch: Batch) -> None:
    """Of a run that was killed in the middle of a file."""
    paths = [part.path for part in batch.parts if part.opens and part.known and part.kept_whole]
    if paths:
        unfinished = ImportFile.objects.filter(
            bot=batch.bot_id, path__in=paths, status=ImportFile.Status.PARTIAL
        ).exclude(pk__in=[part.file_id for part in batch.parts])
        Backup.objects.filter(bot=batch.bot_id, file__in=unfinished.values("pk")).delete()
        FilePart.objects.filter(bot=batch.bot_id, file__in=unfinished.values("pk")).delete()


def _write_bytes(batch: Batch) -> None:
    Backup.objects.bulk_create(
        Backup(
            bot_id=batch.bot_id,
            file_id=part.file_id,
            chat_id=part.file.key,
            date=backup_date(part.file.path),
            stored=part.keeps_bytes,
        )
        for part in batch.parts
        if part.opens and part.keeps_bytes is not None
    )
    FilePart.objects.bulk_create(
        FilePart(bot_id=batch.bot_id, file_id=part.file_id, number=number, data=data)
        for part in batch.parts
        for number, data in part.bytes_parts
    )


def _chunks(
    batch: Batch,
    transaction: int,
    *inserted: Mapping[uuid.UUID, list[uuid.UUID]],
) -> Iterator[ImportChunk]:
    for part in batch.parts:
        rows = [row for ids in inserted for row in ids.get(part.file_id, ())]
        if part.identities or rows:
            yield ImportChunk(
                bot_id=batch.bot_id,
                file_id=part.file_id,
                first_place=part.first_place,
                records=len(part.identities) // IDENTITY,
                shift=part.shift,
                hashes=bytes(part.identities + part.contents),
                row_ids=rows or None,
                transaction=transaction,
            )
