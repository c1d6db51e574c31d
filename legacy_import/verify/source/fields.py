"""One value of a record as the column has it; raises where that would be a guess."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from legacy_import.verify.source import columns
from legacy_import.verify.source.columns import Refused
from legacy_import.verify.source.json_text import Number, Written, as_written
from legacy_import.verify.source.times import is_cut
from legacy_import.verify.source.tree import is_64_bits

DIGITS = re.compile(r"\s*-?[0-9]+\s*")
# Of a number in quotes.
MOST_CHARACTERS = 40
Repairs = list[str]


class TooLarge(Refused):
    pass


def taken(record: dict[str, Any], *names: str) -> Any:
    """The first of the names that is there, and out of the record; else `...`."""
    for name in names:
        if name in record:
            return record.pop(name)
    return ...


def whole(value: Any, repairs: Repairs, where: str) -> int | None:
    """A number without fraction, also written as 5.0 or "5"."""
    if value is ... or value is None:
        return None
    if type(value) is int:
        return value
    if isinstance(value, Written) or type(value) is float:
        number = Decimal(as_written(value))
        if number == int(number):
            repairs.append(where)
            return int(number)
    if isinstance(value, str) and not isinstance(value, Number) and DIGITS.fullmatch(value):
        if len(value.strip()) > MOST_CHARACTERS:
            raise TooLarge(f"{where} has more than {MOST_CHARACTERS} digits")
        repairs.append(where)
        return int(value.strip())
    raise Refused(f"{where} is no whole number")


def identifier(value: Any, repairs: Repairs, where: str) -> int | None:
    number = whole(value, repairs, where)
    if number is not None and not is_64_bits(number):
        raise TooLarge(f"{where} has more than 64 bits")
    return number


def id_or_null(value: Any, repairs: Repairs, where: str) -> int | None:
    """An id that a record may lack: what is no whole number is none, one too large is refused."""
    try:
        return identifier(value, repairs, where)
    except TooLarge:
        raise
    except Refused:
        if isinstance(value, Number):
            raise
        return None


def plain_text(value: Any, repairs: Repairs, where: str, default: str = "") -> str:
    if isinstance(value, str) and not isinstance(value, Number):
        return columns.text(value, repairs, where)
    if value is ... or value is None:
        repairs.append(where)
        return default
    if isinstance(value, int | float | Number) and not isinstance(value, bool):
        repairs.append(where)
        return as_written(value)
    raise Refused(f"{where} is no text")


def time_or_null(
    value: Any, repairs: Repairs, where: str, read: Callable[[Any], int | None]
) -> int | None:
    if value is ... or value is None:
        return None
    found = read(value)
    if found is None:
        columns.check_depth(value)
    if found is None or is_cut(value):
        repairs.append(where)
    return found
