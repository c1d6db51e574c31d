"""Rows in COPY's binary format. Everything behind a row's key is hashed to see what changed."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from struct import Struct
from typing import Any

from legacy_import.batches.identity import MOST_PLACES
from legacy_import.source.records import Message, Metric, Profile

BEGIN = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

_count = Struct(">h").pack
_length = Struct(">i").pack
_int8 = Struct(">iq").pack
_int2 = Struct(">ih").pack
_key = Struct(">Qiq").pack
_number_at = Struct(">iq").unpack_from

IDENTITY, CONTENT = 8, 8
PRIME = 18_446_744_073_709_551_557
# Keeps pairs of an id and a time apart.
SPREAD = 11_400_714_819_323_198_485
# Of what has no row; no record's, which stay below PRIME.
REJECTED = b"\xff" * IDENTITY


def text(value: str) -> bytes:
    data = value.encode()
    return _length(len(data)) + data


def jsonb(value: Any) -> bytes:
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    return _length(len(data) + 1) + b"\x01" + data


EMPTY_OBJECT = jsonb({})
COMMON = {word: text(word) for word in ("user", "bot", "system", "text", "")}


def bigint(value: int | None) -> bytes:
    return NULL if value is None else _int8(8, value)


def moment(value: datetime | None) -> bytes:
    return NULL if value is None else _int8(8, (value - EPOCH) // MICROSECOND)


def identifier(value: uuid.UUID) -> bytes:
    return _length(16) + value.bytes


def row(columns: int, *fields: bytes) -> bytes:
    return _count(columns) + b"".join(fields)


def content_hash(data: bytes, original: bytes | None = None) -> bytes:
    digest = blake2b(data, digest_size=CONTENT)
    if original is not None:
        digest.update(original)
    return digest.digest()


def identity_of(number: int) -> bytes:
    return (number % PRIME).to_bytes(IDENTITY)


def identity_hash(*of: object) -> bytes:
    digest = blake2b(repr(of).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return identity_of(int.from_bytes(digest))


# Messages: by far the most rows, so the only ones put together by hand.
MESSAGE_COLUMNS = (
    ("conversation_id", "uuid"),
    ("id", "uuid"),
    ("position", "bigint"),
    ("telegram_message_id", "bigint"),
    ("sender_id", "bigint"),
    ("sent_at", "timestamptz"),
    ("sender_type", "text"),
    ("content", "text"),
    ("message_type", "text"),
    ("metadata", "jsonb"),
)


def message_values(message: Message) -> bytes:
    content = message.content.encode()
    metadata = message.metadata
    return b"".join(
        (
            NULL if (number := message.telegram_message_id) is None else _int8(8, number),
            NULL if (number := message.sender_id) is None else _int8(8, number),
            _int8(8, (message.sent_at - EPOCH) // MICROSECOND),
            COMMON.get(message.sender_type) or text(message.sender_type),
            _length(len(content)),
            content,
            COMMON.get(message.message_type) or text(message.message_type),
            jsonb(metadata) if metadata else EMPTY_OBJECT,
        )
    )


def place_of(row: bytes) -> int:
    """Of a message."""
    return int.from_bytes(row[26:42]) & MOST_PLACES - 1


def message_of(row: bytes) -> Message:
    """As it was encoded; what is kept beside its row is not in it."""
    fields: list[Any] = []
    at = 2
    while at < len(row):
        length = int.from_bytes(row[at : at + 4], signed=True)
        at += 4
        fields.append(None if length < 0 else row[at : at + length])
        at += max(length, 0)
    number, sender_id, moment, sender_type, content, message_type, metadata = fields[3:]
    return Message(
        place=place_of(row),
        telegram_message_id=None if number is None else int.from_bytes(number, signed=True),
        sender_type=sender_type.decode(),
        sender_id=None if sender_id is None else int.from_bytes(sender_id, signed=True),
        content=content.decode(),
        message_type=message_type.decode(),
        metadata=json.loads(metadata[1:]),
        sent_at=EPOCH + int.from_bytes(moment, signed=True) * MICROSECOND,
    )


def message_identity(message: Message) -> bytes:
    """What stays the same when a message is edited: its id and its time; without both its text.

    The id alone is not enough: where a file was begun anew ids begin anew as well.
    """
    number, moment = message.telegram_message_id, (message.sent_at - EPOCH) // MICROSECOND
    borrowed = message.borrows_time
    for note in message.notes:
        if note.code == "duplicate-id":
            number = int(note.original)
    if number is None:
        text = message.sender_type, message.content
        return identity_hash(text) if borrowed else identity_of(moment)
    return identity_of(number * SPREAD + (0 if borrowed else moment))


def message_rows(base: int, conversation_id: uuid.UUID) -> Callable[[int, int, bytes], bytes]:
    """A function from place, shift and values to a row; its position is place and shift."""
    high, low = base >> 64, base & (1 << 64) - 1
    begin = _count(len(MESSAGE_COLUMNS)) + identifier(conversation_id)
    begin += _length(16) + high.to_bytes(8)

    def make(place: int, shift: int, values: bytes) -> bytes:
        return begin + _key(low | place, 8, place + shift) + values

    return make


def id_and_number(row: bytes) -> tuple[uuid.UUID, int | None]:
    """Of a message's row: its id, and its Telegram id."""
    length, number = _number_at(row, 54)
    return uuid.UUID(bytes=row[26:42]), number if length == 8 else None


PROFILE_COLUMNS = (
    ("file", "bigint"),
    ("place", "bigint"),
    ("id", "uuid"),
    ("telegram_id", "bigint"),
    ("name", "text"),
    ("age", "smallint"),
    ("location", "text"),
    ("interests", "jsonb"),
    ("chat_style", "text"),
    ("personality", "text"),
    ("additional_data", "jsonb"),
    ("created_at", "timestamptz"),
    ("last_active_at", "timestamptz"),
)


def profile_values(profile: Profile) -> bytes:
    return b"".join(
        (
            bigint(profile.telegram_id),
            text(profile.name),
            NULL if profile.age is None else _int2(2, profile.age),
            text(profile.location),
            jsonb(profile.interests),
            text(profile.chat_style),
            text(profile.personality),
            jsonb(profile.additional_data),
            moment(profile.created_at),
            moment(profile.last_active_at),
        )
    )


METRIC_COLUMNS = (
    ("file", "bigint"),
    ("place", "bigint"),
    ("id", "uuid"),
    ("metric_name", "text"),
    # As text: Python's Decimal and PostgreSQL's numeric meet there exactly.
    ("metric_value", "text"),
    ("metric_tags", "jsonb"),
    ("recorded_at", "timestamptz"),
)


def metric_values(metric: Metric) -> bytes:
    return b"".join(
        (
            text(metric.metric_name),
            text(str(metric.metric_value)),
            jsonb(metric.metric_tags),
            moment(metric.recorded_at),
        )
    )


def keyed(columns: int, file: int, place: int, id: uuid.UUID, values: bytes) -> bytes:
    return row(columns, bigint(file), bigint(place), identifier(id), values)
