"""One conversation as its file has it."""

from array import array
from dataclasses import dataclass, field

from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.rows import MessageRow
from legacy_import.verify.timezones import Range
from legacy_import.verify.values.canonical import message_hash


@dataclass
class Sum:
    """What a file's messages add up to."""

    rows: int = 0
    sum: int = 0
    places: int = 0
    backwards: int = 0
    earliest: int = 0
    latest: int = 0
    last: int | None = field(default=None, repr=False)
    # Of repaired messages: which row of the conversation each is.
    repaired: "array[int]" = field(default_factory=lambda: array("q"), repr=False)

    def add(self, row: MessageRow) -> None:
        sent_at = row.sent_at
        if not self.rows:
            self.earliest = self.latest = sent_at
        elif sent_at < self.earliest:
            self.earliest = sent_at
        elif sent_at > self.latest:
            self.latest = sent_at
        self.rows += 1
        if row.repairs:
            self.repaired.append(self.rows)
        self.sum += message_hash(row, self.rows)
        self.places += row.place
        self.backwards += self.last is not None and sent_at < self.last
        self.last = sent_at

    @property
    def times(self) -> Range | None:
        return (self.earliest, self.latest) if self.rows else None


@dataclass(frozen=True, slots=True)
class Imported:
    """A conversation's file, or of one that is gone nothing but its path in the ledger."""

    path: str
    file: Expected | None
    sum: Sum
    # How often the file was imported, each time as it then was.
    versions: int = 1
    # Whether an import made the conversation's row.
    made_chat: bool = False

    @property
    def name(self) -> str:
        return self.file.file.printable if self.file else self.path

    @property
    def records(self) -> int:
        """Those that have a place."""
        return self.file.records if self.file and self.file.is_conversation else 0

    @property
    def is_expected(self) -> bool:
        return self.file is not None and self.file.is_conversation
