"""Whether what is kept of a repair stands in the record that it is about."""

import re
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from itertools import product
from typing import Any

from legacy_import.verify.accounts.kept import KeptRepair
from legacy_import.verify.source.columns import Refused
from legacy_import.verify.source.json_text import Broken, Values
from legacy_import.verify.source.messages import Messages
from legacy_import.verify.source.rows import MessageRow
from legacy_import.verify.values.same import plain

UNPRINTABLE = re.compile(r"[\0-\x1f\x7f\ud800-\udfff]")
WHOLE = re.compile(r"\s*-?\d+\s*")
LONGEST_STEP = 100
TWICE = "duplicate-key"


def is_in(record: bytes, repair: KeptRepair) -> bool:
    """At the field it names; of a key that came twice the value that was lost."""
    values, steps = Values(), repair.pointer.split("/")[1:]
    try:
        of_record = _whole(values, record)
        if not repair.original:  # it was missing
            return not steps or all(value is None for value in _at(of_record, steps))
        lost = [value for key, value in values.twice if [_step(key)] == steps]
        wanted = plain(_whole(values, repair.original))
    except (Broken, RecursionError):
        return repair.original in record
    if repair.code == TWICE:
        return any(plain(value) == wanted for value in lost)
    return any(
        plain(value) == wanted
        or wanted in _meant(value)
        or (isinstance(value, dict) and wanted in value)
        for value in _at(of_record, steps)
    )


def messages_in(record: bytes) -> Iterator[MessageRow]:
    """What it may say: that depends on its file's form, and on its bot's name."""
    for in_list, is_bots in product((False, True), repeat=2):
        with suppress(Broken, Refused, RecursionError):
            value = _whole(Values(), record)
            sender = value.get("sender") if isinstance(value, dict) else None
            bot = sender if is_bots and isinstance(sender, str) else None
            yield Messages(bot).row(1, value, in_list, True, [])


def is_json_of(value: Any, data: bytes) -> bool:
    try:
        return bool(plain(_whole(Values(), data)) == plain(value))
    except (Broken, RecursionError):
        return False


def is_json(data: bytes) -> bool:
    with suppress(Broken, RecursionError, UnicodeDecodeError):
        _whole(Values(), data)
        return True
    return False


def _whole(values: Values, data: bytes) -> Any:
    text = data.decode("utf-8", "surrogatepass").strip(" \t\r\n")
    value, end = values.value(text, 0, whole=True)
    if end < len(text):
        raise Broken
    return value


def _at(value: Any, steps: list[str]) -> Iterator[Any]:
    if not steps:
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if _step(key) == steps[0]:
                yield from _at(inner, steps[1:])
    elif isinstance(value, list) and steps[0].isdecimal() and int(steps[0]) < len(value):
        yield from _at(value[int(steps[0])], steps[1:])


def _step(key: str) -> str:
    return UNPRINTABLE.sub("\ufffd", key[:LONGEST_STEP]).replace("~", "~0").replace("/", "~1")


def _meant(value: Any) -> list[Any]:
    """A number in quotes, or a text in pieces."""
    if isinstance(value, str) and WHOLE.fullmatch(value):
        return [Decimal(value.strip())]
    if isinstance(value, list):
        pieces = [one.get("text") if isinstance(one, dict) else one for one in value]
        return ["".join(piece for piece in pieces if isinstance(piece, str))]
    return []
