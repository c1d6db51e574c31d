import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from django.db import connection

from conversations.models import Conversation, Message
from tenants.context import bot_context, maintenance_context

LATEST, BATCH = 50, 50
TEXT = "Привет! Как прошёл день? Расскажи что-нибудь хорошее. "


@dataclass(frozen=True)
class Chat:
    bot_id: uuid.UUID
    chat_id: int


class Contender(Protocol):
    """One way to keep the messages of chats."""

    name: str

    def latest(self, chat: Chat) -> list[str]:
        """The texts of the latest 50, the oldest of them first."""

    def record(self, chat: Chat, numbers: Sequence[int]) -> None:
        """New messages with these Telegram ids. One that is there already stays as it is."""


def new_numbers() -> Iterator[int]:
    """Telegram ids that no message has, not even one of the run before."""
    return count(time.time_ns())


def largest_bots(count: int) -> list[uuid.UUID]:
    with maintenance_context(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT bot_id FROM conversations GROUP BY bot_id"
            " ORDER BY sum(message_count) DESC, bot_id LIMIT %s",
            [count],
        )
        return [bot_id for (bot_id,) in cursor.fetchall()]


def longest_chats(bot_id: uuid.UUID, count: int) -> list[Chat]:
    with bot_context(bot_id):
        chats = Conversation.objects.order_by("-message_count", "pk")[:count]
        return [Chat(bot_id, chat.chat_id) for chat in chats]


def texts_of(chat: Chat) -> list[tuple[int | None, str]]:
    """Telegram ids and texts of a whole chat, to fill another store with."""
    with bot_context(chat.bot_id):
        messages = Message.objects.filter(conversation__chat_id=chat.chat_id).order_by("position")
        return list(messages.values_list("telegram_message_id", "content"))
