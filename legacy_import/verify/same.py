"""Whether two values are the same, where their texts differ."""

import json
from decimal import Decimal
from typing import Any

from legacy_import.verify.canonical import jsonb


def same_json(expected: Any, found: str) -> bool:
    """Numbers by value: 1.50 is 1.5."""
    return jsonb(expected) == found or plain(expected) == plain(
        json.loads(found, parse_float=Decimal)
    )


def same_text(expected: str, found: bytes) -> bool:
    """Two texts of JSON."""
    one, other = (json.loads(text, parse_float=Decimal) for text in (expected, found))
    return bool(plain(one) == plain(other))


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
