"""A conversation's messages, in the dialect of the documents (1) or of the old code (2)."""

import datetime as dt
import re
from array import array
from bisect import bisect_left
from typing import Any

from legacy_import.source.document import Document
from legacy_import.source.records import Message, Note, Reject
from legacy_import.source.render import FROM_DIRECTION, render_message
from legacy_import.source.times import EPOCH, Form, UnreadableTime, form_of, parse_time
from legacy_import.source.values import (
    FAULTS,
    OddNumber,
    Refused,
    as_json,
    note,
    plain_text,
    refusal,
)

INT64 = range(-(2**63), 2**63)
# Of the documents (1) and of the old code (2). A record may mix them: its file's own come first.
NAMES = {1: ("timestamp", "sender", "content"), 2: ("ts", "direction", "text")}
KNOWN = {
    1: ("id", "timestamp", "sender", "content", "message_type"),
    2: ("ts", "direction", "text"),
}
SPELLINGS = {
    "user": "user",
    "human": "user",
    "in": "user",
    "incoming": "user",
    "bot": "bot",
    "assistant": "bot",
    "out": "bot",
    "outgoing": "bot",
    "system": "system",
}


USUAL = {
    "sender": {name: name for name in ("user", "bot", "system")},
    "direction": FROM_DIRECTION,
}
NUMBER = re.compile("-?[0-9]+")


class SeenIds:
    """The ids in a file of any size: eight bytes each while they ascend, as they mostly do."""

    MOST_ASCENDING, MOST_OTHERS = 12_000_000, 400_000

    def __init__(self) -> None:
        self._ascending = array("q")
        self._others: set[int] = set()

    def add_ascending(self, ids: list[int]) -> bool:
        """All of them or, where one does not ascend, none."""
        last = self._ascending[-1] if self._ascending else INT64[0] - 1
        if not all(map(int.__lt__, [last, *ids], ids)):
            return False
        if ids[-1] not in INT64 or len(self._ascending) > self.MOST_ASCENDING:
            return False
        self._ascending.extend(ids)
        return True

    def add(self, number: int) -> str | None:
        """The code of why the message cannot have it."""
        ascending = self._ascending
        if not ascending or number > ascending[-1]:
            if len(ascending) > self.MOST_ASCENDING:
                return "id-not-checked"
            ascending.append(number)
            return None
        if ascending[bisect_left(ascending, number)] == number or number in self._others:
            return "duplicate-id"
        if len(self._others) >= self.MOST_OTHERS:
            return "id-not-checked"
        self._others.add(number)
        return None


