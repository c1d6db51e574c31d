"""Check `content` of conversations: sums of hashes, and every value where they do not agree."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from legacy_import.verify import stored
from legacy_import.verify.canonical import message_hash
from legacy_import.verify.findings import Findings
from legacy_import.verify.same import same_json
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.rows import MessageRow
from legacy_import.verify.stored import StoredChat

CONTENT, ORDER = "content", "order"
FIELDS = (
    *("position", "telegram_message_id", "sender_type", "sender_id", "content"),
    *("message_type", "metadata", "sent_at"),
)


@dataclass
class Sum:
    """What a file's messages add up to."""

    rows: int = 0
    sum: int = 0
    backwards: int = 0
    last: int | None = field(default=None, repr=False)

    def add(self, row: MessageRow) -> None:
        self.rows += 1
        self.sum += message_hash(row, row.place)
        self.backwards += self.last is not None and row.sent_at < self.last
        self.last = row.sent_at


class Conversations:
    def __init__(self, bot_id: uuid.UUID, findings: Findings, deep: bool) -> None:
        self.bot_id = bot_id
        self.findings = findings
        self.deep = deep

    def compare(self, read: dict[int, tuple[Expected, Sum]], vanished: dict[int, int]) -> None:
        """`vanished` is how many messages of a chat are no longer in its file."""
        chats = stored.chats(self.bot_id, [*read], [file.records for file, _ in read.values()])
        for chat_id, (file, sum_) in read.items():
            chat = chats.get(chat_id)
            self.findings.count(CONTENT, "messages", sum_.rows)
            if chat is None:
                self.findings.add(CONTENT, file.file.printable, "the conversation is missing")
                continue
            self.findings.count(CONTENT, "conversations")
            self.findings.count(CONTENT, "written live", chat.live)
            self._compare_header(file, chat)
            agrees = (chat.rows, chat.sum, chat.backwards) == (sum_.rows, sum_.sum, sum_.backwards)
            if self.deep or not agrees:
                before = self.findings.total[CONTENT]
                again = Expected(file.file, file.root, file.zone)
                self.compare_values(again, chat.id, vanished.get(chat_id, 0))
                if agrees and self.findings.total[CONTENT] > before:
                    self.findings.add(CONTENT, file.file.printable, "the sums hide a difference")
                if chat.backwards != sum_.backwards and not vanished.get(chat_id):
                    self.findings.add(
                        ORDER,
                        file.file.printable,
                        "times running backwards",
                        field="sent_at",
                        expected=sum_.backwards,
                        found=chat.backwards,
                    )
            self.findings.count(ORDER, "times running backwards", sum_.backwards)

    def _compare_header(self, file: Expected, chat: StoredChat) -> None:
        name = file.file.printable
        if chat.title != file.title:
            self.findings.add(CONTENT, name, "differs", 0, "title", file.title, chat.title)
        if file.created_at is not None and chat.created_at != file.created_at:
            found = (file.created_at, chat.created_at)
            self.findings.add(CONTENT, name, "differs", 0, "created_at", *found)
        if chat.message_count != chat.rows + chat.live:
            counted = (chat.rows + chat.live, chat.message_count)
            self.findings.add(CONTENT, name, "counts wrongly", 0, "message_count", *counted)

    def compare_values(self, file: Expected, chat: uuid.UUID, vanished: int) -> None:
        """Both in their order; what only the database has may be live, or no longer in the file."""
        name = file.file.printable
        rows = stored.messages(self.bot_id, chat)
        found = next(rows, None)
        for row in _messages(file):
            while found and vanished and not _same(row, found):
                vanished -= 1
                self.findings.count(CONTENT, "vanished from their files")
                found = next(rows, None)
            while found and not vanished and found[0] < row.place:
                self.findings.add(CONTENT, name, "a row that no record explains", found[0])
                found = next(rows, None)
            if not found or (not vanished and found[0] > row.place and not _same(row, found)):
                self.findings.add(CONTENT, name, "the row is missing", row.place)
                continue
            self._compare_row(name, row, found, exact=found[0] == row.place)
            found = next(rows, None)
        while found:
            imported = found[8]
            if found[0] <= file.records or (imported and not vanished):
                self.findings.add(CONTENT, name, "a row that no record explains", found[0])
            elif imported:
                vanished -= 1
            found = next(rows, None)

    def _compare_row(self, name: str, row: MessageRow, found: tuple[Any, ...], exact: bool) -> None:
        for n, expected in enumerate(row[: len(FIELDS)]):
            same = same_json(expected, found[n]) if n == 6 else expected == found[n]
            if not same and (n > 0 or exact):
                self.findings.add(
                    CONTENT, name, "differs", row.place, FIELDS[n], expected, found[n]
                )


def _same(row: MessageRow, found: tuple[Any, ...]) -> bool:
    """In all but the position."""
    return (
        tuple(row[1:6]) == found[1:6]
        and row.sent_at == found[7]
        and same_json(row.metadata, found[6])
    )


def _messages(file: Expected) -> Iterator[MessageRow]:
    return (row for row in file if isinstance(row, MessageRow))
