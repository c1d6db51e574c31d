"""What is said about a message beside its text. Other apps that know something register here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from django.utils.translation import gettext as _

from conversations.models import Conversation, Message


@dataclass(frozen=True)
class Mark:
    """`before` is what stood there, for whoever opens the mark."""

    kind: str
    label: str
    before: tuple[str, ...] = ()


Marker = Callable[[Conversation, Sequence[Message]], dict[UUID, list[Mark]]]
MARKERS: list[Marker] = []


def marks_of(chat: Conversation, messages: Sequence[Message]) -> dict[UUID, list[Mark]]:
    marks = {message.pk: _own_marks(message) for message in messages}
    for marker in MARKERS:
        for pk, more in marker(chat, messages).items():
            marks[pk] += more
    return marks


def deleted_at(message: Message) -> Any:
    """The time, or whatever else says that it was deleted; imported metadata may hold anything."""
    when = message.metadata.get("deleted_at")
    return _time(when) or when


def _own_marks(message: Message) -> list[Mark]:
    marks = []
    edits, repaired = message.metadata.get("edits"), message.metadata.get("repaired")
    if edits and isinstance(edits, list):
        texts = [edit.get("content") for edit in edits if isinstance(edit, dict)]
        earlier = tuple(text for text in texts if isinstance(text, str))
        marks.append(Mark("edited", _("edited"), earlier))
    elif any(message.metadata.get(name) for name in ("edited", "edited_at", "edit_date")):
        marks.append(Mark("edited", _("edited")))
    if repaired and isinstance(repaired, dict):
        came = tuple(f"{field}: {value}" for field, value in repaired.items())
        marks.append(Mark("repaired", _("repaired text"), came))
    return marks


def _time(value: Any) -> Any:
    try:
        time = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return time if time and is_aware(time) else None
