"""Values as columns hold them: what PostgreSQL cannot hold, replaced by the rule."""

import re
from typing import Any

from legacy_import.verify.source.json_text import Number, Written

DEEPEST = 200
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Refused(Exception):
    """The record cannot be taken without guessing."""


def text(value: str, repairs: list[str], where: str) -> str:
    replaced = UNSTORABLE.sub("\ufffd", value)
    if replaced != value:
        repairs.append(where)
    return replaced


def json_value(value: Any, repairs: list[str], where: str, depth: int = 1) -> Any:
    """For a JSON column: exact, and without what JSON or PostgreSQL does not know."""
    if depth > DEEPEST and isinstance(value, dict | list):
        raise Refused("nested too deeply")
    match value:
        case Number():
            repairs.append(where)
            return {"$number": str(value)}
        case str():
            return text(value, repairs, where)
        case Written():
            return float(value)
        # Loops, for each level of a comprehension takes two of Python's.
        case dict():
            members = {}
            for key, one in value.items():
                members[text(key, repairs, where)] = json_value(one, repairs, where, depth + 1)
            if len(members) < len(value):
                raise Refused("two keys that differ only in what cannot be stored")
            return members
        case list():
            elements = []
            for one in value:
                elements.append(json_value(one, repairs, where, depth + 1))
            return elements
    return value


def check_depth(value: Any, depth: int = 2) -> None:
    """Of a record's field that no column takes: it is too deep all the same."""
    if not isinstance(value, dict | list):
        return
    if depth > DEEPEST:
        raise Refused("nested too deeply")
    for one in value.values() if isinstance(value, dict) else value:
        check_depth(one, depth + 1)
