"""What reading a legacy tree yields: the contract between reading and importing."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    PROFILE = "profile"  # girls_data/{id}.json
    PROFILES = "profiles"  # girls_data.json
    CONVERSATION = "conversation"  # conversations/{chat_id}.json
    METRICS = "metrics"  # metrics.json
    BACKUP = "backup"  # backups/{id}/{date}.json
    BOTS = "bots"  # bots.json, config.json
    UNKNOWN = "unknown"  # leftovers and strangers: accounted for, kept, rejected


@dataclass(frozen=True, slots=True)
class SourceFile:
    bot: str | None  # the tree's bot by name; None for a file at the root of several trees
    path: str  # relative to the root, printable
    kind: Kind
    key: int | None  # the id the file's name says
    size: int
    mtime_ns: int
    problem: str | None = None  # why it is not even opened: a code
    real_path: bytes | None = None  # where the printable one is another


# Of a record whose time is another one's, and may change with it.
BORROWED_TIME = ("missing-time", "unreadable-time")


@dataclass(frozen=True, slots=True)
class Note:
    """A repair: the value that stood there is kept."""

    code: str
    where: str  # the field, as a JSON pointer within the record
    original: bytes  # as it stood in the file, or its JSON text


@dataclass(slots=True)
class Message:
    place: int  # in the file, from 1
    telegram_message_id: int | None
    sender_type: str
    sender_id: int | None
    content: str
    message_type: str
    metadata: dict[str, Any]
    sent_at: dt.datetime
    notes: tuple[Note, ...] = ()
    # The record as JSON, where render() of this message would not give it back.
    original: bytes | None = None

    @property
    def borrows_time(self) -> bool:
        return any(note.code in BORROWED_TIME for note in self.notes)


@dataclass(slots=True)
class Conversation:
    chat_id: int
    title: str
    created_at: dt.datetime | None
    shape: dict[str, Any]  # the dialect, and what stands in the file around the messages
    notes: tuple[Note, ...] = ()


@dataclass(slots=True)
class Profile:
    telegram_id: int
    name: str
    age: int | None
    location: str
    interests: list[Any]
    chat_style: str
    personality: str
    additional_data: dict[str, Any]
    created_at: dt.datetime | None
    last_active_at: dt.datetime | None
    shape: dict[str, Any]  # the dialect and its form of times
    metrics: tuple["Metric", ...] = ()  # from conversation_stats
    notes: tuple[Note, ...] = ()
    original: bytes | None = None
    place: int = 1


@dataclass(slots=True)
class Metric:
    place: int
    metric_name: str
    metric_value: Any  # int or Decimal
    metric_tags: dict[str, Any]
    recorded_at: dt.datetime
    notes: tuple[Note, ...] = ()
    # Its time is another snapshot's.
    borrowed: bool = False


@dataclass(slots=True)
class BotEntry:
    place: int
    name: str
    telegram_token: str | None = field(repr=False)
    username: str
    owner_telegram_id: int | None
    status: str
    config: dict[str, Any]
    notes: tuple[Note, ...] = ()


@dataclass(slots=True)
class Reject:
    """Parts of 4 MB of one long reject follow one another, with one place."""

    place: int  # 0 where nothing of the file could be read
    code: str
    reason: str
    raw: bytes


# A note between records is on what the file lost there.
Record = Message | Profile | Metric | BotEntry | Reject | Note


@dataclass(slots=True)
class Reading:
    """One file, read as it is iterated: header first, then records and rejects in order.

    `records` may be far larger than memory. When it is exhausted `sha256`, `source`, `shape` and
    `notes` hold. It ends in FileChanged if the file was written to in the meantime.
    """

    file: SourceFile
    header: Conversation | None
    records: Iterator[Record]
    sha256: bytes = b""
    source: int = 0  # records in the file: accepted and rejected ones
    encoding: str = "utf-8"
    mark: bytes = b""  # the byte order mark
    passed_over: int = 0  # lists of records before the one that counts
    # What stands around the records, for render_file; of a conversation also its header's shape.
    shape: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)  # on the file: its encoding, say
    # People whose entries were to be left out: nothing else says that there are any.
    left_out: list[int] = field(default_factory=list)
