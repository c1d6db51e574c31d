"""A file that holds a list of records, or an object with records under one key."""

from collections.abc import Iterator
from typing import Any

from legacy_import.source.encodings import as_utf8
from legacy_import.source.found import Around, Damage, Element, Lost, Odd, Run
from legacy_import.source.records import Note, Reading, Reject
from legacy_import.source.splitting import Splitter
from legacy_import.source.values import Decoder, Refused, as_json
from legacy_import.source.window import PART

LARGEST_SURROUNDINGS = 1024 * 1024


class Document:
    """Yields records (Element, Run), and rejects what is neither a record nor around them.

    `reading.shape` is filled on the way: what render_file needs to write the rest of the file.
    """

    def __init__(
        self, reading: Reading, blocks: Iterator[bytes], records_key: str, bracket: bytes = b"["
    ) -> None:
        self.reading, self.records_key = reading, records_key
        self.place = 1
        self.title: Any = ""
        self.values: dict[str, Any] = {}  # of the keys around the records
        self.splitter = Splitter(
            *(as_utf8(blocks, reading), f'"{records_key}"'.encode(), bracket, reading.passed_over)
        )
        self.decoder = Decoder()
        self._around: list[list[str]] = []
        self._size = 0
        self._damage_place = 0

    def take(self, places: int = 1) -> int:
        """The first of so many places."""
        first = self.place
        self.place += places
        return first

    def records(self) -> Iterator[Element | Run | Reject | Note]:
        refusals: list[Reject] = []  # come last, so that they shift no record's place
        for found in self.splitter.found():
            match found:
                case Element() | Run():
                    yield found
                case Damage():
                    yield self._damage(found)
                case Lost():
                    yield Note("duplicate-key", f"/{self.records_key}", found.raw)
                case Odd():
                    self.reading.notes.append(Note(found.code, "", b""))
                case Around():
                    try:
                        self._keep(found)
                    except Refused as refused:
                        raw = found.key.raw + found.raw
                        refusals.append(Reject(0, refused.code, refused.detail, raw))
                        if self._size > LARGEST_SURROUNDINGS:
                            yield from self._placed(refusals)
        yield from self._placed(refusals)
        self.describe()
        if self.splitter.container == "object" and not self.splitter.has_records and self.values:
            self.reading.notes.append(Note("missing-records", f"/{self.records_key}", b""))

    def _placed(self, refusals: list[Reject]) -> Iterator[Reject]:
        for refusal in refusals:
            refusal.place = self.take()
            yield refusal
        refusals.clear()

    def describe(self) -> None:
        shape, splitter = self.reading.shape, self.splitter
        if splitter.container:
            shape["container"] = splitter.container
        if splitter.container == "object":
            shape["around"] = self._around
            shape["records_key"] = self.records_key if splitter.has_records else None

    def _damage(self, damage: Damage) -> Reject:
        """Place 0 where nothing of the file could be read. All parts have one place."""
        if damage.part == 0 and self.splitter.container:
            self._damage_place = self.take()
        return Reject(self._damage_place, damage.code, "", damage.raw)

    def _keep(self, around: Around) -> None:
        self._size += len(around.key.raw) + len(around.raw)
        key, value = self.decoder.decode(around.key.text), self.decoder.decode(around.raw)
        if self._size > LARGEST_SURROUNDINGS:
            raise Refused("too-large")
        self.reading.notes.extend(self.decoder.notes)
        self._around.append([as_json(key).decode(), as_json(value).decode()])
        self.values[key] = value
        if key == "title" and not self.splitter.has_records:
            self.title = value  # whatever follows the records comes too late


def kept_whole(blocks: Iterator[bytes], code: str) -> Iterator[Reject]:
    """In parts of one reject."""
    nothing, part = True, b""
    for block in blocks:
        part += block
        if len(part) >= PART:
            yield Reject(0, code, "", part)
            nothing, part = False, b""
    if part or nothing:
        yield Reject(0, code, "", part)
