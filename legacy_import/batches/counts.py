"""Every record of every file is accounted for."""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from legacy_import.source.records import Kind

KINDS = ("profiles", "conversations", "messages", "metrics", "backups", "other")
# What the records of a file are.
RECORDS = {
    Kind.PROFILE: "profiles",
    Kind.PROFILES: "profiles",
    Kind.CONVERSATION: "messages",
    Kind.METRICS: "metrics",
    Kind.BACKUP: "backups",
    Kind.BOTS: "other",
    Kind.UNKNOWN: "other",
}
# What a file is that is rejected whole.
WHOLE = {**RECORDS, Kind.CONVERSATION: "conversations"}


class Unbalanced(Exception):
    """A record was lost or counted twice: a defect of the importer, so nothing is committed."""


@dataclass(slots=True)
class Tally:
    source: int = 0
    inserted: int = 0
    unchanged: int = 0
    changed: int = 0
    repaired: int = 0
    rejected: int = 0
    # In the ledger and no longer in the file: left as they are, and part of no equation.
    vanished: int = 0

    @property
    def balanced(self) -> bool:
        return self.source == self.inserted + self.unchanged + self.changed + self.rejected


@dataclass
class Counts:
    kinds: dict[str, Tally] = field(default_factory=lambda: {kind: Tally() for kind in KINDS})

    def __getitem__(self, kind: str) -> Tally:
        return self.kinds[kind]

    def add(self, other: "Counts") -> None:
        for kind, tally in other.kinds.items():
            for each in fields(Tally):
                value = getattr(self.kinds[kind], each.name) + getattr(tally, each.name)
                setattr(self.kinds[kind], each.name, value)

    def as_unchanged(self) -> "Counts":
        """Of a file that is skipped, because it is as it was when it was read."""
        return Counts(
            {
                kind: Tally(
                    source=tally.source,
                    unchanged=tally.source - tally.rejected,
                    rejected=tally.rejected,
                )
                for kind, tally in self.kinds.items()
            }
        )

    def copy(self) -> "Counts":
        return Counts({kind: replace(tally) for kind, tally in self.kinds.items()})

    def total(self, name: str) -> int:
        return sum(getattr(tally, name) for tally in self.kinds.values())

    def require_balance(self, of: str) -> None:
        for kind, tally in self.kinds.items():
            if not tally.balanced:
                raise Unbalanced(f"{of}: {kind} do not add up: {tally}")

    def as_json(self) -> dict[str, Any]:
        """Only kinds that occur."""
        return {kind: asdict(tally) for kind, tally in self.kinds.items() if tally != Tally()}

    @classmethod
    def from_json(cls, value: Mapping[str, Mapping[str, int]]) -> "Counts":
        counts = cls()
        for kind, tally in value.items():
            counts.kinds[kind] = Tally(**tally)
        return counts


class Books:
    """Counts of files that come in several parts, added up until their end."""

    def __init__(self) -> None:
        self.open: dict[uuid.UUID, Counts] = {}

    def add(self, file_id: uuid.UUID, path: str, part: Counts, ends: bool) -> Counts:
        """Of the file so far; with its last part they must be equal to its records."""
        before = self.open.pop(file_id, None)
        counts = part.copy()
        if before is not None:
            counts.add(before)
        if ends:
            counts.require_balance(path)
        else:
            self.open[file_id] = counts
        return counts
