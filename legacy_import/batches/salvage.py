"""Messages that only backups have: when the old code could not parse a chat it began it anew."""

import json
import os
import stat
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from legacy_import.batches.backups import backup_date
from legacy_import.batches.encode import message_identity
from legacy_import.runs.options import BotTree, Options
from legacy_import.source.opening import FileChanged
from legacy_import.source.reading import read
from legacy_import.source.records import Kind, Message, Reading, Record, SourceFile
from legacy_import.source.render import render_message


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
) -> Iterator[Message]:
    """Each once, in the order of the oldest backup that has it."""
    seen = {message_identity(message) for message, _ in _messages(options, file)}
    for backup in backups:
        for message, shape in _messages(options, backup):
            identity = message_identity(message)
            if identity not in seen:
                seen.add(identity)
                if message.original is None:
                    # Its backup may be of another dialect than the conversation.
                    written = render_message(shape, message)
                    message.original = json.dumps(written, ensure_ascii=False).encode()
                yield message


def salvaged(reading: Reading, messages: Iterable[Message]) -> Iterator[Record]:
    """Before the records of the conversation itself."""
    records = reading.records

    def counted() -> Iterator[Record]:
        for message in messages:
            reading.source += 1
            yield message

    return chain(counted(), records)


def _messages(options: Options, file: SourceFile) -> Iterator[tuple[Message, dict]]:
    """Of what can be read of a file; the rest is somebody else's to report."""
    try:
        reading = read(options.root, file, source_tz=options.source_tz)
        for record in reading.records:
            if isinstance(record, Message):
                yield record, reading.shape
    except FileChanged:
        return
