"""What does not agree, and what was looked at."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from legacy_import.verify.checks import CHECKS

SHOWN_LENGTH = 120
NUMBERS = re.compile("[0-9][0-9,]*")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# In microseconds since 1970.
TIMES = {"sent_at", "created_at", "last_active_at", "recorded_at"}


@dataclass(frozen=True)
class Finding:
    check: str
    file: str
    what: str
    place: int | None = None
    field: str | None = None
    expected: str | None = None
    found: str | None = None

    def __str__(self) -> str:
        where = self.file if self.place is None else f"{self.file}, record {self.place}"
        if self.field is None:
            return f"{where}: {self.what}"
        return f"{where}, {self.field}: {self.what}: expected {self.expected}, found {self.found}"


@dataclass
class Findings:
    """Of the checks asked for: the first of each, and how many there are."""

    limit: int = 20
    checks: Collection[str] = frozenset(CHECKS)
    first: dict[str, list[Finding]] = field(default_factory=dict)
    total: Counter[str] = field(default_factory=Counter)
    # Of each check: what was looked at.
    figures: dict[str, Counter[str]] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)
    # Checks that could not be made, or only in part -> why.
    not_made: dict[str, str] = field(default_factory=dict)
    # Whether only some of the files were read.
    sampled: bool = False
    # What is no difference and should be known: the first of each kind, and how many there are.
    first_notes: dict[str, list[str]] = field(default_factory=dict)
    noted: Counter[str] = field(default_factory=Counter)

    def add(
        self,
        check: str,
        file: str,
        what: str,
        place: int | None = None,
        field: str | None = None,
        expected: object = None,
        found: object = None,
        *,
        always: bool = False,
    ) -> None:
        """`always`: it says that something was never compared, whatever was asked for."""
        if check not in self.checks and not always:
            return
        self.total[check] += 1
        kept = self.first.setdefault(check, [])
        if len(kept) < self.limit:
            values = (
                (None, None) if field is None else (_shown(field, expected), _shown(field, found))
            )
            kept.append(Finding(check, file, what, place, field, *values))

    def lists(self, check: str) -> bool:
        """Whether one more of that check would be listed, and not only counted."""
        return check in self.checks and len(self.first.get(check, ())) < self.limit

    def add_unnamed(self, check: str, number: int) -> None:
        if check in self.checks:
            self.total[check] += number

    def note(self, file: str, what: str) -> None:
        """Of one kind are those that differ in their numbers alone."""
        kind = NUMBERS.sub("…", what)
        self.noted[kind] += 1
        first = self.first_notes.setdefault(kind, [])
        if len(first) < self.limit:
            first.append(f"{file}: {what}")

    @property
    def notes(self) -> list[str]:
        found = []
        for kind, first in self.first_notes.items():
            found += first
            if more := self.noted[kind] - len(first):
                found.append(f"... and {more:,} more: {kind}")
        return found

    def count(self, check: str, what: str, number: int = 1) -> None:
        if check in self.checks:
            self.figures.setdefault(check, Counter())[what] += number

    def cannot(self, check: str, why: str) -> None:
        if check in self.checks:
            self.not_made.setdefault(check, why)


def moment(microseconds: int) -> str:
    try:
        return (EPOCH + timedelta(microseconds=microseconds)).isoformat(" ")
    except OverflowError:
        return f"{microseconds} microseconds after 1970"


def _shown(field: str, value: object) -> str:
    text = moment(value) if field in TIMES and isinstance(value, int) else repr(value)
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}… ({len(text)} characters)"
