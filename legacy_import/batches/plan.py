"""From what a file holds, and what the ledger knows of it, to what is to be written."""

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from legacy_import.batches import encode, identity
from legacy_import.batches.align import Alignment
from legacy_import.batches.backups import compressed
from legacy_import.batches.batch import MOST_BYTES, Chat, Edit, Part
from legacy_import.batches.counts import RECORDS, WHOLE
from legacy_import.batches.encode import REJECTED
from legacy_import.batches.items import Item, item
from legacy_import.batches.known import Chunk, KnownFile, Sequence, original_bytes, rejected_bytes
from legacy_import.batches.mended import Readable, is_mended, readable
from legacy_import.batches.salvage import Salvaged
from legacy_import.runs.options import BotTree
from legacy_import.source.hashes import Hashes
from legacy_import.source.records import (
    Kind,
    Message,
    Metric,
    Note,
    Profile,
    Reading,
    Reject,
)
from tenants.ids import uuid7

NO_BOT = uuid.UUID(int=0)
# What a row costs besides its bytes, in the ledger and in Python.
ROW_BYTES = 400


class FilePlan:
    """Parts of one file, none larger than a batch."""

    def __init__(
        self,
        tree: BotTree,
        reading: Reading,
        known: KnownFile | None,
        old: Sequence,
        own_bytes: Iterable[bytes] | None = None,
        again: bool = False,
        told: Callable[[int, Any], None] = lambda place, record: None,
        salvages: bool = False,
    ) -> None:
        self.bot_id = tree.bot_id or NO_BOT
        self.own_bytes = own_bytes
        # Whether what PostgreSQL refused is to be tried again as it is.
        self.again = again
        # Of rejects that are known, and of no part therefore.
        self.told = told
        self.reading = reading
        self.file = reading.file
        self.known = known
        self.old = old
        self.salvages = salvages
        self.path = tree.path(self.file)
        self.kind = RECORDS[self.file.kind]
        self.file_id = uuid7()
        self.next_place = len(old) + 1
        # Of a first import: what the conversation holds if nobody else writes to it.
        self.rows_so_far: int | None = None if len(old) or salvages else 0
        self.received = 0
        self.first: Any = None
        # The place of the last record, where it was not known as it is.
        self.last_kept: int | None = None
        self.piece = 0
        # Of the pieces of a file of which nothing can be read; the first waits for the next.
        self.whole_digests: list[str] = []
        self.whole_first: Reject | None = None
        self.part = self._new_part(opens=True)
        # The reject that records were last compared with: it may be a whole file.
        self._rejected: tuple[int, Readable] | None = None
        self.row: Callable[[int, int, bytes], bytes] | None = None
        if self.file.kind == Kind.CONVERSATION and self.file.key is not None:
            base = identity.conversation_base(self.bot_id, self.file.key)
            self.row = encode.message_rows(base, identity.row_id(base))

    def parts(self) -> Iterator[Part]:
        alignment = Alignment(self.old, self._items(), self._is_mended, self._is_rewritten)
        placed = alignment.placed() if len(self.old) else ((each, None) for each in self._items())
        for each, index in placed:
            if each.identity:
                self.received += 1
                self.first = self.first or each.record
                self._place(each, index)
            elif each.record.place == 0:
                self._reject_whole(each)
            elif self.last_kept is not None:
                self.piece += 1
                self._reject(self.last_kept, each.record)
            if self.part.size >= MOST_BYTES:
                yield self._cut()
        tally = self.part.counts[self.kind]
        if len(self.old):
            tally.vanished = alignment.vanished - self._known_of_left_out()
        # Those who were left out are in the bytes.
        kept = None if self.reading.left_out else self.own_bytes
        for number, data in enumerate(() if kept is None else compressed(kept)):
            self.part.bytes_parts.append((number, data))
            self.part.size += len(data)
            if self.part.size >= MOST_BYTES:
                yield self._cut()
        yield self._end()

    def readable_at(self, places: Collection[int]) -> Iterator[tuple[int, Any]]:
        """Of records that were rejected those that are whole now."""
        for each, index in Alignment(
            self.old, self._items(), self._is_mended, self._is_rewritten
        ).placed():
            if index is not None and index + 1 in places and not isinstance(each.record, Reject):
                yield index + 1, each.record

    def retried(self, records: Iterable[tuple[int, Any]]) -> Part:
        """Records that were rejected, each at its place; the rest of the file is as it was."""
        assert self.known is not None
        for place, record in records:
            self._place(item(record), place - 1)
        part, before = self.part, self.known.counts.as_unchanged()
        before[self.kind].source -= len(part.edits)
        before[self.kind].rejected -= len(part.edits)
        part.counts.add(before)
        part.shape = self.known.header["shape"]
        self._open_chat()
        part.ends, part.sha256, part.header = True, self.known.sha256, self.known.header
        return part

    def _known_of_left_out(self) -> int:
        if not self.reading.left_out:
            return 0
        known = Hashes(self.old.identities)
        return sum(encode.identity_of(id) in known for id in self.reading.left_out)

    def _is_mended(self, index: int, item: Item, beside: bool) -> bool:
        if self._rejected is None or self._rejected[0] != index:
            raw = rejected_bytes(self.bot_id, self.path, index + 1)
            self._rejected = index, readable(raw)
        return is_mended(self._rejected[1], item.record, self.reading.shape, beside)

    def _is_rewritten(self, index: int, item: Item) -> bool:
        if not isinstance(item.record, Message):
            return False
        kept = original_bytes(self.bot_id, self.path, index + 1)
        return self.old.content(index) == encode.content_hash(item.values, kept)

    def _items(self) -> Iterator[Item]:
        last_rejected = 0
        for record in self.reading.records:
            if isinstance(record, Note):
                self.part.notes.append((0, record))
                self.part.size += ROW_BYTES + len(record.original)
            elif not isinstance(record, Reject):
                yield item(record)
            elif record.place in (0, last_rejected):
                # A piece of the file, or another one of a very long record, which counts once.
                yield replace(item(record), identity=b"")
            else:
                last_rejected = record.place
                yield item(record)

    def _place(self, item: Item, index: int | None) -> None:
        part, record = self.part, item.record
        tally = part.counts[self.kind]
        tally.source += 1
        rejected = isinstance(record, Reject)
        # Of other rows the database says whether they were there.
        counted = isinstance(record, Message)
        if index is None:
            place = self.next_place
            self.next_place += 1
            part.identities += item.identity
            part.contents += item.content
            tally.inserted += counted
        else:
            place = index + 1
            was_rejected = self.old.identity(index) == REJECTED
            # PostgreSQL refused it, and it has not changed since.
            refused = was_rejected and not rejected
            if self.old.content(index) == item.content and not (refused and self.again):
                self.last_kept = None
                tally.unchanged += not was_rejected
                tally.rejected += was_rejected
                if was_rejected:
                    self.told(place, record)
                if isinstance(record, Profile) and not refused:
                    part.counts["metrics"].source += len(record.metrics)
                    part.counts["metrics"].unchanged += len(record.metrics)
                return
            earlier = bytes(self.old.identity(index) + self.old.content(index))
            edit = Edit(place, self.old.chunk(place), earlier, item.identity, item.content)
            part.edits[place] = edit
            tally.inserted += counted and edit.was_rejected
            tally.changed += counted and not edit.was_rejected
        self._keep(place, item, None if index is None else self.old.chunk(place))

    def _keep(self, place: int, item: Item, edited: Chunk | None) -> None:
        part, record = self.part, item.record
        part.size += len(item.values) + ROW_BYTES
        self.last_kept, self.piece = place, 0
        if isinstance(record, Reject):
            part.counts[self.kind].rejected += 1
            self._reject(place, record)
            return
        if record.notes:
            part.counts[self.kind].repaired += 1
            part.notes += ((place, note) for note in record.notes)
            part.size += sum(ROW_BYTES + len(note.original) for note in record.notes)
        match record:
            case Message():
                assert self.row is not None
                if edited:
                    part.changed_rows.append(self.row(place, edited.shift, item.values))
                else:
                    part.message_rows.append(self.row(place, 0, item.values))
            case Profile():
                part.profiles.append((place, record))
                part.counts["metrics"].source += len(record.metrics)
                for metric in record.metrics:
                    id = identity.stats_id(self.bot_id, record.telegram_id, metric.metric_name)
                    part.metrics.append((place, id, metric))
            case Metric():
                base = identity.metrics_base(self.bot_id, self.path)
                part.metrics.append((place, identity.row_id(base, place), record))
                return
        original = record.written if isinstance(record, Salvaged) else record.original
        if original is not None:
            part.originals.append((place, original))
            part.size += len(original)
        elif edited:
            # Its row gives the record back from now on.
            part.originals.append((place, b""))

    def _reject(self, place: int, reject: Reject) -> None:
        self.part.rejects.append((place, self.piece, reject))
        self.part.size += len(reject.raw)

    def _reject_whole(self, item: Item) -> None:
        self.whole_digests.append(item.content.hex())
        if self.whole_first is not None:
            self._reject(0, self.whole_first)
            self.whole_first = None
        if len(self.whole_digests) == 1:
            self.whole_first = item.record
        else:
            self.piece = len(self.whole_digests) - 1
            self._reject(0, item.record)

    def _new_part(self, opens: bool) -> Part:
        part = Part(self.file, self.path, self.file_id, opens, self.known is not None)
        part.first_place = self.next_place
        part.shift = self.old.shift
        part.rows_before = self.rows_so_far
        if self.reading.header is not None:
            part.shape = self.reading.header.shape
        part.salvages = self.salvages
        return part

    def _cut(self) -> Part:
        self._open_chat()
        if self.rows_so_far is not None:
            self.rows_so_far += len(self.part.message_rows)
        done, self.part = self.part, self._new_part(opens=False)
        if self.known is not None:
            done.header = self.known.header
        elif header := self.reading.header:
            done.header = {"title": header.title}  # of the row that this makes
        return done

    def _open_chat(self) -> None:
        header = self.reading.header
        if header is not None:
            id = identity.row_id(identity.conversation_base(self.bot_id, header.chat_id))
            self.part.chat = Chat(id, header.chat_id, header.title, header.created_at)

    def _end(self) -> Part:
        part, reading = self.part, self.reading
        assert reading.source == self.received + bool(self.whole_digests), self.file.path
        self._open_chat()
        part.ends, part.first = True, self.first
        part.sha256 = reading.sha256
        part.notes += ((0, note) for note in reading.notes)
        part.header = {"shape": reading.shape}
        if reading.left_out:
            part.header |= {"stored": False, "left_out": len(reading.left_out)}
        if header := reading.header:
            part.notes += ((0, note) for note in header.notes)
            part.header["title"] = header.title
        self._end_whole()
        return part

    def _end_whole(self) -> None:
        """A conversation counts as a record itself, and so does a file that is rejected whole."""
        part = self.part
        known = self.known.header if self.known else {}
        if self.whole_digests:
            part.header["rejected"] = self.whole_digests
            tally = part.counts[WHOLE[self.file.kind]]
            tally.source += 1
            tally.rejected += 1
            if self.whole_first is not None:
                if known.get("rejected") == self.whole_digests:
                    self.told(0, self.whole_first)
                else:
                    self._reject(0, self.whole_first)
        elif header := self.reading.header:
            tally = part.counts["conversations"]
            tally.source += 1
            tally.repaired += bool(header.notes or self.reading.notes)
            if "shape" not in known or "title" not in known:  # never read to its end
                tally.inserted += 1
            elif known == part.header:
                tally.unchanged += 1
            else:
                tally.changed += 1
            if known.get("title", header.title) != header.title:
                part.renamed_from = known["title"]
