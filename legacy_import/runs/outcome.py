"""What became of some files, in memory that does not grow with them."""

from bisect import insort
from dataclasses import dataclass, field
from typing import Any

from legacy_import.batches.counts import Counts

# What is shown of a long list, unless more is asked for.
SHOWN = 20


@dataclass
class First:
    """The first of many things, in their order, and how many there are."""

    most: int = SHOWN
    number: int = 0
    kept: list[Any] = field(default_factory=list)

    def add(self, thing: Any) -> None:
        self.number += 1
        self._keep(thing)

    def join(self, other: "First") -> None:
        self.number += other.number
        for thing in other.kept:
            self._keep(thing)

    def wants(self, thing: Any) -> bool:
        return len(self.kept) < self.most or (self.most > 0 and thing < self.kept[-1])

    def _keep(self, thing: Any) -> None:
        if self.wants(thing) and thing not in self.kept:
            insort(self.kept, thing)
            del self.kept[self.most :]


@dataclass
class Outcome:
    # How many of each list are kept.
    most: int = SHOWN
    counts: Counts = field(default_factory=Counts)
    files: int = 0
    unchanged_files: int = 0
    # Changed while they were read, or too fresh: for the next pass.
    left: First = field(init=False)
    # Of people who were erased: nothing is kept of them, not even that there are such files.
    erased: First = field(init=False)
    # File and person, of files of several people.
    erased_entries: First = field(init=False)
    # File, position, code; those of earlier runs that still stand as well.
    rejected: First = field(init=False)
    # Conversations of which backups have more messages, and how many.
    only_in_backups: First = field(init=False)
    messages_in_backups: int = 0

    def __post_init__(self) -> None:
        self.left, self.rejected = First(self.most), First(self.most)
        self.only_in_backups, self.erased = First(self.most), First(self.most)
        self.erased_entries = First(self.most)

    @property
    def rejects(self) -> list[dict[str, Any]]:
        return [
            {"file": file, "position": position, "code": code}
            for file, position, code in self.rejected.kept
        ]

    def add(self, other: "Outcome") -> None:
        self.counts.add(other.counts)
        self.files += other.files
        self.unchanged_files += other.unchanged_files
        self.left.join(other.left)
        self.erased.join(other.erased)
        self.erased_entries.join(other.erased_entries)
        self.rejected.join(other.rejected)
        self.only_in_backups.join(other.only_in_backups)
        self.messages_in_backups += other.messages_in_backups

    def refuse(self, file: str, position: int, code: str) -> None:
        """Of what no bot's ledger can keep."""
        tally = self.counts["other"]
        tally.source += 1
        tally.rejected += 1
        self.rejected.add((file, position, code))
