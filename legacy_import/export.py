"""A bot's tree back from the database, in the dialect it came in.

What a row gives back is made from the row; where it cannot, the kept original is written. Rows
that never were in a file are added: to their conversation, or as files of dialect 1.
"""

import json
import uuid
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from django.db import connection

from conversations.models import Conversation, Message, Profile
from legacy_import.batches import identity
from legacy_import.batches.batch import KEPT_WHOLE
from legacy_import.batches.identity import PLACE_BITS
from legacy_import.models import FilePart, ImportChunk, ImportFile, Original, Reject
from legacy_import.refusal import ImportRefused
from legacy_import.source.records import Kind
from legacy_import.source.render import render_conversation, render_profile
from tenants.context import maintenance_context
from tenants.models import Bot

# Of conversations and profiles that no file ever held.
SHAPE = {"dialect": 1, "container": "object", "records_key": "messages", "around": []}
ROWS_AT_ONCE = 2000
LATEST = """
    SELECT id FROM (
        SELECT DISTINCT ON (path) id, path, status FROM import_files
        WHERE bot_id = %s AND status <> 'undone' ORDER BY path, id DESC) AS latest
    ORDER BY path
"""


@dataclass
class Exported:
    files: int = 0
    messages: int = 0
    # Records that were rejected and are in no file: they are in the ledger.
    left_out: int = 0


def export(name: str, destination: Path) -> Exported:
    if destination.exists() and any(destination.iterdir()):
        raise ImportRefused(f"{destination} is not empty: name a new folder.")
    with maintenance_context():
        bot = Bot.objects.filter(name__iexact=name).first()
    if bot is None:
        raise ImportRefused(f"There is no bot {name}.")
    return _Export(bot.pk, destination).run()


