"""Rows as one text each, the same here and in SQL, so that their hashes can be added up."""

import hashlib
import re
from decimal import Decimal
from typing import Any

from legacy_import.verify.source.rows import MessageRow, MetricRow

ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}
MOST = 2**63 - 1
ESCAPED = re.compile(r'["\\\x00-\x1f]')


def time_of(column: str) -> str:
    """SQL: microseconds since 1970; of a time beyond 64 bits the nearest."""
    return f"""CASE WHEN {column} IS NOT NULL THEN
        least(greatest(extract(epoch FROM {column}) * 1000000, -{MOST}), {MOST})::bigint END"""


def message_text(rank: str) -> str:
    """SQL: `rank` as of message_hash()."""
    return f"""concat({rank}, '|', m.telegram_message_id, '|', m.sender_type, '|', m.sender_id, '|',
        {time_of("m.sent_at")}, '|', length(m.message_type), '|',
        m.message_type, '|', length(m.metadata::text), '|', m.metadata, '|', m.content)"""


METRIC_TEXT = f"""
    concat(length(m.metric_name), '|', m.metric_name, '|', trim_scale(m.metric_value), '|',
        {time_of("m.recorded_at")}, '|', m.metric_tags)
"""


def hash_of(text: str) -> str:
    """SQL: 64 bits of a text."""
    return f"('x' || left(md5({text}), 16))::bit(64)::bigint::numeric"


def message_hash(row: MessageRow, rank: int) -> int:
    """`rank` counts the imported messages of the conversation; 0 wherever the message stands."""
    message_type, metadata = row.message_type, jsonb(row.metadata) if row.metadata else "{}"
    number = "" if row.telegram_message_id is None else row.telegram_message_id
    sender = "" if row.sender_id is None else row.sender_id
    return _hash(
        f"{rank}|{number}|{row.sender_type}|{sender}|{row.sent_at}|{len(message_type)}|"
        f"{message_type}|{len(metadata)}|{metadata}|{row.content}"
    )


def metric_hash(row: MetricRow) -> int:
    name, value = row.metric_name, plain(row.metric_value)
    return _hash(f"{len(name)}|{name}|{value}|{row.recorded_at}|{jsonb(row.metric_tags)}")


def _hash(text: str) -> int:
    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], signed=True)


def plain(number: Decimal) -> str:
    """As PostgreSQL writes a numeric without needless zeros; arithmetic would round it."""
    text = format(number, "f") if number else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text


def jsonb(value: Any) -> str:
    """As PostgreSQL writes a jsonb: keys by length, then by bytes."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{ESCAPED.sub(_escape, value)}"'
        case int():
            return str(value)
        case float():
            return format(Decimal(repr(value)), "f") if value else "0.0"
        case list():
            return f"[{', '.join(map(jsonb, value))}]"
    members = sorted(
        value.items(), key=lambda member: (len(member[0].encode()), member[0].encode())
    )
    return "{" + ", ".join(f"{jsonb(key)}: {jsonb(one)}" for key, one in members) + "}"


def _escape(found: re.Match[str]) -> str:
    return ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04x}"
