"""Messages that only a backup has: the old code sometimes started a conversation over."""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from legacy_import.verify.checks import BACKUPS
from legacy_import.verify.findings import Findings
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.rows import MessageRow
from legacy_import.verify.source.tree import File, Kind


def list_only_in_backups(root: Path, files: list[File], findings: Findings) -> None:
    """No difference: the importer takes them when it is told to."""
    for _, of_chat in groupby(files, key=lambda file: (file.folder, file.key)):
        snapshots = list(of_chat)
        known = set(_messages(root, _conversation_of(snapshots[0])))
        for file in snapshots:
            found = set(_messages(root, replace(file, kind=Kind.CONVERSATION))) - known
            known |= found
            if found:
                findings.count(BACKUPS, "messages only in backups", len(found))
                findings.note(file.printable, f"{len(found)} messages are in no conversation")


def said_only_in_backups(root: Path, conversation: File) -> set[bytes]:
    prefix = f"{conversation.folder}/" if conversation.folder else ""
    folder = f"{prefix}backups/{conversation.key}"
    try:
        names = os.listdir(root / folder)
    except OSError:
        return set()
    snapshots = (replace(conversation, path=f"{folder}/{name}") for name in sorted(names))
    found = {one for file in snapshots for one in _messages(root, file)}
    return found.difference(_messages(root, conversation)) if found else found


def said(sent_at: int, sender_type: str, content: str) -> bytes:
    """A hash of who said what when."""
    text = f"{sent_at}|{sender_type}|{content}"
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def _conversation_of(backup: File) -> File:
    prefix = f"{backup.folder}/" if backup.folder else ""
    path = f"{prefix}conversations/{backup.key}.json"
    return File(backup.bot, path, Kind.CONVERSATION, backup.key, folder=backup.folder)


def _messages(root: Path, file: File) -> Iterator[bytes]:
    try:
        is_file = stat.S_ISREG(os.lstat(root / file.path).st_mode)
    except OSError:
        return
    for row in Expected(file, root) if is_file else ():
        if isinstance(row, MessageRow):
            yield said(row.sent_at, row.sender_type, row.content)
