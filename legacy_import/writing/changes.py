"""What was there before, so that a run can be undone exactly."""

import uuid
from collections import defaultdict
from typing import Any

from legacy_import.batches.batch import Batch, Edit, Part
from legacy_import.batches.encode import CONTENT, IDENTITY
from legacy_import.models import Change, ImportChunk


class Changes:
    def __init__(self, bot_id: uuid.UUID, transaction: int) -> None:
        self.bot_id = bot_id
        self.transaction = transaction
        self.rows: list[Change] = []

    def row(
        self,
        part: Part,
        place: int,
        table: str,
        row_id: uuid.UUID,
        before: dict[str, Any] | None,
        written_by: int | None = None,
    ) -> None:
        """`before` is None for a row that was not there; `written_by` is the xmin it had."""
        row = {"table_name": table, "row_id": row_id, "before": before or {}}
        self.rows.append(self._change(part, place, **row, written_by=written_by))

    def write(self, batch: Batch) -> None:
        """With the fingerprints that records had before."""
        for part in batch.parts:
            for edit in part.edits.values():
                self.rows.append(
                    self._change(part, edit.place, chunk_id=edit.chunk.id, earlier=edit.earlier)
                )
        Change.objects.bulk_create(self.rows, batch_size=1000)
        edits: dict[uuid.UUID, list[Edit]] = defaultdict(list)
        for part in batch.parts:
            for edit in part.edits.values():
                edits[edit.chunk.id].append(edit)
        set_fingerprints(
            self.bot_id,
            {
                chunk_id: [(edit.place, edit.identity + edit.content) for edit in of_chunk]
                for chunk_id, of_chunk in edits.items()
            },
        )

    def _change(self, part: Part, place: int, **values: Any) -> Change:
        return Change(
            bot_id=self.bot_id,
            file_id=part.file_id,
            place=place,
            transaction=self.transaction,
            **values,
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
