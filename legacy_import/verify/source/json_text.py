"""JSON values as they are written: nothing rounded, nothing lost without a trace."""

import json
import re
from decimal import Decimal, InvalidOperation
from json import JSONDecodeError, JSONDecoder
from json.scanner import make_scanner
from typing import Any

# Longer ones are kept as text: an int of many digits takes quadratic time.
MOST_CHARACTERS = 600
# From here on PostgreSQL gives a float back as an int.
MOST_EXACT = 2**53
# The farthest from the end of a text at which it can show that something is cut off.
CUT_OFF = 12
HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")


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
    return int(text) if len(text) <= MOST_CHARACTERS else Number(text)


def number(text: str) -> float | Number:
    value = float(text)
    if abs(value) >= MOST_EXACT:
        return Number(text)
    if repr(value) == text:
        return value
    try:
        same = len(text) <= MOST_CHARACTERS and Decimal(text) == Decimal(repr(value))
    except InvalidOperation:  # an exponent beyond all measure
        same = False
    if not same:
        return Number(text)
    written = Written(value)
    written.text = text
    return written


def as_written(value: Any) -> str:
    """A number or boolean as JSON text."""
    match value:
        case bool():
            return "true" if value else "false"
        case Number() | Written():
            return str(value) if isinstance(value, Number) else value.text
    return repr(value)


def rewritten(value: Any) -> str:
    """A value as JSON text, in which only white space may be another than it was."""
    match value:
        case None:
            return "null"
        case dict():
            members = (f"{rewritten(name)}: {rewritten(one)}" for name, one in value.items())
            return f"{{{', '.join(members)}}}"
        case list():
            return f"[{', '.join(map(rewritten, value))}]"
        case str() if not isinstance(value, Number):
            text = json.dumps(value, ensure_ascii=False)
            return HALF_A_CHARACTER.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return as_written(value)
