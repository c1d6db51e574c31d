"""Reads single files, and compares JSON exactly: numbers as they are written, NaN as NaN."""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

from legacy_import.source.reading import read
from legacy_import.source.records import Kind, Message, Note, Reading, Record, Reject, SourceFile
from legacy_import.source.render import render_message

KINDS = {"conversations": Kind.CONVERSATION, "girls_data": Kind.PROFILE, "backups": Kind.BACKUP}
TOPS = {"metrics.json": Kind.METRICS, "girls_data.json": Kind.PROFILES, "bots.json": Kind.BOTS}


def written(root: Path, path: str, data: bytes, bot: str = "main") -> SourceFile:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return listed(root, path, bot)


def listed(root: Path, path: str, bot: str = "main") -> SourceFile:
    status = os.stat(root / path)
    top, _, name = path.partition("/")
    key = int(name.split("/")[0].removesuffix(".json")) if name else None
    kind = TOPS.get(top) or KINDS[top]
    return SourceFile(bot, path, kind, key, status.st_size, status.st_mtime_ns)


def whole(root: Path, path: str, data: bytes, **options: Any) -> tuple[Reading, list[Record]]:
    """The reading of one file, and all its records."""
    reading = read(root, written(root, path, data), **options)
    records = list(reading.records)
    assert reading.source == len(
        {record.place for record in records if not isinstance(record, Note)}
    )
    return reading, records


def conversation(root: Path, value: Any) -> tuple[Reading, list[Record]]:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return whole(root, "conversations/7.json", data)


def exact(text: bytes | str) -> Any:
    """As JSON, in a form in which only equal JSON is equal."""

    def number(digits: str) -> Any:
        value = Decimal(digits)
        return ("number", value.normalize() if len(digits) < 20 else value)

    return _sorted(
        json.loads(text, parse_float=number, parse_int=number, parse_constant=number, strict=False)
    )


def _sorted(value: Any) -> Any:
    match value:
        case dict():
            return "object", sorted((key, _sorted(item)) for key, item in value.items())
        case list():
            return "array", [_sorted(item) for item in value]
        case ("number", number):
            return "number", str(number) if number.is_nan() else number
    return type(value).__name__, value


def given_back(reading: Reading, message: Message) -> bytes:
    """What the export writes for this message."""
    return message.original or json.dumps(render_message(reading.shape, message)).encode()


def codes(record: Record) -> list[str]:
    assert not isinstance(record, Reject), record
    return [note.code for note in record.notes]
