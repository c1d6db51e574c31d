"""Messages that only a backup has: the old code sometimes started a conversation over."""

import hashlib
import os
import stat
import uuid
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from operator import gt
from pathlib import Path

from legacy_import.verify.checks import BACKUPS
from legacy_import.verify.database import stored
from legacy_import.verify.findings import Findings
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.rows import MessageRow
from legacy_import.verify.source.tree import File, Kind
from legacy_import.verify.values.multiset import Multiset
from tenants.context import maintenance_context

NOTHING = Multiset(())


def list_only_in_backups(
    bot_id: uuid.UUID, root: Path, files: list[File], findings: Findings
) -> None:
    """No difference: the importer takes them when it is told to."""
    for _, of_chat in groupby(files, key=lambda file: (file.folder, file.key)):
        snapshots = list(of_chat)
        conversation = _conversation_of(snapshots[0])
        news = [*_news(root, conversation, snapshots)]
        # Of these the file may have had some at an earlier time.
        had = _stored(bot_id, conversation.key) if any(words for _, words, _ in news) else NOTHING
        for file, words, times in news:
            if number := sum(map(gt, times, map(had.number, words))):
                findings.count(BACKUPS, "messages only in backups", number)
                findings.note(file.printable, f"messages that are in no conversation: {number}")


def said_only_in_backups(root: Path, conversation: File) -> Multiset:
    prefix = f"{conversation.folder}/" if conversation.folder else ""
    folder = f"{prefix}backups/{conversation.key}"
    try:
        names = os.listdir(root / folder)
    except OSError:
        return NOTHING
    snapshots = (replace(conversation, path=f"{folder}/{name}") for name in sorted(names))
    found = array("q")
    for _, words, _ in _news(root, conversation, snapshots):
        found += words
    return Multiset(found)


def _news(
    root: Path, conversation: File, snapshots: Iterable[File]
) -> Iterator[tuple[File, "array[int]", "array[int]"]]:
    """What each snapshot has that neither the conversation nor an earlier snapshot has; of each
    the how manieth in the snapshot it is.

    A message of the conversation with the same id and time is the same one, edited since.
    """
    recognised, ids = array("q"), array("q")
    for row in _messages(root, conversation):
        recognised.append(_recognised_by(row))
        if row.telegram_message_id is not None:
            ids.append(_version(row))
    known, numbered = Multiset(recognised), Multiset(ids)
    for file in snapshots:
        recognised, words = array("q"), array("q")
        for row in _messages(root, replace(file, kind=Kind.CONVERSATION)):
            if row.telegram_message_id is None or not numbered.number(_version(row)):
                recognised.append(_recognised_by(row))
                words.append(_said_in(row))
        there, news, times = Multiset(recognised), array("q"), array("q")
        for by, word in zip(recognised, words, strict=True):
            there.take(by)
            if (time := there.taken(by)) > known.number(by):
                news.append(word)
                times.append(time)
        if news:
            known = known.most_of(there)
        yield file, news, times


def _stored(bot_id: uuid.UUID, chat_id: int | None) -> Multiset:
    with maintenance_context():
        chat = stored.chats(bot_id, [chat_id or 0]).get(chat_id or 0)
        rows = stored.messages(bot_id, chat.id) if chat else ()
        return Multiset(said(row[7], row[2], row[4]) for row in rows)


def said(sent_at: int, sender_type: str, content: str) -> int:
    """A hash of who said what when."""
    return _hash(f"{sent_at}|{sender_type}|{content}")


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def _said_in(row: MessageRow) -> int:
    return said(row.sent_at, row.sender_type, row.content)


def _version(row: MessageRow) -> int:
    return _hash(f"{row.telegram_message_id}|{row.sent_at}")


def _recognised_by(row: MessageRow) -> int:
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
