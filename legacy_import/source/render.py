"""Stored records as the JSON they came from, in their file's dialect."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from legacy_import.source.times import ZULU, Form

PROFILE_FIELDS = {
    1: (
        *("telegram_id", "name", "age", "location", "interests", "chat_style", "personality"),
        *("created_at", "last_active"),
    ),
    2: ("chat_id", "name", "last_activity"),
}
FROM_DIRECTION = {"in": "user", "out": "bot"}


class MessageRow(Protocol):
    """What a message and a row of `messages` have in common."""

    telegram_message_id: int | None
    sender_type: str
    content: str
    message_type: str
    metadata: dict[str, Any]
    sent_at: dt.datetime


class ProfileRow(Protocol):
    telegram_id: int
    name: str
    age: int | None
    location: str
    interests: list[Any]
    chat_style: str
    personality: str
    additional_data: dict[str, Any]
    created_at: dt.datetime | None
    last_active_at: dt.datetime | None


def form_in(shape: dict[str, Any]) -> Form:
    return Form(**shape["time"]) if "time" in shape else ZULU


def render_message(shape: dict[str, Any], message: MessageRow) -> dict[str, Any]:
    time = form_in(shape).render(message.sent_at)
    if shape["dialect"] == 2:
        direction = "in" if message.sender_type == "user" else "out"
        direction = message.metadata.get("direction", direction)
        return {**message.metadata, "ts": time, "direction": direction, "text": message.content}
    return {
        **message.metadata,
        "id": message.telegram_message_id,
        "timestamp": time,
        "sender": message.metadata.get("sender", message.sender_type),
        "content": message.content,
        "message_type": message.message_type,
    }


def render_profile(shape: dict[str, Any], profile: ProfileRow) -> dict[str, Any]:
    form = form_in(shape)

    def written(moment: dt.datetime | None) -> Any:
        return moment and form.render(moment)

    columns = {
        "telegram_id": profile.telegram_id,
        "chat_id": profile.telegram_id,
        "name": profile.name,
        "age": profile.age,
        "location": profile.location,
        "interests": profile.interests,
        "chat_style": profile.chat_style,
        "personality": profile.personality,
        "created_at": written(profile.created_at),
        "last_active": written(profile.last_active_at),
        "last_activity": written(profile.last_active_at),
    }
    fields = shape.get("fields", PROFILE_FIELDS[shape["dialect"]])
    return {**{name: columns[name] for name in fields}, **profile.additional_data}


def render_profile_now(shape: dict[str, Any], profile: ProfileRow) -> dict[str, Any]:
    """With what the file had no field for, because it came later."""
    fields = [*shape.get("fields", PROFILE_FIELDS[shape["dialect"]])]
    for name in ("name", "age", "location", "interests", "chat_style", "personality"):
        if name not in fields and getattr(profile, name):
            fields.append(name)
    active = PROFILE_FIELDS[shape["dialect"]][-1]
    if profile.last_active_at and not {"last_active", "last_activity"} & {*fields}:
        fields.append(active)
    return render_profile({**shape, "fields": fields}, profile)


def render_conversation(
    shape: dict[str, Any], messages: Iterable[tuple[MessageRow, bytes | None]]
) -> Iterator[bytes]:
    """A file, piece by piece; a message's original wins."""
    written = (
        original or json.dumps(render_message(shape, message), ensure_ascii=False).encode()
        for message, original in messages
    )
    yield from render_file(shape, written)


def render_file(shape: dict[str, Any], records: Iterable[bytes]) -> Iterator[bytes]:
    """What stands around the records and, each on a line, the records."""
    if shape["container"] == "list":
        opening, closing = b"[", b"]\n"
    else:
        fields = [f"{key}: {text}" for key, text in shape["around"]]
        if not shape["records_key"]:
            yield ("{" + ", ".join(fields) + "}\n").encode()
            return
        fields.append(f"{json.dumps(shape['records_key'])}: [")
        opening, closing = ("{" + ",\n".join(fields)).encode(), b"]}\n"
    yield opening
    between = b"\n"
    for record in records:
        yield between + record
        between = b",\n"
    yield b"\n" + closing
