"""The records of a conversation's file, and of a backup, which is one of an earlier day."""

import datetime as dt
from collections import deque
from collections.abc import Callable, Iterator

from legacy_import.source.document import Document
from legacy_import.source.found import Element, Run
from legacy_import.source.messages import Reader
from legacy_import.source.records import Conversation, Message, Note, Reading, Record, Reject
from legacy_import.source.repeated import Again
from legacy_import.source.shortcut import Shortcut
from legacy_import.source.times import EPOCH
from legacy_import.source.values import as_json, plain_text

MOST_WAITING_BYTES = 1024 * 1024
# What one that waits costs besides its bytes.
RECORD_BYTES = 200


def conversation_records(
    reading: Reading, blocks: Iterator[bytes], again: Again
) -> Iterator[Record]:
    """The header is there before the first of them."""
    document = Document(reading, blocks, "messages")
    reader = Reader(document)

    def first_time() -> dt.datetime | None:
        glance = Reading(reading.file, None, iter(()), passed_over=reading.passed_over)
        ahead = Document(glance, again(), "messages")
        found = Reader(ahead)
        any(found.previous for _ in _read(ahead, found))
        return found.previous

    for record in _all_timed(_read(document, reader), reader, first_time):
        reading.header = reading.header or _header(document, reader)
        yield record
    reading.header = reading.header or _header(document, reader)
    inner = document.values.get("chat_id", reading.file.key)
    if reading.header and inner != reading.file.key:
        reading.notes.append(Note("id-differs", "/chat_id", as_json(inner)))


def _read(document: Document, reader: Reader) -> Iterator[Message | Reject | Note]:
    splitter = document.splitter
    for found in document.records():
        match found:
            case Run():
                yield from found.records
            case Element():
                yield reader.read(found.raw)
                if reader.form and not splitter.shortcut:
                    splitter.shortcut = Shortcut(reader)
            case Reject() | Note():
                yield found


def _all_timed(
    records: Iterator[Message | Reject | Note],
    reader: Reader,
    first_time: Callable[[], dt.datetime | None],
) -> Iterator[Message | Reject | Note]:
    """The first messages, if they have no time, take that of the one after them."""
    first_ones = _until_timed(records, reader, first_time)
    while first_ones:
        yield first_ones.popleft()  # and not kept while the rest is read
    yield from records


def _until_timed(
    records: Iterator[Message | Reject | Note],
    reader: Reader,
    first_time: Callable[[], dt.datetime | None],
) -> deque[Message | Reject | Note]:
    waiting: deque[Message | Reject | Note] = deque()
    untimed: list[Message] = []
    size = 0
    for record in records:
        waiting.append(record)
        if reader.previous:
            break
        if isinstance(record, Message):
            untimed.append(record)
        kept = record.raw if isinstance(record, Reject) else record.original or b""
        size += RECORD_BYTES + len(kept)
        if size > MOST_WAITING_BYTES:
            reader.previous = first_time()
            break
    if untimed:
        reader.previous = reader.previous or EPOCH
    for message in untimed:
        message.sent_at = reader.previous or EPOCH
    return waiting


def _header(document: Document, reader: Reader) -> Conversation | None:
    if not document.splitter.container:
        return None
    document.describe()
    reading, notes = document.reading, list[Note]()
    return Conversation(
        chat_id=reading.file.key or 0,
        title=plain_text(document.title, "/title", notes)
        if isinstance(document.title, str)
        else "",
        created_at=reader.previous,
        shape=reading.shape,
        notes=tuple(notes),
    )
