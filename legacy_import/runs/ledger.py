"""Runs: begun under a lock on their bot, ended with what they did."""

import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from legacy_import.models import ImportFile, ImportRun, Reject
from legacy_import.refusal import ImportRefused
from tenants.context import maintenance_context

STANDING = """
    SELECT DISTINCT ON (place) place, code FROM import_rejects AS reject
    JOIN import_files AS file ON file.bot_id = reject.bot_id AND file.id = reject.file_id
    WHERE file.bot_id = %s AND file.path = %s AND file.status <> 'undone'
    AND reject.bot_id = %s AND solved_by IS NULL AND piece = 0
    ORDER BY place, file.id DESC LIMIT %s
"""
PATHS = """
    SELECT DISTINCT path FROM import_files
    WHERE bot_id = %s AND status <> 'undone' AND kind = ANY (%s) AND sha256 IS DISTINCT FROM ''
    AND path > %s ORDER BY path LIMIT %s
"""
AT_ONCE = 5_000
# Begins the keys of our advisory locks: "imp".
LOCK_CLASS = 0x696D70


def runs_numbered(number: int, bot: str | None = None) -> list[ImportRun]:
    """Of all bots, or the one named. Inside a maintenance context."""
    runs = list(ImportRun.objects.filter(number=number).select_related("bot").order_by("pk"))
    if not runs:
        raise ImportRefused(f"There is no run {number}. `manage.py import_status` lists them.")
    if bot is None:
        return runs
    if not (own := [run for run in runs if run.bot.name.lower() == bot.lower()]):
        names = ", ".join(run.bot.name for run in runs)
        raise ImportRefused(f"Run {number} has no bot {bot}. It has: {names}.")
    return own


@contextmanager
def locked(bots: dict[str, uuid.UUID]) -> Iterator[None]:
    """Nobody else imports these bots meanwhile. The lock ends with the connection at the latest."""
    taken: list[uuid.UUID] = []
    connection.ensure_connection()
    session = connection.connection
    try:
        for name, bot_id in sorted(bots.items(), key=lambda bot: str(bot[1])):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_CLASS, _key(bot_id)])
                if cursor.fetchone() != (True,):
                    raise ImportRefused(
                        f"Another import of {name} is running. Wait for its end, or stop it; "
                        "`manage.py import_status` shows it."
                    )
            taken.append(bot_id)
        yield
    finally:
        if connection.connection is session and not session.closed:
            for bot_id in taken:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, _key(bot_id)])


def _key(bot_id: uuid.UUID) -> int:
    return int.from_bytes(bot_id.bytes[-4:], signed=True)


def begin(
    bots: Sequence[uuid.UUID], action: str, options: dict[str, Any], about: int | None = None
) -> dict[uuid.UUID, ImportRun]:
    """A run for each bot. What ran before and never ended was killed, and may not write again."""
    with maintenance_context():
        running = ImportRun.objects.filter(bot__in=bots, status=ImportRun.Status.RUNNING)
        running.update(status=ImportRun.Status.INTERRUPTED, finished_at=timezone.now())
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_CLASS])
        last = ImportRun.objects.aggregate(last=Max("number"))["last"] or 0
        runs = [
            ImportRun(bot_id=bot, number=last + 1, action=action, options=options, about=about)
            for bot in bots
        ]
        ImportRun.objects.bulk_create(runs)
    return {run.bot_id: run for run in runs}


def end(run: ImportRun, status: str, counts: dict[str, Any] | None = None) -> None:
    """Unless another import has taken over."""
    values: dict[str, Any] = {"status": status, "finished_at": timezone.now()}
    if counts is not None:
        values["counts"] = counts
    with maintenance_context():
        ImportRun.objects.filter(
            bot_id=run.bot_id, pk=run.pk, status=ImportRun.Status.RUNNING
        ).update(**values)


def forget_idle(runs: Sequence[ImportRun]) -> bool:
    """Those that read no file anew; whether all of them were idle."""
    with maintenance_context():
        for run in runs:
            if not ImportFile.objects.filter(bot=run.bot_id, run=run.pk).exists():
                ImportRun.objects.filter(bot=run.bot_id, pk=run.pk).delete()
        return not ImportRun.objects.filter(pk__in=[run.pk for run in runs]).exists()


def standing_rejects(bot_id: uuid.UUID, path: str, most: int) -> list[tuple[int, str]]:
    """The first of a file, with their places. Inside a maintenance context."""
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [bot_id, path, bot_id, most])
        return list(cursor.fetchall())


def superseded(bot_id: uuid.UUID, path: str) -> set[int]:
    """Whose entries in a file of several people were left to files of their own. Inside a
    maintenance context."""
    rejects = Reject.objects.filter(bot=bot_id, file__path=path, code="superseded", solved_by=None)
    names = rejects.exclude(file__status="undone").values_list("reason", flat=True)
    return {int(name.removeprefix("girls_data/").removesuffix(".json")) for name in names}


def paths(bot_id: uuid.UUID, kinds: Collection[str]) -> Iterator[str]:
    """Of all files that were read, in their order."""
    last, found = "", AT_ONCE
    while found == AT_ONCE:
        with maintenance_context(), connection.cursor() as cursor:
            cursor.execute(PATHS, [bot_id, list(kinds), last, AT_ONCE])
            rows = cursor.fetchall()
        yield from (path for (path,) in rows)
        found, last = len(rows), rows[-1][0] if rows else ""
