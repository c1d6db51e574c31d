"""A bot's tree back from the database, in the dialect it came in.

What a row gives back is made from the row; where it cannot, the kept original is written, unless
somebody else wrote the row since: then the row wins. (After a dump and restore every row counts as
written.) Rows that never were in a file are added: to their conversation, or as files of dialect 1.
Bytes of a file that was rejected whole come back where there is no row instead.
"""

import json
import uuid
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Exists, Func, OuterRef, QuerySet

from conversations.models import Conversation, Message, Profile
from legacy_import.batches import identity
from legacy_import.batches.batch import KEPT_WHOLE
from legacy_import.batches.identity import PLACE_BITS
from legacy_import.destination import Destination
from legacy_import.models import (
    Change,
    FilePart,
    ImportChunk,
    ImportFile,
    Original,
    Reject,
    Repair,
)
from legacy_import.refusal import ImportRefused
from legacy_import.source.records import Kind
from legacy_import.source.render import render_conversation, render_profile_now
from legacy_import.undoing.statements import OURS
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
    # Files that could not be written, with the reason.
    problems: list[str] = field(default_factory=list)


def export(name: str, destination: Path) -> Exported:
    if destination.exists() and any(destination.iterdir()):
        raise ImportRefused(f"{destination} is not empty: name a new folder.")
    with maintenance_context():
        bot = Bot.objects.filter(name__iexact=name).first()
    if bot is None:
        raise ImportRefused(f"There is no bot {name}.")
    return _Export(bot.pk, Destination(destination)).run()


