"""What the ledger keeps of a batch: rejects, repairs, originals, bytes and fingerprints."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from legacy_import.batches.backups import backup_date
from legacy_import.batches.batch import Batch, Part
from legacy_import.batches.encode import CONTENT, IDENTITY
from legacy_import.models import (
    Backup,
    FilePart,
    ImportChunk,
    ImportFile,
    Reject,
)
from legacy_import.writing.inserting import insert
from tenants.ids import uuid7
from tenants.text import storable

# The state of a file before this one, which was whole too, and its pieces beside this one's.
PIECES = """
    SELECT part.id, part.file_id = now.id, sha256(part.data)
    FROM import_files AS now CROSS JOIN LATERAL (
        SELECT id FROM import_files AS file
        WHERE file.bot_id = now.bot_id AND file.path = now.path AND file.id < now.id
            AND status = 'done' AND NOT header ? 'rejected'
            AND EXISTS (
                SELECT FROM import_file_parts AS own
                WHERE own.bot_id = file.bot_id AND own.file_id = file.id)
        ORDER BY id DESC LIMIT 1) AS before
    JOIN import_file_parts AS part ON part.bot_id = now.bot_id
        AND part.file_id IN (now.id, before.id) AND same_as IS NULL
    WHERE now.bot_id = %s AND now.id = %s
"""
SHARE = """
    UPDATE import_file_parts AS part SET data = '', same_as = of.same_as
    FROM unnest(%s::uuid[], %s::uuid[]) AS of (id, same_as)
    WHERE part.bot_id = %s AND part.id = of.id
"""


RECORD = {"id": "uuid", "file_id": "uuid", "place": "bigint"}
REJECT = {**RECORD, "code": "text", "reason": "text", "raw": "bytea", "piece": "integer"}
REPAIR = {**RECORD, "code": "text", "pointer": "text", "original": "bytea"}
ORIGINAL = {**RECORD, "original": "bytea"}


def write_records(batch: Batch) -> None:
    insert(
        *("import_rejects", REJECT, batch.bot_id),
        (
            # The reason may quote what PostgreSQL cannot hold.
            (uuid7(), part.file_id, place, each.code, storable(each.reason), each.raw, piece)
            for part in batch.parts
            for place, piece, each in part.rejects
        ),
    )
    insert(
        *("import_repairs", REPAIR, batch.bot_id),
        (
            (uuid7(), part.file_id, place, note.code, storable(note.where), note.original)
            for part in batch.parts
            for place, note in part.notes
        ),
    )
    insert(
        *("import_originals", ORIGINAL, batch.bot_id),
        (
            (uuid7(), part.file_id, place, original)
            for part in batch.parts
            for place, original in part.originals
        ),
    )


def drop_unfinished(batch: Batch) -> None:
    """The file's bytes, of a run that was killed in the middle of it."""
    paths = [part.path for part in batch.parts if part.opens and part.known]
    if paths:
        unfinished = ImportFile.objects.filter(
            bot=batch.bot_id, path__in=paths, status=ImportFile.Status.PARTIAL
        ).exclude(pk__in=[part.file_id for part in batch.parts])
        of_file = {"bot": batch.bot_id, "file__in": unfinished.values("pk")}
        Backup.objects.filter(**of_file).delete()
        FilePart.objects.filter(**of_file).delete()
        Reject.objects.filter(**of_file, place=0).delete()


def write_bytes(batch: Batch) -> None:
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


def share_bytes(cursor: Any, batch: Batch) -> None:
    """All states of a file that is kept whole are kept: what a rollback comes back to. What two
    have in common is kept once, or a growing metrics.json would grow the ledger with its square."""
    for part in batch.parts:
        if part.ends and part.known and part.kept_whole and "rejected" not in part.header:
            cursor.execute(PIECES, [batch.bot_id, part.file_id])
            before, now = [], {}
            for id, is_now, digest in cursor:
                if is_now:
                    now[bytes(digest)] = id
                else:
                    before.append((id, bytes(digest)))
            same = [(id, now[digest]) for id, digest in before if digest in now]
            if same:
                cursor.execute(SHARE, [*map(list, zip(*same, strict=True)), batch.bot_id])


def chunks(
    batch: Batch,
    transaction: int,
    *inserted: Mapping[uuid.UUID, list[uuid.UUID]],
) -> Iterator[ImportChunk]:
    for part in batch.parts:
        rows = [row for ids in inserted for row in ids.get(part.file_id, ())]
        if part.identities or rows:
            for begin, end, shift in _shifted(part):
                identities = part.identities[begin * IDENTITY : end * IDENTITY]
                contents = part.contents[begin * CONTENT : end * CONTENT]
                yield ImportChunk(
                    bot_id=batch.bot_id,
                    file_id=part.file_id,
                    first_place=part.first_place + begin,
                    records=end - begin,
                    shift=shift,
                    hashes=bytes(identities + contents),
                    row_ids=rows or None,
                    transaction=transaction,
                )


def _shifted(part: Part) -> Iterator[tuple[int, int, int]]:
    """Where its records begin and end that have one shift."""
    records = len(part.identities) // IDENTITY
    if part.moved_at is None:
        yield 0, records, part.shift
        return
    unmoved = min(part.moved_at - part.first_place, records)
    if unmoved:
        yield 0, unmoved, part.shift
    if unmoved < records:
        yield unmoved, records, part.shift + part.moved_by
