"""One JSON value from its bytes; what json.loads would drop or round is noted, not lost."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from legacy_import.source.records import Note
from tenants.text import escaped, storable

DEEPEST = 200
# Of an integer in a JSON column: Python by default converts 4,300 digits, and 640 at the least.
MOST_DIGITS = 600
EXACT_BELOW = 2.0**53
# Each becomes a Python object of 20 times its size in the file.
MOST_VALUES = 500_000
MOST_NOTES = 100  # on one record: its original is kept, too


class Refused(ValueError):
    """The record cannot be taken; the code says why."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail


# Refused, and what only a mistake of ours can raise: it costs one record, and not the import.
FAULTS = (ValueError, ArithmeticError, TypeError, LookupError, AttributeError)


def refusal(fault: Exception) -> Refused:
    return fault if isinstance(fault, Refused) else Refused("not-understood", repr(fault)[:200])


class Written(float):
    """A number that is exact, but would be written in another way: 1.50."""

    def __new__(cls, text: str) -> "Written":
        number = super().__new__(cls, text)
        number.text = text
        return number

    text: str


@dataclass(frozen=True, slots=True)
class OddNumber:
    """A number that Python or PostgreSQL would not keep as it is."""

    text: str


# With letters that are not ASCII; as Windows-1251 has them, no capital stands behind a small one.
WORD = re.compile(rb"[A-Za-z]*[\xa8\xb8\xc0-\xff][A-Za-z\xa8\xb8\xc0-\xff]*")
CYRILLIC_WORD = re.compile(rb"[\xa8\xc0-\xdf]*[\xb8\xe0-\xff]*")
ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)
UNDEFINED_IN_1251 = b"\x98"
NO_ASCII_CHARACTER = re.compile("[^\0-\x7f\udc80-\udcff]")
# Each can end in a text that PostgreSQL does not store.
RISKY_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


class Decoder:
    """Decodes values; `notes` are on what was odd in the last one."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.utf8 = b""  # the last value's JSON text
        self._plain = True
        hooks: dict[str, Any] = {
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
        self.notes, self.utf8 = [], raw
        self._plain = not RISKY_ESCAPE.search(raw) and raw.count(b"[") + raw.count(b"{") < DEEPEST
        if len(raw) > MOST_VALUES and sum(map(raw.count, (b",", b"[", b"{"))) > MOST_VALUES:
            raise Refused("too-large", f"more than {MOST_VALUES:,} values")
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            if not is_windows_1251(raw):
                raise Refused("undecodable", f"byte {error.start} of the record") from None
            text = raw.decode("cp1251")
            self.utf8 = text.encode()
            self.notes.append(Note("windows-1251", "", raw))
        return self._scan(self._strict, text.strip(" \t\r\n"))

    def _scan(self, decoder: json.JSONDecoder, text: str) -> Any:
        try:
            value, end = decoder.raw_decode(text)
        except json.JSONDecodeError as error:
            if decoder is self._strict and error.msg.startswith("Invalid control character"):
                self.notes = [note for note in self.notes if note.code == "windows-1251"]
                self.notes.append(Note("control-character", "", b""))
                self._plain = False
                return self._scan(self._lenient, text)
            raise Refused("malformed", f"{error.msg}, character {error.pos}") from None
        except RecursionError:
            raise Refused("too-deep") from None
        if end < len(text):
            raise Refused("malformed", f"something follows at character {end}")
        if not self._plain and _deeper(value, DEEPEST):
            raise Refused("too-deep")
        return value

    def _odd_number(self, text: str) -> OddNumber:
        self._plain = False
        return OddNumber(text)

    def _integer(self, text: str) -> int | OddNumber:
        return int(text) if len(text) <= MOST_DIGITS else self._odd_number(text)

    def _number(self, text: str) -> float | OddNumber:
        number = float(text)
        if abs(number) >= EXACT_BELOW:  # PostgreSQL gives it back as an integer
            return self._odd_number(text)
        if repr(number) == text:
            return number
        return Written(text) if _is(number, text) else self._odd_number(text)

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


def _is(number: float, text: str) -> bool:
    try:
        return len(text) <= MOST_DIGITS and Decimal(repr(number)) == Decimal(text)
    except InvalidOperation:  # an exponent beyond what Decimal holds
        return False


def is_windows_1251(raw: bytes) -> bool:
    """Words of Cyrillic letters, more than other ones, and not one character of UTF-8."""
    if UNDEFINED_IN_1251 in raw:
        return False
    words = WORD.findall(ESCAPE.sub(b" ", raw))
    cyrillic = [word for word in words if CYRILLIC_WORD.fullmatch(word)]
    longer = [word for word in cyrillic if len(word) > 1]
    if len(longer) <= len(words) - len(cyrillic):
        return False
    with suppress(UnicodeDecodeError):  # halves of characters, each as UTF-8 would have it
        raw.decode("utf-8", "surrogatepass")
        return False
    return not NO_ASCII_CHARACTER.search(raw.decode("utf-8", "surrogateescape"))


def _deeper(value: Any, levels: int) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    while level and levels >= 0:
        levels -= 1
        inner = (each.values() if isinstance(each, dict) else each for each in level)
        level = [child for each in inner for child in each if isinstance(child, dict | list)]
    return levels < 0


def plain(value: Any, where: str, notes: list[Note]) -> Any:
    """The value as a JSON column holds it; what had to be replaced is noted."""
    match value:
        case str():
            return plain_text(value, where, notes)
        case dict():
            items = {
                plain_text(key, where, notes): plain(item, pointer(where, key), notes)
                for key, item in value.items()
            }
            if len(items) < len(value):
                raise Refused("unstorable-key", where[:200])
            return items
        case list():
            return [plain(item, f"{where}/{place}", notes) for place, item in enumerate(value)]
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
        case OddNumber() | Written():
            yield value.text
        case _:
            yield json.dumps(value, ensure_ascii=False)
