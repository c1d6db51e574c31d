"""Whether two values are the same, where their texts differ."""

import json
from decimal import Decimal
from typing import Any

from legacy_import.verify.values.canonical import jsonb


def same_json(expected: Any, found: str) -> bool:
    """Numbers by value: 1.50 is 1.5."""
    try:
        return jsonb(expected) == found or plain(expected) == plain(_exactly(found))
    except RecursionError:
        return False  # deeper than anything that is imported


def same_text(expected: str, found: bytes) -> bool:
    """Two texts of JSON."""
    return bool(plain(_exactly(expected)) == plain(_exactly(found)))


def _exactly(text: str | bytes) -> Any:
    """Also ints of so many digits that Python would refuse them."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def plain(value: Any) -> Any:
    """Values that are equal only when they are of one type."""
    match value:
        case bool() | None:
            return (value,)
        case int():
            return Decimal(value)
        case float():
            return Decimal(repr(value))
        case list():
            return [plain(one) for one in value]
        case dict():
            return {key: plain(one) for key, one in value.items()}
    return value
