"""What one file must have become: its rows, and the rejects for the rest, in its order."""

import hashlib
import io
import os
import stat
from array import array
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import partial
from itertools import pairwise
from pathlib import Path
from sys import intern
from typing import Any, BinaryIO

from legacy_import.verify.source import columns
from legacy_import.verify.source.columns import Refused
from legacy_import.verify.source.document import Document, NoDocument
from legacy_import.verify.source.encodings import BLOCK
from legacy_import.verify.source.json_text import Number
from legacy_import.verify.source.messages import NO_TIME, Messages
from legacy_import.verify.source.metrics import Snapshots
from legacy_import.verify.source.profiles import profile_row
from legacy_import.verify.source.repaired import ENCODING, Repaired
from legacy_import.verify.source.rows import MessageRow, MetricRow, ProfileRow, Reject
from legacy_import.verify.source.strangers import stranger
from legacy_import.verify.source.tree import File, Kind, id_in
from legacy_import.verify.source.window import Kept, kept

Row = MessageRow | ProfileRow | MetricRow
NOTHING = kept(b"")
# Why there is no record.
NO_FILE, CANNOT_BE_READ, NOT_WHOLE, DAMAGE = "no file", "cannot be read", "not whole", "damaged"


class Unreadable(Exception):
    """There is no file, or none that may be read."""


