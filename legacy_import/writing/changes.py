"""What was there before, so that a run can be undone exactly."""

import uuid
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from legacy_import.batches.batch import Batch, Edit, Part
from legacy_import.batches.encode import CONTENT, IDENTITY
from legacy_import.models import ImportChunk
from legacy_import.writing.inserting import insert
from tenants.ids import uuid7

COLUMNS = {
    "id": "uuid",
    "file_id": "uuid",
    "place": "bigint",
    "transaction": "bigint",
    "table_name": "text",
    "row_id": "uuid",
    # Made by PostgreSQL, whose JSON has more digits than Python's would keep.
    "before": "jsonb",
    "written_by": "bigint",
    "chunk_id": "uuid",
    "earlier": "bytea",
}
Row = tuple[uuid.UUID, int, str | None, uuid.UUID | None, str, int | None]


class Changes:
    def __init__(self, bot_id: uuid.UUID, transaction: int) -> None:
        self.bot_id = bot_id
        self.transaction = transaction
        self.rows: list[Row] = []

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
        self.rows.append((part.file_id, place, table, row_id, before or "{}", written_by))

    def write(self, batch: Batch) -> None:
        """With the fingerprints that records had before."""
        edits = {
            (part.file_id, place): edit
            for part in batch.parts
            for place, edit in part.edits.items()
        }
        insert("import_changes", COLUMNS, self.bot_id, self._values(edits))
        fingerprints: dict[uuid.UUID, list[tuple[int, bytes]]] = defaultdict(list)
        for edit in edits.values():
            fingerprints[edit.chunk.id].append((edit.place, edit.identity + edit.content))
        set_fingerprints(self.bot_id, fingerprints)

    def _values(self, edits: dict[tuple[uuid.UUID, int], Edit]) -> Iterator[tuple[Any, ...]]:
        """An edit stands with the first row it changed, or alone."""
        left = dict(edits)
        for row in self.rows:
            yield self._value(row, left.pop(row[:2], None))
        for (file_id, place), edit in left.items():
            yield self._value((file_id, place, None, None, "{}", None), edit)

    def _value(self, row: Row, edit: Edit | None) -> tuple[Any, ...]:
        file_id, place, *of_row = row
        of_edit = (edit.chunk.id, edit.earlier) if edit else (None, None)
        return (uuid7(), file_id, place, self.transaction, *of_row, *of_edit)


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
