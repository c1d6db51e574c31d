"""Messages that only backups have: when the old code could not parse a chat it began it anew."""

import json
import os
import stat
from array import array
from bisect import bisect_left
from collections import defaultdict
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
    seen = _Identities()
    for message, _ in _messages(options, file):
        seen.add(message)
    for backup in backups:
        for message, shape in _messages(options, backup):
            if seen.add(message):
                if message.original is None:
                    # Its backup may be of another dialect than the conversation.
                    written = render_message(shape, message)
                    message.original = json.dumps(written, ensure_ascii=False).encode()
                yield message


class _Identities:
    """A set of them in a fortieth of the memory: a conversation may have millions."""

    def __init__(self) -> None:
        self.ends: dict[bytes, array[int]] = defaultdict(lambda: array("H"))

    def add(self, message: Message) -> bool:
        """False for one that is there already."""
        identity = message_identity(message)
        ends, end = self.ends[identity[1:3]], int.from_bytes(identity[::3])
        index = bisect_left(ends, end)
        if index < len(ends) and ends[index] == end:
            return False
        ends.insert(index, end)
        return True


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
