"""Checks `content` and `order` of conversations: sums of hashes, and values where they differ."""

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from legacy_import.verify import stored
from legacy_import.verify.backups import said, said_only_in_backups
from legacy_import.verify.canonical import message_hash
from legacy_import.verify.checks import CONTENT, JSON, ORDER
from legacy_import.verify.findings import Findings
from legacy_import.verify.same import same_json
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.rows import MessageRow
from legacy_import.verify.stored import StoredChat
from legacy_import.verify.timezones import Range, TimeZones

FIELDS = (
    *("telegram_message_id", "sender_type", "sender_id", "content", "message_type"),
    *("metadata", "sent_at"),
)
UNEXPLAINED = "a row that no record explains"


@dataclass
class Sum:
    """What a file's messages add up to."""

    rows: int = 0
    sum: int = 0
    places: int = 0
    backwards: int = 0
    earliest: int = 0
    latest: int = 0
    last: int | None = field(default=None, repr=False)

    def add(self, row: MessageRow) -> None:
        sent_at = row.sent_at
        if not self.rows:
            self.earliest = self.latest = sent_at
        elif sent_at < self.earliest:
            self.earliest = sent_at
        elif sent_at > self.latest:
            self.latest = sent_at
        self.rows += 1
        self.sum += message_hash(row, self.rows)
        self.places += row.place
        self.backwards += self.last is not None and sent_at < self.last
        self.last = sent_at

    @property
    def times(self) -> Range | None:
        return (self.earliest, self.latest) if self.rows else None


