"""What is said in a chat, message by message, before a dialect writes it down."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from botplatform.demo.dialogues import MEAN_EXCHANGES, Talk
from botplatform.demo.rhythm import Calendar
from botplatform.demo.rows import Chat


@dataclass(frozen=True, slots=True)
class Said:
    number: int
    by_person: bool
    text: str
    kind: str
    extra: str
    """A JSON object: a photo's width, a voice's duration."""
    at: float


def said_in(chat: Chat, talk: Talk, rng: Random, calendar: Calendar) -> Iterator[Said]:
    at = calendar.moment(chat.begins)
    ends = calendar.moment(chat.ends)
    pause = (ends - at) / (chat.messages / 2 / MEAN_EXCHANGES + 1)
    number, begins = 0, at
    while number < chat.messages:
        for exchange in talk.dialogue(rng):
            at += 4 + 130 * rng.random()
            yield Said(number, True, exchange.said, exchange.kind, exchange.metadata, at)
            at += 2 + 120 * rng.random() ** 3
            if number + 1 < chat.messages:
                yield Said(number + 1, False, exchange.answer, "text", "{}", at)
            number += 2
            if number >= chat.messages:
                return
        begins = min(begins + pause, ends)
        at = max(at, begins)