class _Export:
    def __init__(self, bot_id: uuid.UUID, destination: Path) -> None:
        self.bot_id = bot_id
        self.destination = destination
        self.done = Exported()

    def run(self) -> Exported:
        """In one transaction, so that it is the state of one moment."""
        with maintenance_context():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                cursor.execute(LATEST, [self.bot_id])
                files = [id for (id,) in cursor]
            for some in _by(files, ROWS_AT_ONCE):
                for file in ImportFile.objects.filter(bot=self.bot_id, pk__in=some).iterator():
                    self._write_known(file)
            self._write_others()
        return self.done

    def _write_known(self, file: ImportFile) -> None:
        rejected = "rejected" in file.header
        kind = Kind(file.kind)
        shape = file.header.get("shape", {})
        if kind == Kind.CONVERSATION and ("container" in shape or self._has_messages(file)):
            self._write_conversation(file.path, {**SHAPE, **shape}, file.key, file)
        elif rejected:
            self._write(file.path, self._rejected_whole(file))
        elif kind == Kind.PROFILE:
            self._write_profile(file)
        elif kind in KEPT_WHOLE:
            self._write_bytes(file)
        rejects = Reject.objects.filter(
            bot=self.bot_id, file__path=file.path, place__gt=0, solved_by=None
        )
        self.done.left_out += rejects.values("place").distinct().count()

    def _rejected_whole(self, file: ImportFile) -> Iterable[bytes]:
        """The pieces of a file of which nothing could be read, as they were last."""
        rejects = Reject.objects.filter(bot=self.bot_id, file__path=file.path, place=0)
        last = rejects.order_by("-pk").values_list("file", flat=True).first()
        pieces = rejects.filter(file=last).order_by("piece")
        return (bytes(raw) for raw in pieces.values_list("raw", flat=True).iterator(1))

    def _has_messages(self, file: ImportFile) -> bool:
        """From backups, or from the bot: then these are the chat, and not what was unreadable."""
        chat = Conversation.objects.filter(bot=self.bot_id, chat_id=file.key).first()
        if chat is None:
            return False
        return bool(Message.objects.filter(bot=self.bot_id, conversation_id=chat.pk).exists())

    def _write_conversation(
        self, path: str, shape: dict[str, Any], chat_id: int | None, file: ImportFile | None
    ) -> None:
        chat = Conversation.objects.filter(bot=self.bot_id, chat_id=chat_id).first()
        if chat is None:
            return
        rows = Message.objects.filter(bot=self.bot_id, conversation_id=chat.pk)
        rows = rows.order_by("position").defer("search")
        numbered = rows.iterator(ROWS_AT_ONCE)
        if file is None:
            records: Iterable[tuple[Message, bytes | None]] = ((row, None) for row in numbered)
        else:
            records = self._with_originals(file, numbered)
        shape = {"dialect": 1, **shape}
        self._write(path, render_conversation(shape, self._counted(records)))

    def _counted(self, records: Iterable[Any]) -> Iterator[Any]:
        for record in records:
            self.done.messages += 1
            yield record

    def _with_originals(
        self, file: ImportFile, rows: Iterator[Message]
    ) -> Iterator[tuple[Message, bytes | None]]:
        assert file.key is not None
        base = identity.conversation_base(self.bot_id, file.key)
        kept = Original.objects.filter(bot=self.bot_id, file__path=file.path).order_by("pk")
        if not kept.exists():
            yield from ((row, None) for row in rows)
            return
        for some in _by(rows, ROWS_AT_ONCE):
            places = {
                row.pk: row.pk.int - base
                for row in some
                if row.pk.int >> PLACE_BITS == base >> PLACE_BITS
            }
            of_places = kept.filter(place__in=places.values()).values_list("place", "original")
            # The latest wins; an empty one says that the row gives the record back.
            originals = {place: bytes(original) for place, original in of_places}
            for row in some:
                yield row, originals.get(places.get(row.pk, 0)) or None

    def _write_profile(self, file: ImportFile) -> None:
        row = Profile.objects.filter(bot=self.bot_id, telegram_id=file.key).first()
        if row is None:
            return
        kept = Original.objects.filter(bot=self.bot_id, file__path=file.path, place=1)
        original = kept.order_by("-pk").values_list("original", flat=True).first()
        if original:
            self._write(file.path, [bytes(original)])
        else:
            self._write_json(file.path, render_profile(file.header["shape"], row))

    def _write_bytes(self, file: ImportFile) -> None:
        parts = FilePart.objects.filter(bot=self.bot_id, file=file.pk).order_by("number")
        if parts.exists():
            data = parts.values_list("data", flat=True).iterator(1)
            self._write(file.path, (zlib.decompress(part) for part in data))

    def _write_others(self) -> None:
        """What bots and staff made, and no file."""
        files = ImportFile.objects.filter(bot=self.bot_id).exclude(status=ImportFile.Status.UNDONE)
        chats = Conversation.objects.filter(bot=self.bot_id).exclude(
            chat_id__in=files.filter(kind=Kind.CONVERSATION, key__isnull=False).values("key")
        )
        for chat_id in chats.values_list("chat_id", flat=True).iterator():
            self._write_conversation(f"conversations/{chat_id}.json", SHAPE, chat_id, None)
        people = Profile.objects.filter(bot=self.bot_id).exclude(
            telegram_id__in=files.filter(kind=Kind.PROFILE, key__isnull=False).values("key")
        )
        for row in people.iterator():
            if not self._in_a_common_file(row.pk):
                self._write_json(f"girls_data/{row.telegram_id}.json", render_profile(SHAPE, row))

    def _in_a_common_file(self, profile_id: uuid.UUID) -> bool:
        chunks = ImportChunk.objects.filter(bot=self.bot_id, file__kind=Kind.PROFILES)
        return bool(chunks.filter(row_ids__contains=[profile_id]).exists())

    def _write_json(self, path: str, value: Any) -> None:
        self._write(path, [json.dumps(value, ensure_ascii=False, indent=2).encode()])

    def _write(self, path: str, pieces: Iterable[bytes]) -> None:
        relative = PurePosixPath(path)
        if relative.is_absolute() or ".." in relative.parts:
            raise ImportRefused(f"{path} is no path within a tree.")
        target = self.destination / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as out:
            for piece in pieces:
                out.write(piece)
        self.done.files += 1


def _by(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while some := list(islice(iterator, size)):
        yield some
