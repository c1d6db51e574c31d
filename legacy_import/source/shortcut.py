"""The clean records of a conversation, thousands at a time.

Records are taken together only if that is certain to give what reading them one by one gives:
only the dialect's keys, each once, all times in the file's form, ids ascending.
"""

import re
from typing import Annotated, Literal

from msgspec import Meta, MsgspecError, Struct
from msgspec.json import Decoder

from legacy_import.source.messages import INT64, KNOWN, Reader
from legacy_import.source.records import Message
from legacy_import.source.render import FROM_DIRECTION
from legacy_import.source.times import ZULU

FIRST_KEY = re.compile(rb'\{[ \t\r\n]*"[a-z_]+"')
# \u0000 is not storable; the others can spell a known key in another way.
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

    def __call__(self, data: bytes, at: int, ended: bool) -> tuple[list[Message], int] | None:
        if ended and (end := data.rfind(b"]", at)) > at and (read := self._read(data[at:end])):
            return read, end
        if not (first := FIRST_KEY.match(data, at)):
            return None
        cut = data.rfind(first[0], at + 1)
        comma = data.rfind(b",", at, max(at, cut))
        if comma > at and (read := self._read(data[at:comma])):
            return read, comma
        return None

    def _read(self, records: bytes) -> list[Message] | None:
        """That they decode as a list proves that the bytes end where a record ends."""
        if b"\\u00" in records and any(escape in records for escape in RISKY_ESCAPES):
            return None
        read = self._documented if self._dialect == 1 else self._as_written
        try:
            return read(b"[" + records + b"]")
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
