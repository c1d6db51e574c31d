"""One JSON value from its bytes, with nothing lost: what json.loads would drop or round is noted."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from conversations.text import escaped, storable
from legacy_import.source.records import Note

DEEPEST = 200
# Of an integer in a JSON column: Python by default converts 4,300 digits, and 640 at the least.
MOST_DIGITS = 600
# Each becomes a Python object of 20 times its size in the file.
MOST_VALUES = 500_000
MOST_NOTES = 100  # on one record: its original is kept, too


class Refused(ValueError):
    """The record cannot be taken; the code says why."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class OddNumber:
    """A number that Python or PostgreSQL would not keep as it is."""

    text: str


# Each can end in a text that PostgreSQL does not store.
RISKY_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class Decoder:
    """Decodes values; `notes` are on what was odd in the last one."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self._plain = True
        hooks: dict[str, Callable[[Any], Any]] = {
            "object_pairs_hook": self._object,
            "parse_int": self._integer,
            "parse_float": self._number,
            "parse_constant": self._odd_number,
        }
        self._strict = json.JSONDecoder(**hooks)
        self._lenient = json.JSONDecoder(**hooks, strict=False)

    def plain(self, value: Any, where: str, notes: list[Note]) -> Any:
        """Of a part of the last value: as a JSON column holds it, what is replaced is noted."""
        return value if self._plain else plain(value, where, notes)

    def decode(self, raw: bytes) -> Any:
        self.notes = []
        self._plain = not RISKY_ESCAPE.search(raw) and raw.count(b"[") + raw.count(b"{") < DEEPEST
        if len(raw) > MOST_VALUES and sum(map(raw.count, (b",", b"[", b"{"))) > MOST_VALUES:
            raise Refused("too-large", f"more than {MOST_VALUES:,} values")
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise Refused("undecodable", f"byte {error.start} of the record") from None
        try:
            return self._strict.decode(text)
        except json.JSONDecodeError as error:
            if not error.msg.startswith("Invalid control character"):
                raise Refused("malformed", f"{error.msg}, character {error.pos}") from None
        except RecursionError:
            raise Refused("too-deep") from None
        return self._decode_leniently(text)

    def _decode_leniently(self, text: str) -> Any:
        self.notes, self._plain = [Note("control-character", "", b"")], False
        try:
            return self._lenient.decode(text)
        except json.JSONDecodeError as error:
            raise Refused("malformed", f"{error.msg}, character {error.pos}") from None
        except RecursionError:
            raise Refused("too-deep") from None

    def _odd_number(self, text: str) -> OddNumber:
        self._plain = False
        return OddNumber(text)

    def _integer(self, text: str) -> int | OddNumber:
        return int(text) if len(text) <= MOST_DIGITS else self._odd_number(text)

    def _number(self, text: str) -> float | OddNumber:
        number = float(text)
        if repr(number) == text:
            return number
        if len(text) > MOST_DIGITS or number in (float("inf"), float("-inf")):
            return self._odd_number(text)
        return number if Decimal(repr(number)) == Decimal(text) else self._odd_number(text)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            self._note_lost(pairs)
        return made

    def _note_lost(self, pairs: list[tuple[str, Any]]) -> None:
        last = {key: place for place, (key, _) in enumerate(pairs)}
        for place, (key, value) in enumerate(pairs):
            if last[key] != place:
                note(self.notes, "duplicate-key", pointer("", key), as_json(value))


def plain(value: Any, where: str, notes: list[Note], depth: int = 0) -> Any:
    """The value as a JSON column holds it; what had to be replaced is noted."""
    match value:
        case str():
            return plain_text(value, where, notes)
        case dict():
            if depth >= DEEPEST:
                raise Refused("too-deep", where[:200])
            items = {
                plain_text(key, where, notes): plain(item, pointer(where, key), notes, depth + 1)
                for key, item in value.items()
            }
            if len(items) < len(value):
                raise Refused("unstorable-key", where[:200])
            return items
        case list():
            if depth >= DEEPEST:
                raise Refused("too-deep", where[:200])
            return [
                plain(item, f"{where}/{place}", notes, depth + 1)
                for place, item in enumerate(value)
            ]
        case OddNumber():
            note(notes, "odd-number", where, value.text.encode())
            return {"$number": value.text}
    return value


def plain_text(text: str, where: str, notes: list[Note]) -> str:
    whole = storable(text)
    if whole is not text:
        code = "nul-character" if "\0" in text else "lone-surrogate"
        note(notes, code, where, escaped(text).encode())
    return whole


def note(notes: list[Note], code: str, where: str, original: bytes) -> None:
    if len(notes) < MOST_NOTES:
        notes.append(Note(code, where, original))


def pointer(where: str, key: str) -> str:
    """A JSON pointer that can be printed and stored."""
    step = re.sub(r"[\0-\x1f\x7f\ud800-\udfff]", "\ufffd", key[:100])
    return f"{where}/{step.replace('~', '~0').replace('/', '~1')}"


def as_json(value: Any) -> bytes:
    """As it stood in the file but for white space; odd numbers included."""
    return "".join(_written(value)).encode("utf-8", "backslashreplace")


def _written(value: Any) -> Any:
    match value:
        case dict():
            yield "{"
            for place, (key, item) in enumerate(value.items()):
                yield f"{', ' if place else ''}{json.dumps(key, ensure_ascii=False)}: "
                yield from _written(item)
            yield "}"
        case list():
            yield "["
            for place, item in enumerate(value):
                yield ", " if place else ""
                yield from _written(item)
            yield "]"
        case OddNumber():
            yield value.text
        case _:
            yield json.dumps(value, ensure_ascii=False)
