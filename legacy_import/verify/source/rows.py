"""What the database must hold because of a file."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple


class MessageRow(NamedTuple):
    place: int
    telegram_message_id: int | None
    sender_type: str
    sender_id: int | None
    content: str
    message_type: str
    metadata: dict[str, Any]
    sent_at: int
    """Microseconds since 1970."""
    repairs: tuple[str, ...] = ()
    """The fields in which the row differs from the record."""


class ProfileRow(NamedTuple):
    place: int
    telegram_id: int
    name: str
    age: int | None
    location: str
    interests: list[Any]
    chat_style: str
    personality: str
    additional_data: dict[str, Any]
    created_at: int | None
    last_active_at: int | None
    stats: dict[str, Any]
    """The conversation_stats, as they are written."""
    repairs: tuple[str, ...] = ()


class MetricRow(NamedTuple):
    place: int
    metric_name: str
    metric_value: Decimal
    metric_tags: dict[str, Any]
    recorded_at: int
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reject:
    """What no row was made of; place 0 is the file as a whole."""

    place: int
    size: int
    sha256: bytes
    reason: str
