"""Backups, and other files that are kept whole: their bytes, compressed in parts."""

import re
import zlib
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import PurePosixPath

from legacy_import.batches.batch import MOST_BYTES, Part
from legacy_import.batches.known import KnownFile
from legacy_import.runs.options import BotTree
from legacy_import.source.opening import Opened
from legacy_import.source.records import SourceFile
from tenants.ids import uuid7

# At the most. A piece ends behind the brace whose bytes say so: then a file that grew, or changed
# here and there, has most pieces in common with what it was before.
BYTES_PART = 262_144
SMALLEST_PART = 65_536
BRACE = re.compile(rb"\}")
LAST_BYTES = 32


def backup_date(path: str) -> date | None:
    try:
        return date.fromisoformat(PurePosixPath(path).stem)
    except ValueError:
        return None


def backup_parts(
    tree: BotTree, opened: Opened, file: SourceFile, known: KnownFile | None, store: bool
) -> Iterator[Part]:
    """A backup comes whole, whatever it holds."""
    part = Part(file, tree.path(file), uuid7(), True, known is not None, keeps_bytes=store)
    blocks = opened.blocks()
    for number, data in enumerate(compressed(blocks) if store else ()):
        part.bytes_parts.append((number, data))
        part.size += len(data)
        if part.size >= MOST_BYTES:
            yield part
            part = Part(file, part.path, part.file_id, False, known is not None)
    for _ in blocks:
        pass
    part.ends, part.sha256, part.header = True, opened.sha256, {"stored": store}
    tally = part.counts["backups"]
    tally.source = 1
    if known is None or known.status != "done":
        tally.inserted = 1
    else:
        tally.changed = 1
    yield part


def compressed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """In one part at least: a file of nothing is kept as well."""
    buffer = bytearray()
    parts = 0
    for block in blocks:
        buffer += block
        while len(buffer) >= BYTES_PART:
            end = _end_of_piece(buffer)
            yield zlib.compress(buffer[:end])
            del buffer[:end]
            parts += 1
    if buffer or not parts:
        yield zlib.compress(buffer)


def _end_of_piece(buffer: bytearray) -> int:
    def said(end: int) -> int:
        return zlib.crc32(buffer[end - LAST_BYTES : end])

    ends = (brace.end() for brace in BRACE.finditer(buffer, SMALLEST_PART, BYTES_PART))
    return max(ends, key=said, default=BYTES_PART)
