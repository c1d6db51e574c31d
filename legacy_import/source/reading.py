"""A file of the legacy tree, from its bytes to typed records."""

import datetime as dt
from collections.abc import Container, Iterator
from pathlib import Path

from legacy_import.source.backups import backups_beside
from legacy_import.source.bots import bot_records
from legacy_import.source.conversations import conversation_records
from legacy_import.source.encodings import as_in_file
from legacy_import.source.inventory import ABSENT
from legacy_import.source.metrics import metric_records
from legacy_import.source.opening import FileChanged, NotOpened, Opened
from legacy_import.source.profiles import profile_records, profiles_records
from legacy_import.source.records import Kind, Note, Reading, Record, Reject, SourceFile
from legacy_import.source.repeated import lists_passed_over
from legacy_import.source.secrets import kept_without_tokens
from legacy_import.source.times import UTC

__all__ = ["FileChanged", "read"]

DAMAGE = ("empty", "truncated", "damaged", "trailing-garbage")
# Where a file's records stand, and in what.
RECORDS_KEY = {
    Kind.CONVERSATION: ("messages", b"["),
    Kind.BACKUP: ("messages", b"["),
    Kind.PROFILES: ("girls", b"{"),
    Kind.METRICS: ("history", b"["),
}
NAMED_BY_ID = (Kind.PROFILE, Kind.CONVERSATION, Kind.BACKUP)


def read(
    root: Path,
    file: SourceFile,
    *,
    source_tz: dt.tzinfo = UTC,
    leave_out: Container[int] = (),
) -> Reading:
    """Opens the file and reads as far as its first record; FileChanged if it is being written."""
    reading = Reading(file, None, iter(()))
    if file.problem == ABSENT:
        return reading
    try:
        if file.problem:
            raise NotOpened(file.problem)
        opened = Opened(root, file)
    except NotOpened as refusal:
        reading.records = _counted(root, reading, None, iter([Reject(0, refusal.code, "", b"")]))
        return reading
    records = _records_of(root, reading, opened, source_tz, leave_out)
    first = next(records, None)
    reading.records = _counted(root, reading, opened, _resumed(first, records))
    return reading


def _records_of(
    root: Path,
    reading: Reading,
    opened: Opened,
    source_tz: dt.tzinfo,
    leave_out: Container[int],
) -> Iterator[Record]:
    file, blocks = reading.file, opened.blocks()

    def again() -> Iterator[bytes]:
        return Opened(root, file).blocks()

    if file.kind in NAMED_BY_ID and file.key is None:
        return kept_without_tokens(file.path, blocks, "name-not-a-number")
    if file.kind in RECORDS_KEY:
        key, bracket = RECORDS_KEY[file.kind]
        reading.passed_over, blocks = lists_passed_over(file, blocks, again, key, bracket)
    match file.kind:
        case Kind.CONVERSATION | Kind.BACKUP:
            return conversation_records(reading, blocks, again)
        case Kind.PROFILE:
            return profile_records(reading, blocks)
        case Kind.PROFILES:
            return profiles_records(reading, blocks, again, (root / file.path).parent, leave_out)
        case Kind.METRICS:
            return metric_records(reading, blocks, source_tz)
        case Kind.BOTS:
            return bot_records(reading, blocks)
    code = "unknown-file" if file.key is None else "leftover"
    return kept_without_tokens(file.path, blocks, code)


def _resumed(first: Record | None, rest: Iterator[Record]) -> Iterator[Record]:
    if first is not None:
        yield first
        first = None  # it may be large
        yield from rest


def _counted(
    root: Path, reading: Reading, opened: Opened | None, records: Iterator[Record]
) -> Iterator[Record]:
    place = -1
    try:
        for record in records:
            if isinstance(record, Note):
                yield record
                continue
            first_part = record.place != place
            place = record.place
            reading.source += first_part
            if isinstance(record, Reject) and reading.file.kind != Kind.BOTS:
                record.raw = as_in_file(record.raw, reading.encoding)
                if first_part and place == 0:
                    record.raw = reading.mark + record.raw
                if reading.file.kind == Kind.CONVERSATION and record.code in DAMAGE:
                    record.reason = backups_beside(root, reading.file)
            yield record
    except NotOpened as refusal:  # the disk fails in the middle
        reading.source += 1
        yield Reject(place + 1, refusal.code, "", b"")
    if opened:
        reading.sha256 = opened.sha256
