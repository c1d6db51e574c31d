"""What became of some files, in as much memory for a million as for ten."""

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from legacy_import.batches.counts import Counts

Item = TypeVar("Item")
MOST_LISTED = 1000


@dataclass
class Listed(Generic[Item]):
    """The first of what may be many, and how many there are."""

    most: int = MOST_LISTED
    first: list[Item] = field(default_factory=list)
    number: int = 0

    def add(self, item: Item) -> None:
        self.number += 1
        if len(self.first) < self.most:
            self.first.append(item)

    def add_all(self, other: "Listed[Item]") -> None:
        self.number += other.number
        self.first += other.first[: self.most - len(self.first)]


@dataclass
class Outcome:
    most_rejects: int = MOST_LISTED
    counts: Counts = field(default_factory=Counts)
    files: int = 0
    unchanged_files: int = 0
    # Changed while they were read, or too fresh: for the next pass.
    left: Listed[str] = field(default_factory=Listed)
    rejects: Listed[dict[str, Any]] = field(init=False)
    # Conversations of which backups have more messages, and how many.
    only_in_backups: Listed[tuple[str, int]] = field(default_factory=Listed)
    messages_only_in_backups: int = 0

    def __post_init__(self) -> None:
        self.rejects = Listed(self.most_rejects)

    def add(self, other: "Outcome") -> None:
        self.counts.add(other.counts)
        self.files += other.files
        self.unchanged_files += other.unchanged_files
        self.left.add_all(other.left)
        self.rejects.add_all(other.rejects)
        self.only_in_backups.add_all(other.only_in_backups)
        self.messages_only_in_backups += other.messages_only_in_backups