@dataclass
class Expected:
    """Iterated once; then `records` counts them, and a conversation has its title and time."""

    file: File
    root: Path
    zone: tzinfo = UTC
    records: int = 0
    is_conversation: bool = False
    title: str = ""
    # What stands around its messages; None where the file is a list.
    around: dict[str, Any] | None = None
    has_records: bool = False
    created_at: int | None = None
    repaired: Repaired = field(default_factory=Repaired)
    # Places of records that have no row although they are as they should be.
    refused: Container[int] = ()
    left_out: int = 0
    # People who were erased: the import takes none of their entries.
    erased: Container[int | None] = ()
    of_erased: set[int] = field(default_factory=set)
    # How many bytes more are read; in all it may be some more than the file has.
    told: Callable[[int], object] | None = None

    def again(self) -> "Expected":
        return Expected(self.file, self.root, self.zone, refused=self.refused, erased=self.erased)

    def __iter__(self) -> Iterator[Row | Reject]:
        for row in self._rows():
            self.records += 1
            if row.place in self.refused and not isinstance(row, Reject):
                self.left_out += 1
            else:
                yield row

    def texts(self, places: Container[int]) -> Iterator[tuple[int, str]]:
        """Of some records of a conversation or profile how they are written, where it is whole."""
        with suppress(NoDocument, Unreadable), opened(self.root, self.file) as file:
            document = Document(file)
            records = {
                Kind.PROFILE: document.only,
                Kind.OLDER_PROFILES: lambda: document.records("girls", keyed=True),
            }.get(self.file.kind, lambda: document.records("messages"))
            for place, _ in enumerate(records(), 1):
                if place in places:
                    yield place, document.text()[0]

    def _rows(self) -> Iterator[Row | Reject]:
        read = {
            Kind.CONVERSATION: self._conversation,
            Kind.PROFILE: self._profile,
            Kind.OLDER_PROFILES: self._older_profiles,
            Kind.METRICS: self._metrics,
        }.get(self.file.kind)
        if self.file.kind is Kind.NO_FILE:
            yield _reject(0, NOTHING, NO_FILE)
            return
        try:
            with opened(self.root, self.file, self.told) as file:
                if read is None:
                    yield stranger(self.file.path, file)
                    return
                try:
                    yield from read(Document(file))
                except NoDocument as why:
                    yield _reject(0, _all_of(file), str(why) or NOT_WHOLE)
        except Unreadable:
            yield _reject(0, NOTHING, CANNOT_BE_READ)

    def _conversation(self, document: Document) -> Iterator[Row | Reject]:
        messages = Messages(self.file.bot)
        for row in self._messages(document, messages):
            if isinstance(row, MessageRow):
                if row.repairs:
                    self.repaired.add(row.place, *document.text(), row.repairs)
                if messages.time is None:
                    messages.time = self._first_time()
                    row = row._replace(sent_at=messages.time)
                if self.created_at is None:
                    self.created_at = row.sent_at
            yield row
        self.is_conversation, self.has_records = True, document.has_records
        self.around = None if document.is_list else document.header
        title = document.heading.get("title")
        if isinstance(title, str) and not isinstance(title, Number):
            self.title = columns.text(title, [], "title")

    def _messages(self, document: Document, messages: Messages) -> Iterator[MessageRow | Reject]:
        for place, record in enumerate(document.records("messages"), 1):
            try:
                if isinstance(record, Kept):
                    yield _reject(place, record, DAMAGE)
                else:
                    repairs = _repairs(document)
                    unclean, in_list = document.unclean, document.is_list
                    yield messages.row(place, record, in_list, unclean, repairs)
            except Refused as why:
                yield _reject(place, document.raw(), str(why))

    def _first_time(self) -> int:
        """Of the messages the first that has one; asked for by those before it."""
        with opened(self.root, self.file) as file:
            messages = Messages(self.file.bot)
            for _ in self._messages(Document(file), messages):
                if messages.time is not None:
                    return messages.time
        return NO_TIME

    def _profile(self, document: Document) -> Iterator[Row | Reject]:
        assert self.file.key is not None
        for place, record in enumerate(document.only(), 1):
            if isinstance(record, Kept) and place == 1:
                raise NoDocument
            row = self._person(document, place, self.file.key, record)
            if isinstance(row, Reject) and place == 1:
                raise NoDocument(row.reason)  # here the record is the file
            yield row

    def _older_profiles(self, document: Document) -> Iterator[Row | Reject]:
        last, left_out = self._last_places(), 0
        for number, entry in enumerate(document.records("girls", keyed=True), 1):
            place = number - left_out
            if isinstance(entry, Kept):
                yield _reject(place, entry, DAMAGE)
                continue
            name, record = entry if isinstance(entry, tuple) else ("", entry)
            key = id_in(name)
            if key is None:
                yield _reject(place, document.raw(), "the name is no id")
            elif key in self.erased:
                self.of_erased.add(key)
                left_out += 1
            elif number < last.get(key, number):
                left_out += 1  # the last one counts
            elif self._newer_exists(key):
                yield _reject(place, document.raw(), "there is a newer file")
            else:
                yield self._person(document, place, key, record)

    def _last_places(self) -> dict[int, int]:
        """Of those that come more than once."""
        ids = sorted(array("q", (key for key, _ in self._ids())))
        several = {one for one, next_ in pairwise(ids) if one == next_}
        return {key: place for key, place in self._ids() if key in several} if several else {}

    def _ids(self) -> Iterator[tuple[int, int]]:
        with opened(self.root, self.file) as file:
            for place, entry in enumerate(Document(file).records("girls", keyed=True), 1):
                if isinstance(entry, tuple) and (key := id_in(entry[0])) is not None:
                    yield key, place

    def _newer_exists(self, key: int) -> bool:
        folder = os.path.dirname(self.file.path)
        return os.path.lexists(self.root / folder / "girls_data" / f"{key}.json")

    def _person(self, document: Document, place: int, key: int, record: object) -> Row | Reject:
        if isinstance(record, Kept):
            return _reject(place, record, DAMAGE)
        try:
            row = profile_row(place, key, record, _repairs(document))
            if row.repairs:
                self.repaired.add(place, *document.text(), row.repairs)
            return row
        except Refused as why:
            return _reject(place, document.raw(), str(why))

    def _metrics(self, document: Document) -> Iterator[Row | Reject]:
        snapshots = Snapshots(self.zone, document.rewritten)
        for entry in document.records("history"):
            if isinstance(entry, Kept):
                snapshots.place += 1
                yield _reject(snapshots.place, entry, DAMAGE)
            else:
                repairs = _repairs(document)
                yield from self._snapshot(snapshots, entry, {}, repairs, document.raw)
        current = document.header.get("current")
        if current is not None:
            tags, raw = {"snapshot": "current"}, partial(document.rewritten, current)
            # What was repaired around the records is noted of the file.
            yield from self._snapshot(snapshots, current, tags, [], raw)

    def _snapshot(
        self,
        snapshots: Snapshots,
        entry: object,
        tags: dict[str, str],
        repairs: list[str],
        raw: Callable[[], Kept],
    ) -> Iterator[Row | Reject]:
        try:
            for row in snapshots.rows(entry, tags, repairs):
                if isinstance(row, MetricRow) and row.repairs:
                    self.repaired.add(row.place, "", None, row.repairs)
                yield row
        except Refused as why:
            snapshots.place += 1
            yield _reject(snapshots.place, raw(), str(why))


class _Told(io.BufferedReader):
    def __init__(self, raw: io.FileIO, told: Callable[[int], object]) -> None:
        super().__init__(raw)
        self._told = told

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(size)
        self._told(len(block))
        return block


@contextmanager
def opened(
    root: Path, file: File, told: Callable[[int], object] | None = None
) -> Iterator[BinaryIO]:
    """Not through a link, and never waiting for a pipe's other end."""
    try:
        number = os.open(root / file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise Unreadable from None
    with os.fdopen(number, "rb", buffering=0) as raw:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise Unreadable
        with _Told(raw, told) if told else io.BufferedReader(raw) as opened_file:
            yield opened_file


def _all_of(file: BinaryIO) -> Kept:
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(BLOCK):
        digest.update(block)
    return Kept(file.tell(), digest.digest())


def _reject(place: int, bytes_kept: Kept, reason: str) -> Reject:
    return Reject(place, bytes_kept.size, bytes_kept.sha256, intern(reason))


def _repairs(document: Document) -> list[str]:
    found = [ENCODING] if document.repaired else []
    return found + ["twice"] * len(document.twice)