class Reader:
    """Makes messages of a file's records, one after the other."""

    def __init__(self, document: Document) -> None:
        self.take, self.shape = document.take, document.reading.shape
        self.form: Form | None = None
        self.previous: dt.datetime | None = None
        self.seen = SeenIds()
        self._splitter = document.splitter
        self._decoder = document.decoder
        self._bot = (document.reading.file.bot or "").strip().casefold()

    def read(self, raw: bytes) -> Message | Reject:
        place = self.take()
        try:
            return self._message(place, raw, self._decoder.decode(raw))
        except FAULTS as fault:
            refused = refusal(fault)
            return Reject(place, refused.code, refused.detail, raw)

    def _dialect_of(self, value: dict[str, Any]) -> int:
        """The file's, unless only the other one's names are there."""
        own = 1 if self._splitter.container == "object" else 2
        if any(name in value for name in NAMES[own]):
            return own
        return 3 - own if any(name in value for name in NAMES[3 - own]) else own

    def _message(self, place: int, raw: bytes, value: Any) -> Message:
        if not isinstance(value, dict):
            raise Refused("not-an-object")
        notes = list(self._decoder.notes)
        dialect = self._dialect_of(value)
        self.shape.setdefault("dialect", dialect)  # the first record's
        time, sender, text = names = _names(value, dialect)
        known = (*names, "id", "message_type") if dialect == 1 else names
        unknown = {key: item for key, item in value.items() if key not in known}
        metadata = self._decoder.plain(unknown, "", notes) if unknown else {}
        number = self._id(value, notes) if dialect == 1 else None
        sender_type, sender_id = self._sender(sender, value.get(sender), metadata, notes)
        content = _text(value, text, notes)
        message_type = _text(value, "message_type", notes, "text") if dialect == 1 else "text"
        sent_at = self._time(value, time, notes)
        if number is not None and (code := self.seen.add(number)):
            note(notes, code, "/id", str(number).encode())
            number = None
        message = Message(
            place, number, sender_type, sender_id, content, message_type, metadata,
            sent_at, tuple(notes),
        )  # fmt: skip
        same = not notes or all(note.code == "windows-1251" for note in notes)
        if not same or render_message(self.shape, message) != value:
            message.original = self._decoder.utf8
        return message

    def _id(self, value: dict[str, Any], notes: list[Note]) -> int | None:
        if "id" not in value:
            note(notes, "missing-field", "/id", b"")
            return None
        number, code = whole_number(value["id"])
        if code:
            note(notes, code, "/id", as_json(value["id"]))
        return number

    def _sender(
        self, field: str, sender: Any, metadata: dict[str, Any], notes: list[Note]
    ) -> tuple[str, int | None]:
        """The type and, of one named by a number, the id. Other spellings stay in the metadata."""
        usual = USUAL[field]
        if sender is None or sender == "":
            note(notes, "missing-field", f"/{field}", b"" if sender is None else b'""')
            return "system", None
        if isinstance(sender, str):
            if sender in usual:
                return usual[sender], None
            if field == "direction" or not NUMBER.fullmatch(sender.strip()):
                return self._spelled(field, sender, metadata, notes), None
        elif field == "direction" or isinstance(sender, bool | list | dict):
            raise Refused(f"{field}-unknown", as_json(sender)[:100].decode(errors="ignore"))
        number, code = whole_number(sender)
        if code:
            note(notes, code, f"/{field}", as_json(sender))
        if number is None:
            raise Refused("sender-unknown", as_json(sender)[:100].decode(errors="ignore"))
        metadata["sender"] = number
        return "user", number

    def _spelled(self, field: str, sender: str, metadata: dict[str, Any], notes: list[Note]) -> str:
        if field == "direction" and sender.strip().casefold() not in SPELLINGS:
            raise Refused("direction-unknown", sender[:100])
        metadata[field] = plain_text(sender, f"/{field}", notes)
        return self.named(sender)

    def named(self, name: str) -> str:
        spelled = name.strip().casefold()
        return "bot" if spelled == self._bot else SPELLINGS.get(spelled, "user")

    def _time(self, value: dict[str, Any], field: str, notes: list[Note]) -> dt.datetime:
        written = value.get(field)
        try:
            if written is None:
                code = "missing-time"
            else:
                moment, repaired = parse_time(written)
                if repaired:
                    note(notes, repaired, f"/{field}", as_json(written))
                if self.form is None:
                    self.form = form_of(written)
                    self.shape.update(self.form.as_shape())
                self.previous = moment
                return moment
        except UnreadableTime:
            code = "unreadable-time"
        note(notes, code, f"/{field}", as_json(written) if field in value else b"")
        return self.previous or EPOCH


def _names(value: dict[str, Any], dialect: int) -> tuple[str, str, str]:
    own = NAMES[dialect]
    if own[0] in value and own[1] in value and own[2] in value:
        return own
    time, sender, text = (
        theirs if theirs in value and ours not in value else ours
        for ours, theirs in zip(own, NAMES[3 - dialect], strict=True)
    )
    return time, sender, text


def _text(value: dict[str, Any], field: str, notes: list[Note], default: str = "") -> str:
    text, where = value.get(field), f"/{field}"
    match text:
        case None:
            note(notes, "missing-field", where, b"null" if field in value else b"")
            return default
        case str():
            if not text and default:
                note(notes, "missing-field", where, b'""')
            return plain_text(text, where, notes) or default
        case bool():
            raise Refused("not-text", f"{field}: {text}")
        case int() | float() | OddNumber():
            note(notes, "string-as-number", where, as_json(text))
            return as_json(text).decode()
        case list() if not default:
            note(notes, "text-list", where, as_json(text))
            return plain_text("".join(_piece(piece, field) for piece in text), where, notes)
    raise Refused("not-text", field)


def _piece(piece: Any, field: str) -> str:
    """Of a text as chat exports hold it: ["see ", {"type": "link", "text": "example.com"}]."""
    if isinstance(piece, dict):
        piece = piece.get("text")
    if not isinstance(piece, str):
        raise Refused("not-text", field)
    return piece


def whole_number(value: Any) -> tuple[int | None, str | None]:
    """The id a value means, and the code of the repair that took."""
    code = None
    if isinstance(value, OddNumber):
        raise Refused("id-too-large", value.text[:40])
    if isinstance(value, str):
        text = value.strip()
        if not NUMBER.fullmatch(text):
            return None, "id-not-a-number"
        if len(text) > 40:
            raise Refused("id-too-large", text[:40])
        value, code = int(text), "number-as-string"
    elif isinstance(value, float) and value.is_integer():
        value, code = int(value), "fraction-of-zero"
    if value is None:
        return None, None
    if isinstance(value, bool) or not isinstance(value, int):
        return None, "id-not-a-number"
    if value not in INT64:
        raise Refused("id-too-large", str(value)[:40])
    return value, code
