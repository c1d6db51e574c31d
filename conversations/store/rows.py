"""What the calls give and take."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Required, TypedDict

Sender = Literal["user", "bot", "system"]


@dataclass(frozen=True, slots=True)
class StoredProfile:
    id: uuid.UUID
    telegram_id: int
    name: str
    age: int | None
    location: str
    chat_style: str
    personality: str
    created_at: datetime
    last_active_at: datetime | None
    interests: list[Any]
    additional_data: dict[str, Any]


class ProfileFields(TypedDict, total=False):
    """What of a profile a bot sets; the others stay."""

    name: str
    age: int | None
    location: str
    chat_style: str
    personality: str
    interests: list[Any]
    additional_data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredConversation:
    id: uuid.UUID
    chat_id: int
    profile_id: uuid.UUID | None
    title: str
    message_count: int
    last_position: int
    created_at: datetime
    last_message_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """`metadata` has what the bot put there, and from the store, which writes over these keys:

    * `edits`: earlier texts, the oldest first: `[{"content": ..., "until": ...}]`;
    * `deleted_at`: the message was deleted, and its text with it;
    * `repaired`: what PostgreSQL could not store as it came (tenants.text).
    """

    chat_id: int
    id: uuid.UUID
    position: int
    telegram_message_id: int | None
    sender_type: Sender
    sender_id: int | None
    content: str
    message_type: str
    sent_at: datetime
    metadata: dict[str, Any]


class MessageFields(TypedDict, total=False):
    sender_type: Required[Sender]
    content: str
    telegram_message_id: int | None
    sender_id: int | None
    message_type: str
    metadata: dict[str, Any]
    sent_at: datetime | None
    """Now, where it is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    chat_id: int
    sender_type: Sender
    content: str = ""
    telegram_message_id: int | None = None
    sender_id: int | None = None
    message_type: str = "text"
    metadata: dict[str, Any] = field(default_factory=dict)
    sent_at: datetime | None = None


PROFILE = (
    "profile.id, profile.telegram_id, profile.name, profile.age, profile.location,"
    " profile.chat_style, profile.personality, profile.created_at, profile.last_active_at,"
    " profile.interests::text, profile.additional_data::text"
)
CONVERSATION = (
    "chat.id, chat.chat_id, chat.profile_id, chat.title, chat.message_count, chat.last_position,"
    " chat.created_at, chat.last_message_at"
)
MESSAGE = (
    "message.id, message.position, message.telegram_message_id, message.sender_type,"
    " message.sender_id, message.content, message.message_type, message.sent_at,"
    " message.metadata::text"
)


def profile_of(row: Sequence[Any]) -> StoredProfile:
    return StoredProfile(*[*row[:-2], json.loads(row[-2]), json.loads(row[-1])])


def message_of(chat_id: int, row: Sequence[Any]) -> StoredMessage:
    return StoredMessage(*[chat_id, *row[:-1], json.loads(row[-1])])
