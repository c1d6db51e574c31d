"""What the ledger's fingerprints say of records that were rejected."""

import uuid
from collections.abc import Iterator, Sequence

from django.db import connection

from legacy_import.verify.accounts.fingerprints import CHUNKS, IDENTITY, REJECTED
from legacy_import.verify.database.streamed import streamed
from legacy_import.verify.values.encoded import CONTENT

EARLIER_REJECTS = f"""
    FROM import_files AS file
    JOIN import_changes AS kept ON kept.bot_id = file.bot_id AND kept.file_id = file.id
    WHERE file.bot_id = %s AND file.path = ANY(%s) AND file.status <> 'undone'
        AND substr(kept.earlier, 1, {IDENTITY}) = '\\x{REJECTED.hex()}'::bytea
"""
HAD_REJECTS = f"SELECT DISTINCT file.path {EARLIER_REJECTS}"
EARLIER_REJECTS = f"SELECT kept.place, kept.earlier {EARLIER_REJECTS} ORDER BY 1"


def had_rejects(bot_id: uuid.UUID, paths: Sequence[str]) -> set[str]:
    """Files at one of whose places another record was imported after one that was rejected."""
    with connection.cursor() as cursor:
        cursor.execute(HAD_REJECTS, [bot_id, [*paths]])
        return {path for (path,) in cursor.fetchall()}


def earlier_rejects(bot_id: uuid.UUID, path: str) -> Iterator[tuple[int, bytes]]:
    """What was rejected at a place before another record was imported there; by their places."""
    for place, earlier in streamed(EARLIER_REJECTS, [bot_id, [path]]):
        yield place, bytes(earlier[IDENTITY:])


def standing_rejects(bot_id: uuid.UUID, path: str) -> Iterator[tuple[int, bytes]]:
    """What stands in the ledger as rejected; by their places."""
    for first, records, _, hashes in streamed(CHUNKS, [bot_id, path]):
        at = hashes.find(REJECTED)
        while 0 <= at < records * IDENTITY:
            record, within = divmod(at, IDENTITY)
            if not within:
                content = (records + record) * IDENTITY
                yield first + record, bytes(hashes[content : content + CONTENT])
            at = hashes.find(REJECTED, at + IDENTITY - within)
