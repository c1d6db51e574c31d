"""The two ways in which the old bots' files are written."""

import json
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from typing import Any

from botplatform.demo.fleet import DemoBot
from botplatform.demo.people import Person
from botplatform.legacy_sample.talks import Said

JSON = dict[str, Any]


class Dialect(ABC):
    """`message` gives JSON text, since a tree has millions; the rest are objects."""

    opening: str
    closing: str
    text_key: str
    time_key: str
    ascii: bool

    @abstractmethod
    def message(self, said: Said, senders: tuple[str, str], first_id: int) -> str: ...

    @abstractmethod
    def profile(
        self, person: Person, begins: float, ends: float, messages: int, rng: Random
    ) -> JSON: ...

    @abstractmethod
    def backup(self, person: Person, date: str, messages: list[str]) -> str: ...

    def senders(self, person: Person, bot: DemoBot, rng: Random) -> tuple[str, str]:
        """How the person and the bot sign, as JSON."""
        return '"user"', '"bot"'

    def dump(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=self.ascii)

    def conversation(self, messages: list[str]) -> str:
        return self.opening + ",\n".join(messages) + self.closing


class Documented(Dialect):
    """What the design document promised: ids, senders, types; ASCII with escapes."""

    opening, closing = '{"messages": [\n', "\n]}\n"
    text_key, time_key = "content", "timestamp"
    ascii = True

    def message(self, said: Said, senders: tuple[str, str], first_id: int) -> str:
        extra = "" if said.extra == "{}" else f", {said.extra[1:-1]}"
        return (
            f'{{"id": {first_id + said.number}, "timestamp": "{iso(said.at)}", '
            f'"sender": {senders[0 if said.by_person else 1]}, '
            f'"content": {escaped(said.text)}, "message_type": "{said.kind}"{extra}}}'
        )

    def senders(self, person: Person, bot: DemoBot, rng: Random) -> tuple[str, str]:
        luck = rng.random()
        if luck < 0.1:
            return str(person.telegram_id), '"bot"'
        if luck < 0.2:
            return self.dump(person.name), '"bot"'
        return super().senders(person, bot, rng)

    def profile(
        self, person: Person, begins: float, ends: float, messages: int, rng: Random
    ) -> JSON:
        return {
            "telegram_id": person.telegram_id,
            "name": person.name,
            "age": person.age,
            "location": person.location,
            "interests": person.interests,
            "chat_style": person.chat_style,
            "personality": person.personality,
            "created_at": iso(begins),
            "last_active": iso(ends),
            "conversation_stats": {
                "total_messages": messages,
                "response_time_avg": round(rng.lognormvariate(0.9, 0.4), 3),
            },
            **person.additional_data,
        }

    def backup(self, person: Person, date: str, messages: list[str]) -> str:
        name = self.dump(person.name)
        return (
            f'{{"date": "{date}", "user_id": {person.telegram_id}, "name": {name}, '
            f'"messages": [\n' + ",\n".join(messages) + "\n]}\n"
        )


class Written(Dialect):
    """What the old code wrote: a list with direction and text; UTF-8."""

    opening, closing = "[\n", "\n]"
    text_key, time_key = "text", "ts"
    ascii = False

    def message(self, said: Said, senders: tuple[str, str], first_id: int) -> str:
        direction = "in" if said.by_person else "out"
        return (
            f'  {{"ts": "{zulu(said.at)}", "direction": "{direction}", "text": {raw(said.text)}}}'
        )

    def profile(
        self, person: Person, begins: float, ends: float, messages: int, rng: Random
    ) -> JSON:
        stamp = f"{moment(ends):%Y%m%d%H%M%S}"
        known = {"location": person.location, "interests": person.interests, "age": person.age}
        response = f"resp_{rng.getrandbits(96):024x}"
        return {
            "chat_id": person.telegram_id,
            "name": person.name,
            "last_activity": zulu(ends) if messages > 1 else None,
            "message_count": messages,
            "summary": {stamp: person.personality} if person.personality else {},
            "profile": {f"{moment(begins):%Y%m%d%H%M%S}": known},
            "previous_response_id": response if rng.random() < 0.8 else None,
        }

    def backup(self, person: Person, date: str, messages: list[str]) -> str:
        name = self.dump(person.name)
        return (
            f'{{"date": "{date}", "chat_id": {person.telegram_id}, "name": {name}, '
            f'"messages": [\n' + ",\n".join(messages) + "\n]}"
        )


DIALECTS: dict[str, tuple[Dialect, ...]] = {
    "documented": (Documented(),),
    "written": (Written(),),
    "mixed": (Documented(), Written()),
}


def moment(at: float) -> datetime:
    # Three places, or the last digits would differ between machines.
    return datetime.fromtimestamp(round(at, 3), UTC)


def iso(at: float) -> str:
    return moment(at).isoformat()


def zulu(at: float) -> str:
    """Without a fraction when the microseconds are 0, as Python writes it."""
    return moment(at).isoformat().replace("+00:00", "Z")


@lru_cache(20_000)
def escaped(text: str) -> str:
    return json.dumps(text)


@lru_cache(20_000)
def raw(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
