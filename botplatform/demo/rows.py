"""A bot's rows as lines of COPY's text format, conversation by conversation."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from botplatform.demo.dialogues import MEAN_EXCHANGES, Talk
from botplatform.demo.fleet import DemoBot, long_tail, shaped_uuid
from botplatform.demo.people import Person, meet
from botplatform.demo.rhythm import Calendar

NULL = r"\N"
ACQUAINTED = 0.92
GOING_ON = 0.35
LONGEST_EXCHANGE_SECONDS = 260
PREFIX_BITS = 48
# Of the prefix: the conversation's number, so that a bot's rows are appended to their indexes.
ORDINAL_BITS = 28


@dataclass(frozen=True, slots=True)
class Chat:
    id: str
    person: Person
    profile_id: str | None
    messages: int
    first_telegram_message_id: int
    begins: float
    ends: float
    """In active days of the calendar."""


def chats(bot: DemoBot, rng: Random, calendar: Calendar) -> Iterator[Chat]:
    bot_prefix = rng.getrandbits(PREFIX_BITS - ORDINAL_BITS)
    telegram_id = rng.randrange(150_000_000, 900_000_000)
    # A bot that is switched off has been silent for a while.
    end = calendar.length - (0 if bot.status == "active" else rng.uniform(0.5, 9))
    for n, messages in enumerate(long_tail(rng, bot.messages, bot.conversations)):
        telegram_id += rng.randint(1, 40_000)
        days = min(end, 0.02 + messages * rng.uniform(0.01, 0.5))
        begins = (end - days) * (1 if rng.random() < GOING_ON else rng.random())
        prefix = bot_prefix << ORDINAL_BITS | n
        yield Chat(
            id=str(shaped_uuid(rng, prefix, PREFIX_BITS)),
            person=meet(rng, telegram_id, bot.words),
            profile_id=str(shaped_uuid(rng, prefix, PREFIX_BITS))
            if rng.random() < ACQUAINTED
            else None,
            messages=messages,
            first_telegram_message_id=rng.randint(2, 90_000),
            begins=begins,
            ends=begins + days,
        )


def profile_line(chat: Chat, calendar: Calendar) -> str:
    person = chat.person
    values = (
        chat.profile_id, person.telegram_id, person.name, person.age, person.location,
        _json(person.interests), person.chat_style, person.personality,
        _json(person.additional_data), _microseconds(calendar.moment(chat.begins)),
    )  # fmt: skip
    return _line(values)


def conversation_line(chat: Chat, calendar: Calendar) -> str:
    title = chat.person.name if chat.profile_id else ""
    created_at = _microseconds(calendar.moment(chat.begins))
    return _line((chat.id, chat.person.telegram_id, chat.profile_id, title, created_at))


def message_lines(
    bot: DemoBot, chat: Chat, talk: Talk, rng: Random, calendar: Calendar
) -> Iterator[list[str]]:
    """The lines of one dialogue after the other."""
    random = rng.random
    days, ends = chat.ends - chat.begins, calendar.moment(chat.ends)
    # A message's id: its conversation's first half, then its position.
    conversation, ids = chat.id, chat.id[:24]
    person, robot = chat.person.telegram_id, bot.telegram_id
    telegram_id = chat.first_telegram_message_id
    position, remaining = 1, chat.messages - 1
    left = 1.0
    begins = at = calendar.moment(chat.begins)
    lines = [
        f"{conversation}\t{ids}{1:012x}\t1\t{NULL}\tsystem\t{NULL}\t{talk.started}\tservice\t{{}}"
        f"\t{int(at * 1e6)}\n"
    ]
    while remaining > 0:
        exchanges = talk.dialogue(rng)
        remaining -= 2 * len(exchanges)
        next_begins = ends
        if remaining > 0:
            # The begins of all dialogues, evenly random and ascending, without holding them all.
            left *= (1.0 - random()) ** (1 / (1 + remaining / 2 / MEAN_EXCHANGES))
            next_begins = calendar.moment(chat.ends - days * left)
        room = (next_begins - begins) / (LONGEST_EXCHANGE_SECONDS * len(exchanges))
        scale = room if room < 1 else 1.0
        for exchange in exchanges:
            at += scale * (4 + 130 * random())
            position += 1
            lines.append(
                f"{conversation}\t{ids}{position:012x}\t{position}\t{telegram_id + position}\tuser"
                f"\t{person}\t{exchange.said}\t{exchange.kind}\t{exchange.metadata}"
                f"\t{int(at * 1e6)}\n"
            )
            at += scale * (2 + 120 * random() ** 3)
            position += 1
            lines.append(
                f"{conversation}\t{ids}{position:012x}\t{position}\t{telegram_id + position}\tbot"
                f"\t{robot}\t{exchange.answer}\ttext\t{{}}\t{int(at * 1e6)}\n"
            )
        if remaining < 0:
            del lines[remaining:]
        yield lines
        lines = []
        begins = at = next_begins
    if lines:
        yield lines


def _line(values: Iterable[Any]) -> str:
    return "\t".join(NULL if value is None else str(value) for value in values) + "\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _microseconds(moment: float) -> int:
    return int(moment * 1e6)
