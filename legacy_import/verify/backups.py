"""Messages that only a backup has: the old code sometimes started a conversation over."""

import hashlib
import os
import stat
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from legacy_import.verify import stored
from legacy_import.verify.checks import BACKUPS
from legacy_import.verify.findings import Findings
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.rows import MessageRow
from legacy_import.verify.source.tree import File, Kind
from tenants.context import maintenance_context

NONE: Counter[bytes] = Counter()


def list_only_in_backups(
    bot_id: uuid.UUID, root: Path, files: list[File], findings: Findings
) -> None:
    """No difference: the importer takes them when it is told to."""
    for _, of_chat in groupby(files, key=lambda file: (file.folder, file.key)):
        snapshots = list(of_chat)
        conversation = _conversation_of(snapshots[0])
        news = [*_news(root, conversation, snapshots)]
        if any(found for _, found in news):
            news = [*_news(root, conversation, snapshots, _stored(bot_id, conversation.key))]
        for file, found in news:
            if number := found.total():
                findings.count(BACKUPS, "messages only in backups", number)
                findings.note(file.printable, f"{number} messages are in no conversation")


def said_only_in_backups(root: Path, conversation: File) -> Counter[bytes]:
    prefix = f"{conversation.folder}/" if conversation.folder else ""
    folder = f"{prefix}backups/{conversation.key}"
    try:
        names = os.listdir(root / folder)
    except OSError:
        return Counter()
    snapshots = (replace(conversation, path=f"{folder}/{name}") for name in sorted(names))
    found: Counter[bytes] = Counter()
    for _, news in _news(root, conversation, snapshots):
        found += news
    return found


def _news(
    root: Path, conversation: File, snapshots: Iterable[File], known_else: Counter[bytes] = NONE
) -> Iterator[tuple[File, Counter[bytes]]]:
    """What each snapshot has that neither the conversation nor an earlier snapshot has.

    A message of the conversation with the same id and time is the same one, edited since.
    """
    known: Counter[bytes] = Counter()
    numbered = set()
    for row in _messages(root, conversation):
        known[_recognised_by(row)] += 1
        if row.telegram_message_id is not None:
            numbered.add((row.telegram_message_id, row.sent_at))
    for file in snapshots:
        there, news = Counter[bytes](), Counter[bytes]()
        for row in _messages(root, replace(file, kind=Kind.CONVERSATION)):
            if (row.telegram_message_id, row.sent_at) not in numbered:
                by = _recognised_by(row)
                there[by] += 1
                if there[by] > max(known[by], known_else[_said_in(row)]):
                    news[_said_in(row)] += 1
        known |= there
        yield file, news


def _stored(bot_id: uuid.UUID, chat_id: int | None) -> Counter[bytes]:
    """Of these the file may have had some at an earlier time."""
    with maintenance_context():
        chat = stored.chats(bot_id, [chat_id or 0]).get(chat_id or 0)
        rows = stored.messages(bot_id, chat.id) if chat else ()
        return Counter(said(row[7], row[2], row[4]) for row in rows)


def said(sent_at: int, sender_type: str, content: str) -> bytes:
    """A hash of who said what when."""
    text = f"{sent_at}|{sender_type}|{content}"
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def _said_in(row: MessageRow) -> bytes:
    return said(row.sent_at, row.sender_type, row.content)


def _recognised_by(row: MessageRow) -> bytes:
    """Without a time that may be another message's, and another one there."""
    return said(0, row.sender_type, row.content) if "timestamp" in row.repairs else _said_in(row)


def _conversation_of(backup: File) -> File:
    prefix = f"{backup.folder}/" if backup.folder else ""
    path = f"{prefix}conversations/{backup.key}.json"
    return File(backup.bot, path, Kind.CONVERSATION, backup.key, folder=backup.folder)


def _messages(root: Path, file: File) -> Iterator[MessageRow]:
    try:
        is_file = stat.S_ISREG(os.lstat(root / file.path).st_mode)
    except OSError:
        return
    for row in Expected(file, root) if is_file else ():
        if isinstance(row, MessageRow):
            yield row