class _Export:
    def __init__(self, bot_id: uuid.UUID, destination: Destination) -> None:
        self.bot_id = bot_id
        self.destination = destination
        self.done = Exported(problems=destination.problems)
        self.files = ImportFile.objects.filter(bot=bot_id).exclude(status=ImportFile.Status.UNDONE)

    def run(self) -> Exported:
        """In one transaction, so that it is the state of one moment."""
        with maintenance_context():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            with connection.chunked_cursor() as cursor:
                cursor.execute(LATEST, [self.bot_id])
                while some := [id for (id,) in cursor.fetchmany(ROWS_AT_ONCE)]:
                    for file in self.files.filter(pk__in=some).order_by("path").iterator():
                        self._write_known(file)
            self._write_others()
        self.done.files = self.destination.files
        return self.done

    @cached_property
    def ours(self) -> set[int]:
        """The transactions of imports: by any other a row was written since."""
        with connection.cursor() as cursor:
            cursor.execute(OURS, {"bot": self.bot_id})
            return {number for (number,) in cursor}

    def _write_known(self, file: ImportFile) -> None:
        kind, rejected = Kind(file.kind), "rejected" in file.header
        if self._write_rows(file, kind):
            self.done.left_out += rejected
        elif kind in KEPT_WHOLE and (kept := self._kept_bytes(file, kind)):
            self.destination.write(file.path, kept)
        elif rejected:
            self._write_rejected(file)
        elif file.header.get("left_out"):
            self.done.problems.append(
                f"{file.path}: its bytes are not kept, there are erased people in it. Take them "
                "out of it, and import it."
            )
        elif kind in KEPT_WHOLE:
            self.done.problems.append(
                f"{file.path}: its bytes are not kept. The next import of the tree keeps them, "
                "backups with --backups store."
            )
        rejects = Reject.objects.filter(
            bot=self.bot_id, file__path=file.path, place__gt=0, solved_by=None
        )
        self.done.left_out += rejects.values("place").distinct().count()

    def _write_rows(self, file: ImportFile, kind: Kind) -> bool:
        if kind == Kind.CONVERSATION and file.key is not None:
            chat = Conversation.objects.filter(bot=self.bot_id, chat_id=file.key).first()
            if chat:
                self._write_conversation(file.path, self._shape(file), chat, file)
                return True
        elif kind == Kind.PROFILE and file.key is not None:
            row = self._people().filter(telegram_id=file.key).first()
            if row:
                self._write_profile(file, row)
                return True
        return False

    def _shape(self, file: ImportFile) -> dict[str, Any]:
        """As the file was when it could be read last."""
        if "rejected" not in file.header and file.header.get("shape"):
            return {**SHAPE, **file.header["shape"]}
        read = self.files.filter(path=file.path, header__has_key="shape")
        read = read.exclude(header__has_key="rejected").order_by("-pk")
        header = read.values_list("header", flat=True).first() or {}
        return {**SHAPE, **header.get("shape", {})}

    def _write_rejected(self, file: ImportFile) -> None:
        """The pieces of a file of which nothing could be read, as they were last."""
        rejects = Reject.objects.filter(bot=self.bot_id, file__path=file.path, place=0)
        last = rejects.order_by("-pk").first()
        if last is None or not (last.raw or last.code == "empty"):
            code = f" ({last.code})" if last else ""
            self.done.problems.append(f"{file.path}: nothing of it was kept{code}.")
            return
        pieces = rejects.filter(file=last.file_id).order_by("piece")
        raw = pieces.values_list("raw", flat=True).iterator(1)
        self.destination.write(file.path, (bytes(piece) for piece in raw))

    def _write_conversation(
        self, path: str, shape: dict[str, Any], chat: Conversation, file: ImportFile | None
    ) -> None:
        rows = Message.objects.filter(bot=self.bot_id, conversation_id=chat.pk)
        rows = rows.order_by("position").defer("search")
        if file is None:
            records: Iterable[tuple[Message, bytes | None]] = (
                (row, None) for row in rows.iterator(ROWS_AT_ONCE)
            )
        else:
            records = self._with_originals(file, rows)
        if chat.message_count:
            shape["records_key"] = shape["records_key"] or SHAPE["records_key"]
        self.destination.write(path, render_conversation(shape, self._counted(records)))

    def _counted(self, records: Iterable[Any]) -> Iterator[Any]:
        for record in records:
            self.done.messages += 1
            yield record

    def _with_originals(
        self, file: ImportFile, rows: QuerySet[Message]
    ) -> Iterator[tuple[Message, bytes | None]]:
        assert file.key is not None
        base = identity.conversation_base(self.bot_id, file.key)
        kept = Original.objects.filter(bot=self.bot_id, file__path=file.path).order_by("pk")
        of_file = Repair.objects.filter(bot=self.bot_id, file__path=file.path)
        taken = of_file.filter(code="telegram-id-taken")
        if not kept.exists() and not taken.exists():
            yield from ((row, None) for row in rows.iterator(ROWS_AT_ONCE))
            return
        for some in _by(_with_writers(rows).iterator(ROWS_AT_ONCE), ROWS_AT_ONCE):
            places = {
                row.pk: row.pk.int - base
                for row in some
                if row.pk.int >> PLACE_BITS == base >> PLACE_BITS and row.written_by in self.ours
            }
            of_places = kept.filter(place__in=places.values()).values_list("place", "original")
            # The latest wins; an empty one says that the row gives the record back.
            originals = {place: bytes(original) for place, original in of_places}
            of_places = taken.filter(place__in=places.values()).values_list("place", "original")
            ids = {place: int(bytes(number)) for place, number in of_places}
            for row in some:
                place = places.get(row.pk, 0)
                if row.telegram_message_id is None:
                    # Another message of the chat has it; it is this one's in the file.
                    row.telegram_message_id = ids.get(place)
                yield row, originals.get(place) or None

    def _people(self) -> QuerySet[Any]:
        return _with_writers(Profile.objects.filter(bot=self.bot_id))

    def _write_profile(self, file: ImportFile, row: Any) -> None:
        kept = Original.objects.filter(bot=self.bot_id, file__path=file.path, place=1)
        original = kept.order_by("-pk").values_list("original", flat=True).first()
        if original and row.written_by in self.ours:
            self.destination.write(file.path, [bytes(original)])
        else:
            self._write_json(file.path, render_profile_now(self._shape(file), row))

    def _kept_bytes(self, file: ImportFile, kind: Kind) -> Iterator[bytes] | None:
        if kind == Kind.BACKUP:
            parts = FilePart.objects.filter(bot=self.bot_id, file=file.pk).order_by("number")
        else:
            parts = FilePart.latest(self.bot_id, file.path)
        if not parts.exists():
            return None
        data = parts.values_list("data", flat=True).iterator(1)
        return (zlib.decompress(part) for part in data)

    def _write_others(self) -> None:
        """What bots and staff made, and no file."""
        chats = Conversation.objects.filter(
            ~self._came_from(Kind.CONVERSATION, "chat_id"), bot=self.bot_id
        )
        for chat in chats.iterator():
            path = f"conversations/{chat.chat_id}.json"
            self._write_conversation(path, dict(SHAPE), chat, None)
        people = self._people().filter(
            ~self._came_from(Kind.PROFILE, "telegram_id"),
        )
        for row in people.iterator():
            # Where it stands in girls_data.json as well, its own file wins.
            if not self._in_a_common_file(row.pk) or row.written_by not in self.ours:
                path = f"girls_data/{row.telegram_id}.json"
                self._write_json(path, render_profile_now(SHAPE, row))

    def _came_from(self, kind: Kind, key: str) -> Exists:
        """Not `IN`, which compares each with each when they are many."""
        files = ImportFile.objects.filter(bot=self.bot_id, kind=kind, key=OuterRef(key))
        return Exists(files.exclude(status=ImportFile.Status.UNDONE))

    def _in_a_common_file(self, profile_id: uuid.UUID) -> bool:
        of_files = {"bot": self.bot_id, "file__kind": Kind.PROFILES}
        inserted = ImportChunk.objects.filter(**of_files, row_ids__contains=[profile_id])
        return bool(
            inserted.exists() or Change.objects.filter(**of_files, row_id=profile_id).exists()
        )

    def _write_json(self, path: str, value: Any) -> None:
        self.destination.write(path, [json.dumps(value, ensure_ascii=False, indent=2).encode()])


def _with_writers(rows: QuerySet[Any]) -> QuerySet[Any]:
    """With the transaction that wrote each row last."""
    table = rows.model._meta.db_table
    xmin = Func(template=f'"{table}".xmin::text::bigint', output_field=BigIntegerField())
    written: QuerySet[Any] = rows.annotate(written_by=xmin)
    return written


def _by(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while some := list(islice(iterator, size)):
        yield some
