"""The clean records of a conversation, thousands at a time.

Records are taken together only if that is certain to give what reading them one by one gives:
only the dialect's keys, each once, all times in the file's form, ids ascending.
"""

import re
from typing import Annotated, Literal

from msgspec import Meta, MsgspecError, Struct, ValidationError
from msgspec.json import Decoder

from legacy_import.source.messages import INT64, KNOWN, Reader
from legacy_import.source.records import Message
from legacy_import.source.render import FROM_DIRECTION
from legacy_import.source.times import ZULU

FIRST_KEY = re.compile(rb'\{[ \t\r\n]*"[a-z_]+"')
# \u0000 is not storable; the others can spell a known key in another way.
MOST, LEAST = 256 * 1024, 2 * 1024  # bytes
PLACE = re.compile(r"at `\$\[(\d+)\]")
RISKY_ESCAPES = (b"\\u0000", b"\\u005", b"\\u006", b"\\u007")


class Documented(Struct, forbid_unknown_fields=True, gc=False):
    id: int
    timestamp: str | int
    sender: str | int
    content: str
    message_type: Annotated[str, Meta(min_length=1)]


class AsWritten(Struct, forbid_unknown_fields=True, gc=False):
    ts: str | int
    direction: Literal["in", "out"]
    text: str


DOCUMENTED, AS_WRITTEN = Decoder(list[Documented]), Decoder(list[AsWritten])


class Shortcut:
    def __init__(self, reader: Reader) -> None:
        self._reader, self._form = reader, reader.form or ZULU
        self._dialect = reader.shape["dialect"]
        self._keys = [f'"{key}"'.encode() for key in KNOWN[self._dialect]]
        self._senders: dict[str | int, tuple[str, int | None, bool]] = {
            name: (name, None, False) for name in ("user", "bot", "system")
        }
        self._size, self._misses = MOST, 0

    def __call__(self, data: bytes, at: int, ended: bool) -> tuple[list[Message], int]:
        """The records from a place on and where they end; without any, how far to do without."""
        first = FIRST_KEY.match(data, at)
        while first and (end := self._end(data, at, first[0], ended)) > at:
            try:
                messages = self._read(data[at:end])
            except ValidationError as error:
                end = _before(error, data, at, end, first[0])
                if end == at:
                    break
                messages = self._read_again(data[at:end])
            except (MsgspecError, UnicodeDecodeError, RecursionError):
                messages = None
            if messages:
                self._size, self._misses = min(MOST, self._size * 2), 0
                return messages, end
            if end - at <= LEAST:
                return [], end
            self._size = max(LEAST, (end - at) // 4)
        self._size = max(LEAST, self._size // 4)
        self._misses += 1
        return [], at + min(LEAST, 2 ** min(self._misses, 20))

    def _end(self, data: bytes, at: int, opening: bytes, ended: bool) -> int:
        """Where a record probably ends, as far away as the size allows."""
        limit = at + self._size
        if ended and limit >= len(data):
            return data.rfind(b"]", at)
        next_record = data.rfind(opening, at + 1, limit)
        return data.rfind(b",", at, next_record) if next_record > at else -1

    def _read(self, records: bytes) -> list[Message] | None:
        """That they decode as a list proves that the bytes end where a record ends."""
        if b"\\u00" in records and any(escape in records for escape in RISKY_ESCAPES):
            return None
        read = self._documented if self._dialect == 1 else self._as_written
        return read(b"[" + records + b"]")

    def _read_again(self, records: bytes) -> list[Message] | None:
        try:
            return self._read(records)
        except (MsgspecError, UnicodeDecodeError, RecursionError):
            return None

    def _each_key_once(self, records: bytes, count: int) -> bool:
        return all(records.count(key) == count for key in self._keys)

    def _as_written(self, array: bytes) -> list[Message] | None:
        wires = AS_WRITTEN.decode(array)
        if not self._each_key_once(array, len(wires)):
            return None
        moments = self._form.parse_all([wire.ts for wire in wires])
        if not moments:
            return None
        self._reader.previous = moments[-1]
        return [
            Message(
                place, None, FROM_DIRECTION[wire.direction], None, wire.text, "text", {}, moment
            )
            for place, (wire, moment) in enumerate(
                zip(wires, moments, strict=True), self._reader.take(len(wires))
            )
        ]

    def _documented(self, array: bytes) -> list[Message] | None:
        wires = DOCUMENTED.decode(array)
        if not self._each_key_once(array, len(wires)):
            return None
        senders = self._senders
        for sender in {wire.sender for wire in wires}.difference(senders):
            if not self._learn(sender):
                return None
        moments = self._form.parse_all([wire.timestamp for wire in wires])
        if not moments or not self._reader.seen.add_ascending([wire.id for wire in wires]):
            return None
        self._reader.previous = moments[-1]
        messages = []
        place = self._reader.take(len(wires))
        for wire, moment in zip(wires, moments, strict=True):
            sender_type, sender_id, kept = senders[wire.sender]
            messages.append(
                Message(
                    place, wire.id, sender_type, sender_id, wire.content, wire.message_type,
                    {"sender": wire.sender} if kept else {}, moment,
                )
            )  # fmt: skip
            place += 1
        return messages

    def _learn(self, sender: str | int) -> bool:
        """Names and ids; not those that take a repair, nor a name for each message."""
        if len(self._senders) > 10_000:
            return False
        if isinstance(sender, int):
            if sender not in INT64:
                return False
            self._senders[sender] = ("user", sender, True)
        elif not sender or sender.strip().removeprefix("-").isdigit():
            return False
        else:
            self._senders[sender] = (self._reader.named(sender), None, True)
        return True


def _before(error: ValidationError, data: bytes, at: int, end: int, opening: bytes) -> int:
    """Where the records end that stand before the one that is wrong; probably."""
    place = PLACE.search(str(error))
    start = at
    for _ in range(int(place[1]) if place else 0):
        start = data.find(opening, start + 1, end)
        if start < 0:
            return at
    return data.rfind(b",", at, start) if start > at else at
