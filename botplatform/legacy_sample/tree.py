"""Writes the ordered sample, bot by bot and message by message."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, BinaryIO

from botplatform.demo.dialogues import Talk
from botplatform.demo.fleet import DemoBot
from botplatform.demo.people import meet
from botplatform.demo.rhythm import Calendar
from botplatform.demo.rows import Chat, chats
from botplatform.legacy_sample.dialects import DIALECTS, Dialect, moment
from botplatform.legacy_sample.dirt import write_dirt
from botplatform.legacy_sample.fleet import Order
from botplatform.legacy_sample.folder import Folder
from botplatform.legacy_sample.metrics import metrics_file
from botplatform.legacy_sample.talks import said_in

PIECE = 500
# A snapshot holds a chat's first messages; so it costs no memory in long chats.
BACKED_UP, BACKED_UP_MESSAGES = 0.1, 50
OLDER_PEOPLE = 3

Advance = Callable[[int], object]


@dataclass
class Made:
    names: list[str]
    conversations: int = 0
    messages: int = 0
    profiles: int = 0
    files: int = 0
    bytes: int = 0


def make_sample(root: Path, order: Order, advance: Advance = lambda messages: None) -> Made:
    bots = order.bots()
    folder = Folder(root, int(order.until.timestamp()))
    made = Made([bot.name for bot in bots])
    for bot in bots:
        _write_bot(folder, "" if order.one_tree else f"{bot.name}/", bot, order, made, advance)
    if not order.one_tree:
        folder.write("bots.json", _text({"bots": [_identity(bot) for bot in bots]}))
    made.files, made.bytes = folder.files, folder.bytes
    return made


def _write_bot(
    folder: Folder, prefix: str, bot: DemoBot, order: Order, made: Made, advance: Advance
) -> None:
    rng = Random(bot.seed)  # noqa: S311
    calendar = Calendar(order.until, bot.words.utc_offset_hours)
    talk = Talk(bot.words, bot.topics)
    dialects = DIALECTS[order.dialect]
    for chat in chats(bot, rng, calendar):
        _write_chat(folder, prefix, bot, chat, rng.choice(dialects), talk, rng, calendar, advance)
        made.conversations += 1
        made.messages += chat.messages
        made.profiles += chat.profile_id is not None
    if order.dialect != "documented":
        folder.write(f"{prefix}metrics.json", _text(metrics_file(bot, rng, order.until)))
        folder.write(f"{prefix}girls_data.json", _text({"girls": dict(_older_people(bot, rng))}))
        made.profiles += OLDER_PEOPLE
    for dialect in dialects:
        write_dirt(folder, prefix, bot, dialect, order)


def _write_chat(
    folder: Folder,
    prefix: str,
    bot: DemoBot,
    chat: Chat,
    dialect: Dialect,
    talk: Talk,
    rng: Random,
    calendar: Calendar,
    advance: Advance,
) -> None:
    person = chat.person
    senders = dialect.senders(person, bot, rng)
    first_id = chat.first_telegram_message_id
    first: list[str] = []
    begins, ends = calendar.moment(chat.begins), 0.0

    def texts() -> Iterator[str]:
        nonlocal ends
        for said in said_in(chat, talk, rng, calendar):
            text = dialect.message(said, senders, first_id)
            ends = said.at
            if said.number < BACKED_UP_MESSAGES:
                first.append(text)
            yield text

    with folder.new_file(f"{prefix}conversations/{person.telegram_id}.json") as file:
        _write_messages(file, dialect, texts(), advance)
    if chat.profile_id is not None:
        profile = dialect.profile(person, begins, ends, chat.messages, rng)
        folder.write(f"{prefix}girls_data/{person.telegram_id}.json", _text(profile, dialect))
    if rng.random() < BACKED_UP:
        date = f"{moment(begins):%Y-%m-%d}"
        backup = dialect.backup(person, date, first)
        folder.write(f"{prefix}backups/{person.telegram_id}/{date}.json", backup.encode())


def _write_messages(
    file: BinaryIO, dialect: Dialect, texts: Iterator[str], advance: Advance
) -> None:
    piece: list[str] = []
    separator = dialect.opening
    for text in texts:
        piece.append(separator + text)
        separator = ",\n"
        if len(piece) == PIECE:
            file.write("".join(piece).encode())
            advance(len(piece))
            piece.clear()
    file.write(("".join(piece) + dialect.closing).encode())
    advance(len(piece))


def _older_people(bot: DemoBot, rng: Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """From before there was a folder of profiles; they have none there."""
    for n in range(OLDER_PEOPLE):
        person = meet(rng, 100_000_000 + 1_000 * n + rng.randrange(1_000), bot.words)
        yield (
            str(person.telegram_id),
            {
                "chat_id": person.telegram_id,
                "name": person.name,
                "last_activity": None,
                "message_count": 0,
            },
        )


def _identity(bot: DemoBot) -> dict[str, Any]:
    return {
        "name": bot.name,
        "telegram_token": bot.token,
        "username": bot.username,
        "owner_telegram_id": bot.owner_telegram_id,
        "status": bot.status,
        "config": bot.config,
    }


def _text(value: Any, dialect: Dialect | None = None) -> bytes:
    return json.dumps(value, ensure_ascii=bool(dialect and dialect.ascii), indent=2).encode()
