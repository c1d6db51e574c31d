"""Expected rows of a file made for one test."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from legacy_import.verify.source.document import Document, NoDocument
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.rows import Reject
from legacy_import.verify.source.tree import files
from legacy_import.verify.source.window import Kept

NOON = 1_706_788_800_000_000  # 2024-02-01 12:00 UTC


def written(root: Path, path: str, content: Any) -> None:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(content, bytes):
        content = (content if isinstance(content, str) else json.dumps(content)).encode()
    place.write_bytes(content)


def expected(root: Path, path: str, content: Any, zone: str = "UTC") -> tuple[Expected, list]:
    """What the verifier expects of the one file `path`."""
    written(root, path, content)
    (file,) = (file for file in files(root, "Emma") if file.path == path)
    reading = Expected(file, root, UTC if zone == "UTC" else ZoneInfo(zone))
    return reading, list(reading)


def walked(path: Path, content: bytes, key: str = "messages") -> list[Any] | None:
    """A document's records; of what is kept its size; None when there is no document."""
    path.write_bytes(content)
    with path.open("rb") as file:
        document = Document(file)
        try:
            return [
                f"{one.size} bytes" if isinstance(one, Kept) else one
                for one in document.records(key)
            ]
        except NoDocument:
            return None


def rejects(rows: list) -> list[tuple[int, int]]:
    """Their places and sizes."""
    return [(row.place, row.size) for row in rows if isinstance(row, Reject)]


def moment(microseconds: int | None) -> str | None:
    if microseconds is None:
        return None
    seconds, rest = divmod(microseconds, 1_000_000)
    text = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest).isoformat()
    return text.replace("+00:00", "")
