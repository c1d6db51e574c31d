"""The rows a run wrote, of one bot: which they are, and away with them."""

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from legacy_import.batches import identity
from legacy_import.models import (
    Backup,
    Change,
    FilePart,
    ImportChunk,
    ImportFile,
    ImportRun,
    Original,
    Reject,
    Repair,
)
from legacy_import.source.records import Kind
from legacy_import.undoing import chats
from legacy_import.undoing.statements import (
    BEFORE,
    FOREIGN,
    FREE_IDS,
    GIVE_BACK_BYTES,
    ID_TAKEN,
    IDS_DIFFER,
    IN_RANGES,
    MOST_LISTED,
    OURS,
    RESTORED,
    ROWS,
    ROWS_THERE,
    TABLES,
    TAKEN_OVER,
    TEMPORARY,
    THEIRS,
)
from legacy_import.writing.apply import THIS_TRANSACTION
from legacy_import.writing.changes import set_fingerprints

CHUNKS_AT_ONCE = 5000


@dataclass
class Undone:
    run_id: int
    about: int
    removed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    restored: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    kept: list[str] = field(default_factory=list)


class RunRows:
    """Of one bot, inside a maintenance context."""

    def __init__(self, run: ImportRun, undone: Undone) -> None:
        self.run = run
        self.undone = undone
        self.bot: dict[str, Any] = {"bot": run.bot_id, "run": run.pk}
        self.files = ImportFile.objects.filter(bot=run.bot_id, run=run.pk)

    def look(self) -> None:
        """Which rows the run wrote, and which of them somebody else wrote since."""
        with connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(ROWS.format(table=table))
            cursor.execute(BEFORE, self.bot)
            self._collect(cursor)
            cursor.execute(OURS, self.bot)
            ours = [number for (number,) in cursor]
            finished = self.run.status == ImportRun.Status.DONE
            self.values = {**self.bot, "ours": ours, "finished": finished}
            gone, kept = chats.look(cursor, self.values)
            self.undone.removed["conversations"] += gone
            self.undone.kept += kept
            while left := self._without_id(cursor):
                self.undone.kept += left
            for table in TABLES:
                cursor.execute(self._written(table), self.values)
                self.undone.kept += (f"{table} {id}" for (id,) in cursor)
                cursor.execute(self._count(table), self.values)
                [(removed, restored)] = cursor.fetchall()
                self.undone.removed[table] += removed
                self.undone.restored[table] += restored

    def undo(self, rollback: ImportRun) -> None:
        with connection.cursor() as cursor:
            for table in TABLES:
                # First, for what is restored may need the Telegram id of what goes.
                cursor.execute(self._delete(table), self.values)
                self._restore(cursor, table)
                if table == "messages":
                    chats.undo(cursor, self.values)
            own = _this_transaction(cursor)
            for name in TEMPORARY:
                cursor.execute(f"DROP TABLE {name}")
        self._forget()
        ImportRun.objects.filter(bot=self.run.bot_id, pk=rollback.pk).update(
            status=ImportRun.Status.DONE,
            finished_at=timezone.now(),
            transactions=[own],
            counts={"removed": self.undone.removed, "restored": self.undone.restored},
        )

    def _without_id(self, cursor: Any) -> list[str]:
        """Which then stay as they are; another one may have waited for the id of one of these."""
        cursor.execute(ID_TAKEN, self.values)
        return [f"messages {id}" for (id,) in cursor]

    def _collect(self, cursor: Any) -> None:
        chunks = ImportChunk.objects.filter(bot=self.run.bot_id, file__in=self.files)
        found = chunks.values_list("file__kind", "file__key", "first_place", "records", "row_ids")
        rest = found.iterator(CHUNKS_AT_ONCE)
        while some := list(islice(rest, CHUNKS_AT_ONCE)):
            self._collect_inserted(cursor, some)
        cursor.execute(TAKEN_OVER)
        for table in TABLES:
            cursor.execute(
                f"INSERT INTO undone_{table} SELECT row_id FROM undone_changes"
                " WHERE before = '{}' AND table_name = %s ON CONFLICT DO NOTHING",
                [table],
            )
            cursor.execute(
                f"DELETE FROM undone_changes USING undone_{table} AS row WHERE row.id = row_id"
            )
        for table in (*TABLES, "changes"):
            cursor.execute(f"ANALYZE undone_{table}")

    def _collect_inserted(self, cursor: Any, chunks: list[tuple[Any, ...]]) -> None:
        firsts: list[uuid.UUID] = []
        lasts: list[uuid.UUID] = []
        rows: list[uuid.UUID] = []
        for kind, key, first, records, row_ids in chunks:
            rows += row_ids or ()
            if kind == Kind.CONVERSATION and records:
                base = identity.conversation_base(self.run.bot_id, key)
                firsts.append(identity.row_id(base, first))
                lasts.append(identity.row_id(base, first + records - 1))
        # Without statistics of a table that was just filled it would be read once a range.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(IN_RANGES, {**self.bot, "firsts": firsts, "lasts": lasts})
        for table in ("profiles", "bot_metrics") if rows else ():
            cursor.execute(ROWS_THERE.format(table=table), {**self.bot, "rows": rows})
        cursor.execute("SET LOCAL enable_seqscan = on")

    def _inserted(self, table: str) -> str:
        """The run's rows that are still there, as a subquery of ids and xmin."""
        return (
            f"SELECT row.id, row.xmin FROM undone_{table} AS undone JOIN {table} AS row"
            " ON row.bot_id = %(bot)s AND row.id = undone.id"
        )

    def _changed(self, table: str) -> str:
        return (
            f"SELECT row.id, row.xmin FROM undone_changes JOIN {table} AS row"
            f" ON row.bot_id = %(bot)s AND row.id = row_id WHERE table_name = '{table}'"
        )

    def _written(self, table: str) -> str:
        rows = f"{self._inserted(table)} UNION ALL {self._changed(table)}"
        return f"SELECT id FROM ({rows}) AS r WHERE {FOREIGN.format(row='r')} LIMIT {MOST_LISTED}"

    def _count(self, table: str) -> str:
        ours = f"NOT ({FOREIGN.format(row='r')})"
        return (
            f"SELECT (SELECT count(*) FROM ({self._inserted(table)}) AS r WHERE {ours}),"
            f" (SELECT count(*) FROM ({self._changed(table)}) AS r WHERE {ours})"
        )

    def _delete(self, table: str) -> str:
        ours = f"NOT ({FOREIGN.format(row='row')})"
        return (
            f"DELETE FROM {table} AS row USING undone_{table} AS undone"
            f" WHERE row.bot_id = %(bot)s AND row.id = undone.id AND {ours}"
        )

    def _restore(self, cursor: Any, table: str) -> None:
        from_before = (
            f" FROM undone_changes, jsonb_populate_record(NULL::{table}, before) AS was"
            f" WHERE table_name = '{table}' AND row.bot_id = %(bot)s AND row.id = row_id"
            f" AND NOT ({FOREIGN.format(row='row')})"
        )
        columns = ", ".join(f"{column} = was.{column}" for column in RESTORED[table])
        if table == "messages":
            # Ids that changed places would stand in each other's way.
            cursor.execute(FREE_IDS + from_before + IDS_DIFFER, self.values)
            self.values["ours"].append(_this_transaction(cursor))
        restore = f"UPDATE {table} AS row SET {columns}{from_before}"
        cursor.execute(f"{restore} AND NOT {THEIRS}", self.values)
        # What was somebody else's is theirs again: a savepoint writes by a number of its own.
        with transaction.atomic():
            cursor.execute(f"{restore} AND {THEIRS}", self.values)

    def _forget(self) -> None:
        bot, files = self.run.bot_id, self.files.values("pk")
        changes = Change.objects.filter(bot=bot, file__in=files)
        edited = changes.filter(chunk_id__isnull=False).order_by("chunk_id", "-pk")
        fingerprints = edited.values_list("chunk_id", "place", "earlier").iterator()
        for chunk, of_chunk in groupby(fingerprints, key=itemgetter(0)):
            set_fingerprints(bot, {chunk: [(place, bytes(was)) for _, place, was in of_chunk]})
        with connection.cursor() as cursor:
            cursor.execute(GIVE_BACK_BYTES, self.bot)
        for model in (Change, ImportChunk, Repair, Original, Reject, Backup, FilePart):
            model.objects.filter(bot=bot, file__in=files).delete()
        Reject.objects.filter(bot=bot, solved_by=self.run.number).update(solved_by=None)
        self.files.update(status=ImportFile.Status.UNDONE)
        ImportRun.objects.filter(bot=bot, pk=self.run.pk).update(status=ImportRun.Status.UNDONE)


def _this_transaction(cursor: Any) -> int:
    cursor.execute(THIS_TRANSACTION)
    [(number,)] = cursor.fetchall()
    return int(number)
