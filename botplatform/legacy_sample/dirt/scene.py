"""What a kind of dirt is made from: clean records of somebody new, to be spoiled."""

import json
from datetime import datetime
from random import Random
from typing import Any

from botplatform.demo.dialogues import Talk
from botplatform.demo.fleet import DemoBot
from botplatform.demo.people import Person, meet
from botplatform.demo.rhythm import Calendar
from botplatform.demo.rows import Chat
from botplatform.legacy_sample.dialects import Dialect, Documented
from botplatform.legacy_sample.folder import Folder
from botplatform.legacy_sample.talks import said_in

# Above the ids of the clean people.
FIRST_ID = 4_000_000_000_000
IDS_A_KIND = 1_000

JSON = dict[str, Any]


class Scene:
    """One bot, dialect and kind. Every file is about a person of its own."""

    def __init__(
        self,
        folder: Folder,
        prefix: str,
        bot: DemoBot,
        dialect: Dialect,
        until: datetime,
        kind: str,
        number: int,
    ) -> None:
        self.folder, self.prefix, self.bot, self.dialect = folder, prefix, bot, dialect
        self.rng = Random(f"{bot.seed} {dialect.time_key} {kind}")  # noqa: S311
        documented = isinstance(dialect, Documented)
        self._next_id = FIRST_ID + IDS_A_KIND * (2 * number + documented)
        self.calendar = Calendar(until, bot.words.utc_offset_hours)
        self._talk = Talk(bot.words, bot.topics)

    def new_id(self) -> int:
        self._next_id += 1
        return self._next_id

    def texts(self, count: int = 6) -> list[str]:
        """A dialogue's messages as the dialect writes them."""
        begins = self.calendar.length * 0.5
        chat = Chat("", self.person(), None, count, 1_000, begins, begins + 1)
        said = said_in(chat, self._talk, self.rng, self.calendar)
        return [self.dialect.message(one, ('"user"', '"bot"'), 1_000) for one in said]

    def records(self, count: int = 6) -> list[JSON]:
        return [json.loads(text) for text in self.texts(count)]

    def person(self) -> Person:
        return meet(self.rng, self.new_id(), self.bot.words)

    def profile(self, **changes: Any) -> JSON:
        begins = self.calendar.moment(1)
        ends = self.calendar.moment(2)
        return self.dialect.profile(self.person(), begins, ends, 6, self.rng) | changes

    def documented_profile(self, **changes: Any) -> JSON:
        begins, ends = self.calendar.moment(1), self.calendar.moment(2)
        return Documented().profile(self.person(), begins, ends, 6, self.rng) | changes

    def write(self, path: str, content: bytes | str) -> None:
        self.folder.write(
            self.prefix + path, content if isinstance(content, bytes) else content.encode()
        )

    def write_conversation(self, messages: list[JSON] | list[str]) -> int:
        """Objects, or JSON texts where an object cannot say it."""
        texts = [one if isinstance(one, str) else self.dialect.dump(one) for one in messages]
        return self.write_conversation_text(self.dialect.conversation(texts))

    def write_conversation_text(self, content: bytes | str) -> int:
        chat_id = self.new_id()
        self.write(f"conversations/{chat_id}.json", content)
        return chat_id

    def write_profile(self, profile: JSON) -> None:
        self.write(f"girls_data/{self.id_of(profile)}.json", self.dialect.dump(profile))

    def write_backup(self, chat_id: int, texts: list[str]) -> None:
        person = meet(self.rng, chat_id, self.bot.words)
        date = "2025-07-01"
        self.write(f"backups/{chat_id}/{date}.json", self.dialect.backup(person, date, texts))

    @staticmethod
    def id_of(profile: JSON) -> int:
        return int(profile["telegram_id" if "telegram_id" in profile else "chat_id"])
