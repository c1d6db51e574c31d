"""Whether a record is the one of which bytes were rejected."""

import json
import re
from typing import Any

from legacy_import.source.records import Message, Metric, Profile, Reject
from legacy_import.source.render import render_message
from legacy_import.source.values import as_json

# Numbers as they are written: some are beyond what Python reads.
DECODER = json.JSONDecoder(strict=False, parse_int=str, parse_float=str, parse_constant=str)
BETWEEN, COLON = re.compile(r"[\s,]*"), re.compile(r"\s*:\s*")
TIMES, TEXTS = ("timestamp", "ts"), ("content", "text")
LONGEST_ESCAPE = len("\\u0000")
FIRST_RECORD = re.compile(rb'\s*(?:\[|\{.*?"messages"\s*:\s*\[)\s*(\{.*)', re.DOTALL)
# Of a record that is cut off: the key of its last value, and how that begins.
Torn = tuple[str, str]
Readable = tuple[dict[str, Any], Torn | None]


def is_mended(rejected: Readable, record: Any, shape: dict[str, Any], beside: bool) -> bool:
    """`beside` says that it follows the same record; its time alone is then enough."""
    told, torn = rejected
    match record:
        case Metric():
            return record.metric_name in told
        case Profile():
            number = str(record.telegram_id)
            ids = (told.get("telegram_id"), told.get("chat_id"), torn and torn[0])
            return number in ids or number in told
        case Message():
            whole, _ = readable(record.original or as_json(render_message(shape, record)))
        case Reject():
            whole, of_whole = readable(record.raw)
            if of_whole and of_whole[0]:
                whole[of_whole[0]] = of_whole[1]
    if torn is None:
        return _is_same(told, whole, beside)
    key, begin = torn
    if not told and not begin:
        return False
    return all(key in whole and whole[key] == value for key, value in told.items()) and (
        not key or (key in whole and (not begin or str(whole[key]).startswith(begin)))
    )


def is_mended_file(rejected: bytes, first: Any, shape: dict[str, Any]) -> bool:
    """Of a conversation's file that was cut off in its first record: whether that is there now."""
    match = FIRST_RECORD.match(rejected)
    return not match or (
        first is not None and is_mended(readable(match[1]), first, shape, beside=False)
    )


def _is_same(told: dict[str, Any], whole: dict[str, Any], beside: bool) -> bool:
    def agree(names: tuple[str, ...]) -> bool:
        return any(told.get(name) and told[name] == whole.get(name) for name in names)

    return agree(("id",)) or (agree(TIMES) and (beside or agree(TEXTS)))


def readable(raw: bytes) -> Readable:
    """What a JSON object says as far as it goes, and where it ends if it is cut off."""
    text, told = raw.decode("utf-8", "ignore").lstrip(), dict[str, Any]()
    if text[:1] not in ("{", '"'):
        return told, None
    at = int(text[0] == "{")
    while True:
        at = _end(BETWEEN, text, at)
        if text[at : at + 1] == "}":
            return told, None
        try:
            key, at = DECODER.raw_decode(text, at)
            at = _end(COLON, text, at)
        except (ValueError, RecursionError):
            return told, ("", "")
        try:
            value, end = DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return told, (str(key), _begin(text[at:]))
        if end == len(text) and isinstance(value, str) and text[at] != '"':
            return told, (str(key), value)  # a number that may go on
        told[str(key)], at = value, end


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _begin(text: str) -> str:
    """Of a string that is cut off, perhaps within an escape or half a pair of surrogates."""
    for cut in range(LONGEST_ESCAPE if text.startswith('"') else 0):
        try:
            begin = DECODER.decode(text[: len(text) - cut] + '"')
        except ValueError:
            continue
        return str(begin).rstrip("".join(map(chr, range(0xD800, 0xDC00))))
    return ""
