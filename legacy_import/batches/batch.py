"""What one transaction writes: parts of files, ready for the database."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from legacy_import.batches.counts import Counts
from legacy_import.batches.encode import REJECTED
from legacy_import.batches.known import Chunk
from legacy_import.source.records import Kind, Metric, Note, Profile, Reject, SourceFile

# Some 12,000 short messages.
MOST_BYTES = 8_000_000
MOST_FILES = 500
# Their bytes are kept as they are: their rows, where they have any, are less than the file.
KEPT_WHOLE = (Kind.PROFILES, Kind.METRICS, Kind.BACKUP)


@dataclass(frozen=True, slots=True)
class Edit:
    """A record that was imported before and differs now."""

    place: int
    chunk: Chunk
    earlier: bytes
    identity: bytes
    content: bytes

    @property
    def was_rejected(self) -> bool:
        return self.earlier.startswith(REJECTED)


@dataclass(frozen=True, slots=True)
class Chat:
    """The row of a conversation's file."""

    id: uuid.UUID
    chat_id: int
    title: str
    created_at: datetime | None


@dataclass(slots=True)
class Part:
    """Some of one file: all of it, mostly."""

    file: SourceFile
    path: str
    file_id: uuid.UUID
    opens: bool
    # Whether a run has read this file before.
    known: bool
    counts: Counts = field(default_factory=Counts)
    # With the last part; `first` is the file's first record.
    ends: bool = False
    sha256: bytes | None = None
    header: dict[str, Any] = field(default_factory=dict)
    first: Any = None
    chat: Chat | None = None
    # Of a conversation: the dialect its messages are written in.
    shape: dict[str, Any] = field(default_factory=dict)
    # What the file called the chat before.
    renamed_from: str | None = None
    # New records, whose places follow each other; `shift` is what the records before them have,
    # and from `moved_at` on they have more.
    first_place: int = 0
    shift: int = 0
    moved_at: int | None = None
    moved_by: int = 0
    # The conversation's messages if only this import wrote them; None when that is not known.
    rows_before: int | None = None
    # Whether messages of backups come before its own, which may have the same ids.
    salvages: bool = False
    identities: bytearray = field(default_factory=bytearray)
    contents: bytearray = field(default_factory=bytearray)
    message_rows: list[bytes] = field(default_factory=list)
    changed_rows: list[bytes] = field(default_factory=list)
    profiles: list[tuple[int, Profile]] = field(default_factory=list)
    metrics: list[tuple[int, uuid.UUID, Metric]] = field(default_factory=list)
    edits: dict[int, Edit] = field(default_factory=dict)
    # With their places and pieces.
    rejects: list[tuple[int, int, Reject]] = field(default_factory=list)
    notes: list[tuple[int, Note]] = field(default_factory=list)
    originals: list[tuple[int, bytes]] = field(default_factory=list)
    # Of a backup: whether its bytes are kept.
    keeps_bytes: bool | None = None
    # The file's own bytes, compressed, each part of them with its number.
    bytes_parts: list[tuple[int, bytes]] = field(default_factory=list)
    size: int = 0

    @property
    def kept_whole(self) -> bool:
        return self.file.kind in KEPT_WHOLE


@dataclass(slots=True)
class Batch:
    bot_id: uuid.UUID
    parts: list[Part] = field(default_factory=list)

    size: int = 0

    def add(self, part: Part) -> None:
        self.parts.append(part)
        self.size += part.size

    @property
    def full(self) -> bool:
        return self.size >= MOST_BYTES or len(self.parts) >= MOST_FILES


# Files whose last part was written, and what became of their records.
Finished = list[tuple[Part, Counts]]
