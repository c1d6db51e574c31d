"""JSON values as they are written: nothing rounded, nothing lost without a trace."""

import json
from decimal import Decimal, InvalidOperation
from json import JSONDecodeError, JSONDecoder
from json.scanner import make_scanner
from typing import Any

# Longer ones are kept as text, and an int of many digits takes quadratic time.
INT_DIGITS = 600
# From here on PostgreSQL gives a float back as an int.
MOST_EXACT = 2**53
# The farthest from the end of a text at which it can show that something is cut off.
CUT_OFF = 12


class Number(str):
    """Its digits, where no int or float is that very number; or NaN, Infinity, -Infinity."""

    __slots__ = ()


class Written(float):
    """A float, and how it was written."""

    text: str


class CutOff(Exception):
    """The value may go on behind the text."""


class Broken(Exception):
    """No value begins here."""


class Values:
    """Parses values, and remembers what of the last one stood under a key that came again."""

    def __init__(self) -> None:
        self.twice: list[tuple[str, Any]] = []
        decoder = JSONDecoder(
            object_pairs_hook=self._object,
            parse_float=number,
            parse_int=whole_number,
            parse_constant=Number,
            strict=False,
        )
        self._scan = make_scanner(decoder)  # type: ignore[arg-type]

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            last = {key: n for n, (key, _) in enumerate(pairs)}
            self.twice += [pair for n, pair in enumerate(pairs) if last[pair[0]] != n]
        return found

    def value(self, text: str, place: int, whole: bool) -> tuple[Any, int]:
        """The value at `place` and where it ends. `whole` says that nothing follows the text."""
        self.twice = []
        try:
            value, end = self._scan(text, place)
        except StopIteration as stop:
            raise self._error(text, int(stop.value), whole) from None
        except JSONDecodeError as error:
            unended = error.msg.startswith("Unterminated string")
            raise self._error(text, len(text) if unended else error.pos, whole) from None
        if not whole and end >= len(text) - 2:
            raise CutOff  # 1 could become 1.5, and 1e+ as well 1e+5
        return value, end

    @staticmethod
    def _error(text: str, place: int, whole: bool) -> Exception:
        return CutOff() if not whole and place >= len(text) - CUT_OFF else Broken()


def whole_number(text: str) -> int | Number:
    return int(text) if len(text) <= INT_DIGITS else Number(text)


def number(text: str) -> float | Number:
    value = float(text)
    if abs(value) >= MOST_EXACT:
        return Number(text)
    if repr(value) == text:
        return value
    try:
        same = Decimal(text) == Decimal(repr(value))
    except InvalidOperation:  # an exponent beyond all measure
        same = False
    if not same:
        return Number(text)
    written = Written(value)
    written.text = text
    return written


def as_written(value: Any) -> str:
    """As it stood in its file, but for white space."""
    match value:
        case dict():
            members = (f"{as_written(name)}: {as_written(item)}" for name, item in value.items())
            return f"{{{', '.join(members)}}}"
        case list():
            return f"[{', '.join(map(as_written, value))}]"
        case Number():
            return str(value)
        case Written():
            return value.text
    return json.dumps(value, ensure_ascii=False)
