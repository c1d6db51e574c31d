"""A chat as one reads it: a window of messages around a position, by the index of positions."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from conversations.backoffice.kinds import shown_kind
from conversations.backoffice.marks import Mark, deleted_at, marks_of
from conversations.models import Conversation, Message

WINDOW = 80
LAST = 2**63 - 1


@dataclass(frozen=True)
class Line:
    message: Message
    who: str
    day: date
    begins_day: bool
    marks: list[Mark]

    @property
    def side(self) -> str:
        if self.message.message_type == "service":
            return Message.Sender.SYSTEM
        return self.message.sender_type

    @cached_property
    def deleted(self) -> Any:
        return deleted_at(self.message)

    @property
    def is_text(self) -> bool:
        return self.message.message_type == "text"

    @property
    def symbol(self) -> str:
        return shown_kind(self.message.message_type)[0]

    @property
    def kind(self) -> Any:
        return shown_kind(self.message.message_type)[1]


@dataclass(frozen=True)
class Window:
    lines: list[Line]
    # There are messages before the first and after the last line.
    older: bool
    newer: bool


def window(request: HttpRequest, chat: Conversation) -> Window:
    """What the address asks for; without a position the end of the chat."""
    of_chat = Message.objects.filter(bot_id=chat.bot_id, conversation_id=chat.pk)
    messages = of_chat.defer("search").order_by("position")
    before, after, around = (_position(request, name) for name in ("before", "after", "around"))
    if after:
        later = list(messages.filter(position__gt=after)[: WINDOW + 1])
        return Window(_lines(chat, later[:WINDOW]), older=True, newer=len(later) > WINDOW)
    later, most = [], WINDOW
    if around:
        most = WINDOW // 2
        later = list(messages.filter(position__gte=around)[: most + 1])
        before = around
    earlier = list(messages.filter(position__lt=before or LAST).reverse()[: most + 1])
    shown = [*reversed(earlier[:most]), *later[:most]]
    newer = len(later) > most or bool(before and not around)
    return Window(_lines(chat, shown), older=len(earlier) > most, newer=newer)


def _position(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return None
    return min(int(text), LAST)


def _lines(chat: Conversation, messages: list[Message]) -> list[Line]:
    marks = marks_of(chat, messages)
    lines: list[Line] = []
    for message in messages:
        day = localdate(message.sent_at)
        begins = not lines or lines[-1].day != day
        lines.append(Line(message, _who(chat, message), day, begins, marks[message.pk]))
    return lines


def _who(chat: Conversation, message: Message) -> str:
    """By the name that an imported message brought, where it brought one."""
    named = message.metadata.get("sender")
    if isinstance(named, str) and named.lower() not in Message.Sender.values:
        return named
    if message.sender_type == Message.Sender.BOT:
        return chat.bot.name
    if message.sender_type == Message.Sender.SYSTEM:
        return _("System")
    own = chat.profile.telegram_id if chat.profile else None
    if message.sender_id not in (None, own):
        return _("User %(id)s") % {"id": message.sender_id}
    return str(chat.profile or chat)
