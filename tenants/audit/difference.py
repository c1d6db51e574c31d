"""What an entry says has changed, key by key; inside objects as well."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MOST_LINES = 200
LONGEST_VALUE = 2000
ABSENT = object()


@dataclass(frozen=True)
class Line:
    key: str
    # None where there was no such key.
    before: str | None
    after: str | None


def difference(before: Any, after: Any) -> tuple[list[Line], int]:
    """The lines, and how many more there are."""
    found = list(_lines("", before or {}, after or {}))
    return found[:MOST_LINES], max(len(found) - MOST_LINES, 0)


def _lines(path: str, before: Any, after: Any) -> Iterator[Line]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            longer = f"{path}.{key}" if path else key
            yield from _lines(longer, before.get(key, ABSENT), after.get(key, ABSENT))
    elif before != after or type(before) is not type(after):
        yield Line(path[:LONGEST_VALUE], _text(before), _text(after))


def _text(value: Any) -> str | None:
    if value is ABSENT:
        return None
    indent = 2 if isinstance(value, dict | list) else None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=indent)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
