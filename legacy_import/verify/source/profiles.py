"""A person's record as a row, in either dialect."""

from typing import Any

from legacy_import.verify.source import columns
from legacy_import.verify.source.columns import Refused
from legacy_import.verify.source.fields import (
    Repairs,
    identifier,
    plain_text,
    taken,
    time_or_null,
    whole,
)
from legacy_import.verify.source.rows import ProfileRow
from legacy_import.verify.source.times import microseconds

YOUNGEST, OLDEST = 18, 100
# What only the old code wrote, and what it did not: there it is not missed.
WRITTEN_BY_CODE = {"chat_id", "last_activity", "message_count", "summary", "profile"}
NOT_WRITTEN: dict[str, Any] = {
    **{"age": None, "location": "", "interests": [], "chat_style": "", "personality": ""},
}


def profile_row(place: int, key: int, record: Any, repairs: Repairs) -> ProfileRow:
    """`key` is the id by which the record is found: its file's name, or its name in a file."""
    if not isinstance(record, dict):
        raise Refused("a profile is an object")
    by_code = "telegram_id" not in record and bool(WRITTEN_BY_CODE & record.keys())
    if by_code:
        record = NOT_WRITTEN | record
    inside = identifier(taken(record, "telegram_id", "chat_id"), repairs, "telegram_id")
    if inside is None:
        repairs.append("telegram_id")
    if inside not in (None, key):
        raise Refused("the id inside is not that of the name")
    if (written := taken(record, "age")) is ...:
        repairs.append("age")
    age = whole(written, repairs, "age")
    if age is not None and not YOUNGEST <= age <= OLDEST:
        raise Refused("the age")
    created_at = taken(record, "created_at")
    if created_at is None or (created_at is ... and not by_code):
        repairs.append("created_at")
    if (active_at := taken(record, "last_active", "last_activity")) is ...:
        repairs.append("last_active")
    stats = record.get("conversation_stats")
    return ProfileRow(
        place=place,
        telegram_id=key,
        name=plain_text(taken(record, "name"), repairs, "name"),
        age=age,
        location=plain_text(taken(record, "location"), repairs, "location"),
        interests=_interests(taken(record, "interests"), repairs),
        chat_style=plain_text(taken(record, "chat_style"), repairs, "chat_style"),
        personality=plain_text(taken(record, "personality"), repairs, "personality"),
        created_at=time_or_null(created_at, repairs, "created_at", microseconds),
        last_active_at=time_or_null(active_at, repairs, "last_active", microseconds),
        additional_data=columns.json_value(record, repairs, "additional_data"),
        stats=stats if isinstance(stats, dict) else {},
        repairs=tuple(repairs),
    )


def _interests(value: Any, repairs: Repairs) -> list[Any]:
    if value is ... or value is None:
        repairs.append("interests")
        return []
    if not isinstance(value, list):
        raise Refused("interests are a list")
    found: list[Any] = columns.json_value(value, repairs, "interests", depth=2)
    return found
