"""Messages that only backups have: when the old code could not parse a chat it began it anew."""

import json
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import chain
from pathlib import Path
from typing import Any

from legacy_import.batches.backups import backup_date
from legacy_import.runs.options import BotTree, Options
from legacy_import.source.hashes import Hashes, hash_of
from legacy_import.source.opening import FileChanged
from legacy_import.source.reading import read
from legacy_import.source.records import (
    Conversation,
    Kind,
    Message,
    Reading,
    Record,
    SourceFile,
)
from legacy_import.source.render import render_message

# Of a conversation that has no readable file, made of what its backups have.
SHAPE = {"dialect": 1, "container": "object", "records_key": "messages", "around": []}


@dataclass(slots=True)
class Salvaged(Message):
    # As JSON: its backup may be of another dialect than the conversation.
    written: bytes = b""


FIELDS = [field.name for field in fields(Message)]


def backups_of(root: Path, tree: BotTree, file: SourceFile) -> Iterator[SourceFile]:
    """Of a conversation, the oldest first."""
    folder = "/".join(part for part in (tree.folder, "backups", str(file.key)) if part)
    try:
        names = sorted(os.listdir(root / folder))
    except OSError:
        return
    for name in names:
        path = f"{folder}/{name}"
        if not name.endswith(".json") or backup_date(path) is None:
            continue
        status = os.lstat(root / path)
        if stat.S_ISREG(status.st_mode):
            size, mtime = status.st_size, status.st_mtime_ns
            yield SourceFile(file.bot, path, Kind.BACKUP, file.key, size, mtime)


def only_in_backups(
    options: Options, file: SourceFile, backups: Iterable[SourceFile]
) -> Iterator[Salvaged]:
    """Each as often as one file has it, in the order of the oldest backup that has it."""
    known, versions = Hashes(), Hashes()
    for message, said, _ in _messages(options, file):
        known.add(said)
        if message.telegram_message_id is not None:
            versions.add(_version(message))
    for backup in backups:
        for message, said, shape in _messages(options, backup):
            numbered = message.telegram_message_id is not None
            if numbered and _version(message) in versions:
                continue  # the conversation has it, edited
            if known.add(said):
                written = message.original or _written(shape, message)
                values: dict[str, Any] = {name: getattr(message, name) for name in FIELDS}
                yield Salvaged(**values, written=written)


def salvaged(reading: Reading, messages: Iterator[Salvaged]) -> None:
    """Each stands before the first message of the conversation itself that is later."""
    first = next(messages, None)
    if first is None:
        return
    records = reading.records
    if reading.header is None:
        reading.shape.update(SHAPE)
        reading.header = Conversation(reading.file.key or 0, "", first.sent_at, shape=reading.shape)

    def merged() -> Iterator[Record]:
        waiting: Salvaged | None = first
        for record in records:
            while waiting and isinstance(record, Message) and waiting.sent_at <= record.sent_at:
                reading.source += 1
                yield waiting
                waiting = next(messages, None)
            yield record
        if reading.header and reading.header.created_at is None:
            reading.header = replace(reading.header, created_at=first.sent_at)
        for message in chain([waiting] if waiting else [], messages):
            reading.source += 1
            yield message

    reading.records = merged()


def _messages(
    options: Options, file: SourceFile
) -> Iterator[tuple[Message, bytes, dict[str, Any]]]:
    """Of what can be read of a file; the rest is somebody else's to report.

    Each with a hash of who said what when, and for the how manieth time.
    """
    seen, again = Hashes(), Counter[bytes]()
    try:
        reading = read(options.root, file, source_tz=options.source_tz)
        for message in reading.records:
            if not isinstance(message, Message):
                continue
            when = "" if message.borrows_time else message.sent_at.isoformat()
            said = hash_of(f"{when}|{message.sender_type}|{message.content}".encode())
            if not seen.add(said):
                again[said] += 1
                said = hash_of(said + str(again[said]).encode())
            yield message, said, reading.shape
    except FileChanged:
        return


def _version(message: Message) -> bytes:
    return hash_of(f"{message.telegram_message_id}|{message.sent_at.isoformat()}".encode())


def _written(shape: dict[str, Any], message: Message) -> bytes:
    return json.dumps(render_message(shape, message), ensure_ascii=False).encode()