class Conversations:
    def __init__(self, bot_id: uuid.UUID, findings: Findings, zones: TimeZones, deep: bool) -> None:
        self.bot_id = bot_id
        self.findings = findings
        self.zones = zones
        self.deep = deep
        # Of a chat: the messages that its file does not have and its backups do.
        self.salvaged: Counter[int] = Counter()

    def compare(self, read: dict[int, tuple[Expected, Sum]], vanished: dict[int, int]) -> None:
        """`vanished` is how many messages of a chat are no longer in its file."""
        chats = stored.chats(self.bot_id, [*read])
        for chat_id, (file, sum_) in read.items():
            self.findings.count(CONTENT, "messages", sum_.rows)
            self.findings.count(JSON, "messages", sum_.rows)
            self.findings.count(ORDER, "times running backwards", sum_.backwards)
            if chat := chats.get(chat_id):
                self._compare(file, sum_, chat, vanished.get(chat_id, 0))
            elif file.is_conversation:
                self.findings.add(CONTENT, file.file.printable, "the conversation is missing")

    def _compare(self, file: Expected, sum_: Sum, chat: StoredChat, vanished: int) -> None:
        name, before = file.file.printable, self.findings.total.copy()
        self.findings.count(CONTENT, "conversations", file.is_conversation)
        self.findings.count(CONTENT, "messages written live", chat.live)
        self._compare_header(file, chat, more=chat.rows > sum_.rows)
        of_rows = None if chat.earliest is None else (chat.earliest, chat.latest or 0)
        self.zones.add(sum_.times, of_rows, chat.rows <= sum_.rows)
        agrees = (chat.rows, chat.sum, chat.strange) == (sum_.rows, sum_.sum, 0)
        if self.deep or not agrees:
            self._compare_values(file.again(), chat, vanished)
        if self.findings.total == before and chat.rows == sum_.rows:
            # In a conversation that only the import wrote to, a position is a place.
            if not chat.live and chat.positions != sum_.places:
                found = (sum_.places, chat.positions)
                self.findings.add(ORDER, name, "the sum differs", None, "positions", *found)
            if chat.backwards != sum_.backwards:
                found = (sum_.backwards, chat.backwards)
                self.findings.add(ORDER, name, "runs backwards", None, "sent_at", *found)

    def _compare_header(self, file: Expected, chat: StoredChat, more: bool) -> None:
        name = file.file.printable
        if chat.title != file.title:
            self.findings.add(CONTENT, name, "differs", 0, "title", file.title, chat.title)
        # The first message may be one that the file no longer has.
        if not more and file.created_at not in (None, chat.created_at):
            found = (file.created_at, chat.created_at)
            self.findings.add(CONTENT, name, "differs", 0, "created_at", *found)
            self.zones.compared(*found)
        there = chat.rows + chat.live + chat.strange
        if chat.message_count != there:
            found = (there, chat.message_count)
            self.findings.add(CONTENT, name, "counts wrongly", 0, "message_count", *found)

    def _compare_values(self, file: Expected, chat: StoredChat, vanished: int) -> None:
        """Both in their order. A row without a record is one more than there are, or vanished."""
        name = file.file.printable
        taken: set[int] = set()
        rows = self._imported(name, chat, taken)
        found = next(rows, None)
        salvageable = said_only_in_backups(file.root, file.file)
        extra = chat.rows - sum(1 for _ in _messages(file.again()))
        for row in _messages(file):
            while found and extra > 0 and not _same(row, found, taken):
                extra -= 1
                vanished = self._explain(name, chat, found, vanished, salvageable)
                taken.add(found[1])
                found = next(rows, None)
            if not found or (extra < 0 and not _same(row, found, taken)):
                extra += 1
                self.findings.add(CONTENT, name, "the row is missing", row.place)
                continue
            self._compare_row(name, row, found, taken)
            found = next(rows, None)
        while found:
            vanished = self._explain(name, chat, found, vanished, salvageable)
            found = next(rows, None)
        # The ledger's latest count has those that backups have too, or has them as vanished.
        self.salvaged[chat.chat_id] -= min(vanished, self.salvaged[chat.chat_id])

    def _imported(self, name: str, chat: StoredChat, taken: set[int]) -> Iterator[tuple[Any, ...]]:
        """The rows that the import made; of live ones the ids that they took."""
        for row in stored.messages(self.bot_id, chat.id):
            if row[8] == "8":
                yield row
            elif row[8] != "7":
                self.findings.add(CONTENT, name, UNEXPLAINED, row[0])
            elif row[1] is not None:
                taken.add(row[1])

    def _explain(
        self,
        name: str,
        chat: StoredChat,
        found: tuple[Any, ...],
        vanished: int,
        salvageable: Counter[bytes],
    ) -> int:
        """How many more there may be that were in an earlier version of the file."""
        words = said(found[7], found[2], found[4])
        if salvageable[words]:
            salvageable[words] -= 1
            self.findings.count(CONTENT, "messages from backups")
            self.salvaged[chat.chat_id] += 1
        elif vanished:
            self.findings.count(CONTENT, "messages no longer in their files")
            vanished -= 1
        else:
            self.findings.add(CONTENT, name, UNEXPLAINED, found[0])
        return vanished

    def _compare_row(
        self, name: str, row: MessageRow, found: tuple[Any, ...], taken: set[int]
    ) -> None:
        for what, value in zip(FIELDS, found[1:8], strict=True):
            expected = getattr(row, what)
            if what == "telegram_message_id" and value is None and expected in taken:
                continue
            same = same_json(expected, value) if what == "metadata" else expected == value
            if not same:
                check = JSON if what == "metadata" else CONTENT
                self.findings.add(check, name, "differs", row.place, what, expected, value)
                if what == "sent_at":
                    self.zones.compared(expected, value)


def _same(row: MessageRow, found: tuple[Any, ...], taken: set[int]) -> bool:
    number = row.telegram_message_id
    if found[1] != number and not (found[1] is None and number in taken):
        return False
    return tuple(row[2:6]) == found[2:6] and row.sent_at == found[7]


def _messages(file: Expected) -> Iterator[MessageRow]:
    return (row for row in file if isinstance(row, MessageRow))
