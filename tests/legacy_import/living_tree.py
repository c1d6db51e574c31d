"""A legacy tree that changes as the old bots, their crashes and their operators changed it."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botplatform.demo.fleet import Size
from botplatform.legacy_sample.dirt import KINDS
from botplatform.legacy_sample.fleet import UNTIL, Order
from botplatform.legacy_sample.tree import make_sample
from tests.legacy_import.tree import Tree, line, message

TEXTS = ("", "hi", "привет", "a\0b", "\ud800", "😀", "ok", "ok", "ok")
DIRT: tuple[dict[str, Any], ...] = (
    *({"text": None}, {"content": 5}, {"ts": "01.02.2024 10:00:00"}, {"timestamp": 1714564800}),
    *({"id": "12"}, {"id": 2**70}, {"id": 103}, {"sender": "Маша"}, {"direction": "sideways"}),
    *({"ts": "never"}, {"timestamp": None}, {"text": ["a", {"text": "b"}]}, {"content": ["c"]}),
    *({"message_type": None}, {"x": float("nan")}, {"sender": 7}, {"sent": "24:00"}),
)
PERSON: tuple[dict[str, Any], ...] = (
    *({"age": 5}, {"age": "30"}, {"age": None}, {"interests": ["tea", 1]}, {"interests": "tea"}),
    *({"name": None}, {"name": "x\0"}, {"location": "Oslo"}, {"created_at": "01.02.2024 10:00:00"}),
    *({"conversation_stats": {"total_messages": 2, "response_time_avg": 1.5}},),
    *({"conversation_stats": {"total_messages": 3, "x": True}}, {"conversation_stats": None}),
    *({"last_active": "2024-05-01T12:00:00+03:00"}, {"last_active": "?"}, {"more": {"a": [1]}}),
    *({"telegram_id": 99}, {"name": "Оля"}, {"name": 5}, {"chat_style": ["x"]}),
)
METRICS: tuple[Any, ...] = (1, 2, 0.5, True, "text", float("nan"), None, 10**30, "7", [1])


@dataclass
class Chat:
    dialect: Callable[..., dict[str, Any]]
    header: dict[str, Any] | None
    records: list[Any] = field(default_factory=list)
    said: int = 0

    def content(self) -> Any:
        return self.records if self.header is None else {**self.header, "messages": self.records}


class LivingTree:
    def __init__(self, rng: random.Random, root: Path, bots: list[str]) -> None:
        self.rng = rng
        self.bots = bots
        self.tree = Tree(root, bots[0] if len(bots) == 1 else "")
        self.chats: dict[str, Chat] = {}
        self.history: dict[str, list[Any]] = {}

    @property
    def root(self) -> Path:
        return self.tree.root

    def fill(self) -> list[str]:
        dirt = tuple(self.rng.sample([*KINDS], self.rng.choice([0, 0, 1, 3])))
        if self.rng.random() < 0.3:
            size = Size(len(self.bots), 2 * len(self.bots), 8 * len(self.bots))
            order = Order(size, "mixed", self.rng.randrange(99), tuple(self.bots), dirt, UNTIL)
            make_sample(self.root, order)
            told = [f"a sample: {order}"]
        else:
            told = [self._describe_bots()] if len(self.bots) > 1 else []
        for bot in self.bots:
            told.append(self.say(bot))
            told += (self.change(bot) for _ in range(self.rng.randint(0, 4)))
        return told

    def change(self, bot: str) -> str:
        """One step, in words."""
        steps: list[tuple[Callable[[str], str], int]] = [
            *((self.say, 8), (self.edit, 3), (self.trim, 2), (self.reorder, 1), (self.insert, 2)),
            *((self.begin_anew, 1), (self.new_header, 1), (self.repeat, 1), (self.person, 4)),
            *((self.old_people, 1), (self.measure, 2), (self.back_up, 2), (self.leave, 1)),
            *((self.tear, 2), (self.delete, 1), (self.rename, 1), (self.mend, 2)),
        ]
        [step] = self.rng.choices(*zip(*steps, strict=True))
        return step(bot)

    def _of(self, bot: str, path: str) -> str:
        return f"{bot}/{path}" if len(self.bots) > 1 else path

    def _write(self, bot: str, path: str, content: Any, what: str) -> str:
        written = json.dumps(content).encode() if not isinstance(content, bytes) else content
        path = self._of(bot, path)
        self.tree.write(path, written)
        shown = written[:3000]
        return f"{what} {path}: {shown!r}{'...' if len(written) > 3000 else ''}"

    def _chat(self, bot: str) -> tuple[str, Chat]:
        path = f"conversations/{self.rng.randint(1, 3)}.json"
        key = self._of(bot, path)
        if key not in self.chats:
            header = self.rng.choice([None, {}, {"title": "A"}, {"x": [1], "chat_id": 1}])
            self.chats[key] = Chat(message if header is not None else line, header)
            self._speak(self.chats[key])
        return path, self.chats[key]

    def _speak(self, chat: Chat) -> None:
        for _ in range(self.rng.choice([0, 1, 2, 5])):
            chat.said += 1
            record: Any = chat.dialect(chat.said)
            if self.rng.random() < 0.3:
                record["text" if "text" in record else "content"] = self.rng.choice(TEXTS)
            if self.rng.random() < 0.2:
                record |= self.rng.choice(DIRT)
            if self.rng.random() < 0.05:
                del record[self.rng.choice([*record])]
            if self.rng.random() < 0.05:
                record = self.rng.choice([None, 5, "lost", [], {}, ["x"], {"text": "only"}])
            if self.rng.random() < 0.1 and chat.said > 1:
                chat.said -= 1  # one more of that time
            chat.records.append(record)

    def _write_chat(self, bot: str, path: str, chat: Chat, what: str) -> str:
        return self._write(bot, path, chat.content(), what)

    def say(self, bot: str) -> str:
        path, chat = self._chat(bot)
        self._speak(chat)
        return self._write_chat(bot, path, chat, "say")

    def mend(self, bot: str) -> str:
        path, chat = self._chat(bot)
        return self._write_chat(bot, path, chat, "mend")

    def edit(self, bot: str) -> str:
        path, chat = self._chat(bot)
        for index in self.rng.sample(range(len(chat.records)), min(len(chat.records), 2)):
            if isinstance(record := chat.records[index], dict):
                fields = [{"text": "edited"}, {"content": "edited"}, {"more": 1}, *DIRT]
                chat.records[index] = {**record, **self.rng.choice(fields)}
            else:
                chat.records[index] = chat.dialect(index)
        return self._write_chat(bot, path, chat, "edit")

    def trim(self, bot: str) -> str:
        path, chat = self._chat(bot)
        begin = self.rng.randint(0, len(chat.records))
        del chat.records[begin : begin + self.rng.randint(1, 3)]
        return self._write_chat(bot, path, chat, "trim")

    def reorder(self, bot: str) -> str:
        path, chat = self._chat(bot)
        self.rng.shuffle(chat.records)
        return self._write_chat(bot, path, chat, "reorder")

    def insert(self, bot: str) -> str:
        path, chat = self._chat(bot)
        end = len(chat.records)
        self._speak(chat)
        new = chat.records[end:]
        del chat.records[end:]
        at = self.rng.randint(0, end)
        chat.records[at:at] = new
        return self._write_chat(bot, path, chat, "insert")

    def repeat(self, bot: str) -> str:
        path, chat = self._chat(bot)
        if chat.records:
            chat.records.append(self.rng.choice(chat.records))
        return self._write_chat(bot, path, chat, "repeat")

    def begin_anew(self, bot: str) -> str:
        path, chat = self._chat(bot)
        chat.records.clear()
        if self.rng.random() < 0.5:
            chat.dialect = self.rng.choice([line, message])
        if self.rng.random() < 0.5:
            chat.said = 0
        self._speak(chat)
        return self._write_chat(bot, path, chat, "begin anew")

    def new_header(self, bot: str) -> str:
        path, chat = self._chat(bot)
        chat.header = self.rng.choice([None, {}, {"title": "B"}, {"title": "C", "y": 1.0}])
        return self._write_chat(bot, path, chat, "new header")

    def person(self, bot: str) -> str:
        number = self.rng.randint(1, 4)
        if self.rng.random() < 0.4:
            person: Any = {"chat_id": number, "name": "Ира", "last_activity": None,
                           "message_count": 2, "summary": {"20250810120000": "x"},
                           "profile": {}, "previous_response_id": None}  # fmt: skip
        else:
            person = {"telegram_id": number, "name": "Аня", "age": 30}
        for _ in range(self.rng.randint(0, 2)):
            person |= self.rng.choice(PERSON)
        return self._write(bot, f"girls_data/{number}.json", person, "person")

    def old_people(self, bot: str) -> str:
        numbers = self.rng.sample(range(1, 7), self.rng.randint(0, 4))
        girls = {str(n): {"name": "Old", **self.rng.choice(PERSON)} for n in numbers}
        return self._write(bot, "girls_data.json", {"girls": girls}, "old people")

    def measure(self, bot: str) -> str:
        history = self.history.setdefault(bot, [])
        for _ in range(self.rng.randint(0, 3)):
            metrics = {self.rng.choice("abc"): self.rng.choice(METRICS) for _ in range(2)}
            at = f"2024-05-01T12:{self.rng.randrange(60):02}:00"
            history.append({"timestamp": at, "metrics": metrics})
        if history and self.rng.random() < 0.3:
            del history[self.rng.randrange(len(history))]
        if history and self.rng.random() < 0.3:
            history[-1]["metrics"] = {"a": self.rng.choice(METRICS)}
        content: dict[str, Any] = {"history": history}
        if self.rng.random() < 0.5:
            content["current"] = {"a": self.rng.choice(METRICS)}
        return self._write(bot, "metrics.json", content, "measure")

    def back_up(self, bot: str) -> str:
        path, chat = self._chat(bot)
        kept = chat.records[: self.rng.randint(0, len(chat.records))]
        if self.rng.random() < 0.5:
            kept = [*kept, chat.dialect(self.rng.randint(40, 45))]
        date = f"2024-05-0{self.rng.randint(1, 3)}"
        content = {"date": date, "messages": kept}
        return self._write(bot, f"backups/{Path(path).stem}/{date}.json", content, "back up")

    def leave(self, bot: str) -> str:
        names = ("notes.txt", "girls_data/9.tmp", "conversations/x.json", "girls_data/01.json")
        data = self.rng.choice([b"", b"{", b"no json", b"[]"])
        return self._write(bot, self.rng.choice(names), data, "leave")

    def _describe_bots(self) -> str:
        """Once: a bot keeps what it has."""
        bots = [
            {"name": bot, "status": self.rng.choice(["active", "maintenance", "odd"]),
             "owner_telegram_id": self.rng.choice([5, 6, "x", None]),
             "config": self.rng.choice([{"lang": "ru"}, {"lang": "en"}, {}, None]),
             "username": self.rng.choice(["emma_bot", "e"])}
            for bot in self.rng.sample(self.bots, self.rng.randint(1, len(self.bots)))
        ]  # fmt: skip
        self.tree.write("bots.json", {"bots": bots})
        return f"bots.json: {bots}"

    def _any_file(self, bot: str) -> Path | None:
        below = [*(self.root / self._of(bot, "")).rglob("*")]
        files = sorted(path for path in below if path.is_file() and not path.is_symlink())
        return self.rng.choice(files) if files else None

    def tear(self, bot: str) -> str:
        if (path := self._any_file(bot)) is None:
            return "nothing to tear"
        data = path.read_bytes()
        at = self.rng.randint(0, len(data))
        damaged = self.rng.choice([
            data[:at], data + b"]}", data[:at] + b"\xff" + data[at:], data[:at] + data[at + 1 :],
            data + data, "\ufeff".encode() + data, b"",
        ])  # fmt: skip
        path.write_bytes(damaged)
        return f"tear {path.relative_to(self.root)} at {at} of {len(data)}: {damaged[-3000:]!r}"

    def delete(self, bot: str) -> str:
        if (path := self._any_file(bot)) is None or path == self._any_file(bot):
            return "nothing to delete"  # nor the last one: no import takes that
        path.unlink()
        return f"delete {path.relative_to(self.root)}"

    def rename(self, bot: str) -> str:
        """As a copy, or it is another one's now."""
        if (path := self._any_file(bot)) is None or path.suffix != ".json":
            return "nothing to rename"
        other = path.with_name(f"{self.rng.randint(1, 4)}.json")
        other.write_bytes(path.read_bytes())
        return f"copy {path.relative_to(self.root)} to {other.name}"
