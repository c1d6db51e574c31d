"""What was there before, so that a run can be undone exactly."""

import uuid
from collections import defaultdict
from typing import Any

from legacy_import.batches.batch import Batch, Edit, Part
from legacy_import.batches.encode import CONTENT, IDENTITY
from legacy_import.models import ImportChunk
from tenants.ids import uuid7

# Rows of PostgreSQL's own JSON, which has more digits than Python's would keep.
INSERT = """
    INSERT INTO import_changes (bot_id, transaction, id, file_id, place, table_name, row_id, before,
        written_by, chunk_id, earlier)
    SELECT %s, %s, id, file_id, place, table_name, row_id, before::jsonb, written_by, chunk_id,
        earlier
    FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::text[], %s::uuid[], %s::text[],
        %s::bigint[], %s::uuid[], %s::bytea[])
        AS change (id, file_id, place, table_name, row_id, before, written_by, chunk_id, earlier)
"""
AT_ONCE = 1000


class Changes:
    def __init__(self, bot_id: uuid.UUID, transaction: int) -> None:
        self.bot_id = bot_id
        self.transaction = transaction
        self.rows: list[tuple[Any, ...]] = []

    def row(
        self,
        part: Part,
        place: int,
        table: str,
        row_id: uuid.UUID,
        before: str | None,
        written_by: int | None = None,
    ) -> None:
        """`before` is the row as JSON, None for one that was not there; `written_by` its xmin."""
        self._add(part, place, table, row_id, before or "{}", written_by, None, None)

    def _add(self, part: Part, place: int, *values: Any) -> None:
        self.rows.append((uuid7(), part.file_id, place, *values))

    def write(self, cursor: Any, batch: Batch) -> None:
        """With the fingerprints that records had before."""
        edits: dict[uuid.UUID, list[Edit]] = defaultdict(list)
        for part in batch.parts:
            for edit in part.edits.values():
                chunk = edit.chunk.id
                self._add(part, edit.place, None, None, "{}", None, chunk, edit.earlier)
                edits[chunk].append(edit)
        for begin in range(0, len(self.rows), AT_ONCE):
            columns = zip(*self.rows[begin : begin + AT_ONCE], strict=True)
            cursor.execute(INSERT, [self.bot_id, self.transaction, *map(list, columns)])
        set_fingerprints(
            self.bot_id,
            {
                chunk_id: [(edit.place, edit.identity + edit.content) for edit in of_chunk]
                for chunk_id, of_chunk in edits.items()
            },
        )


def set_fingerprints(bot_id: uuid.UUID, by_chunk: dict[uuid.UUID, list[tuple[int, bytes]]]) -> None:
    """Of records in their chunks, by place."""
    for chunk_id, fingerprints in by_chunk.items():
        chunk = ImportChunk.objects.get(bot_id=bot_id, pk=chunk_id)
        hashes = bytearray(chunk.hashes)
        for place, fingerprint in fingerprints:
            index = place - chunk.first_place
            identity, content = index * IDENTITY, chunk.records * IDENTITY + index * CONTENT
            hashes[identity : identity + IDENTITY] = fingerprint[:IDENTITY]
            hashes[content : content + CONTENT] = fingerprint[IDENTITY:]
        ImportChunk.objects.filter(bot_id=bot_id, pk=chunk_id).update(hashes=bytes(hashes))
