"""Temporary tables to copy rows into: row security refuses COPY into the tables themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from legacy_import.batches import encode


@dataclass(frozen=True)
class Staging:
    name: str
    columns: Sequence[tuple[str, str]]

    @property
    def names(self) -> str:
        return ", ".join(name for name, _ in self.columns)

    def create(self, cursor: Any) -> None:
        columns = ", ".join(f"{name} {kind}" for name, kind in self.columns)
        cursor.execute(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {self.name} ({columns}) ON COMMIT DELETE ROWS"
        )

    def fill(self, cursor: Any, rows: Iterable[bytes]) -> None:
        copying = cursor.copy(f"COPY {self.name} FROM STDIN (FORMAT BINARY)")
        with connection.wrap_database_errors, copying as copy:
            copy.write(encode.BEGIN)
            for some in _joined(rows):
                copy.write(some)
            copy.write(encode.END)


def _joined(rows: Iterable[bytes], least: int = 64_000) -> Iterable[bytes]:
    """Fewer, larger writes; without a second copy of everything."""
    waiting: list[bytes] = []
    size = 0
    for row in rows:
        waiting.append(row)
        size += len(row)
        if size >= least:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


MESSAGES = Staging("staged_messages", encode.MESSAGE_COLUMNS)
CHANGED_MESSAGES = Staging("staged_changed_messages", encode.MESSAGE_COLUMNS)
PROFILES = Staging("staged_profiles", encode.PROFILE_COLUMNS)
METRICS = Staging("staged_metrics", encode.METRIC_COLUMNS)
TABLES = (MESSAGES, CHANGED_MESSAGES, PROFILES, METRICS)


def empty(cursor: Any) -> None:
    for staging in TABLES:
        cursor.execute(f"DELETE FROM {staging.name}")
