"""Whether an exported file equals its source as JSON."""

import json
from typing import Any


class Digits(str):
    """An integer, of any length."""


def as_json(content: bytes) -> Any:
    for encoding in ("utf-8-sig", "utf-16", "cp1251"):
        try:
            return _plain(json.loads(content.decode(encoding), parse_int=Digits))
        except ValueError:
            continue
    return content


def _plain(value: Any) -> Any:
    """NaN equals itself."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return "NaN" if value != value else value


def within(expected: Any, found: Any) -> bool:
    """Each record of a file is in what is written back, and all that stands around them."""
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            return False
        key = "messages"
        around = {**expected, key: None} == {**found, key: None} or "messages" not in expected
        return around and within(expected.get(key, []), found.get(key, []))
    if not isinstance(expected, list) or not isinstance(found, list):
        return bool(expected == found)
    rest = [*found]
    for record in expected:
        if record not in rest:
            return False
        rest.remove(record)
    return True
