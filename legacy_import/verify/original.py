"""Whether what is kept of a repair stands in the record that it is about."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from legacy_import.verify.kept import KeptRepair
from legacy_import.verify.same import plain
from legacy_import.verify.source.json_text import Broken, Values

UNPRINTABLE = re.compile(r"[\0-\x1f\x7f\ud800-\udfff]")
WHOLE = re.compile(r"\s*-?\d+\s*")
LONGEST_STEP = 100


def is_in(record: bytes, repair: KeptRepair) -> bool:
    """At the field it names, or anywhere where its name does not lead to one value."""
    values = Values()
    try:
        of_record = _whole(values, record)
        if not repair.original:  # it was missing
            steps = repair.pointer.split("/")[1:]
            return not steps or all(value is None for value in _at(of_record, steps))
        lost = [value for _, value in values.twice]
        kept = _whole(values, repair.original)
    except (Broken, RecursionError):
        return repair.original in record
    wanted = plain(kept)
    for value in _at(of_record, repair.pointer.split("/")[1:]):
        if plain(value) == wanted or wanted in _meant(value):
            return True
    return any(plain(value) == wanted for one in (of_record, *lost) for value in _all(one))


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


def _all(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from _all(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _all(inner)
