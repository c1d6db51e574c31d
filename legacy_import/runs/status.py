"""What runs there were, how far they are and what is left to do."""

from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Count

from legacy_import.batches.counts import Counts
from legacy_import.models import ImportFile, ImportRun, Reject
from legacy_import.refusal import ImportRefused
from tenants.context import maintenance_context

MOST_RUNS = 20
COUNTS = """
    SELECT record, name, sum(number::bigint) FROM import_files,
        jsonb_each(counts) AS of_kind (record, tally),
        jsonb_each_text(tally) AS of_tally (name, number)
    WHERE bot_id = %s AND run_id = %s GROUP BY record, name
"""


@dataclass
class BotStatus:
    name: str
    status: str
    files: int = 0
    unfinished: list[str] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    rejects: dict[str, int] = field(default_factory=dict)


@dataclass
class RunStatus:
    number: int
    action: str
    about: int | None
    started_at: Any
    finished_at: Any
    options: dict[str, Any]
    bots: list[BotStatus] = field(default_factory=list)


def runs(number: int | None = None) -> list[RunStatus]:
    """The latest, or one with its files and rejects."""
    found: dict[int, RunStatus] = {}
    with maintenance_context():
        rows = ImportRun.objects.select_related("bot").order_by("-number", "bot__name")
        if number is not None:
            rows = rows.filter(number=number)
        for row in rows.iterator():
            if row.number not in found and len(found) == MOST_RUNS:
                break
            run = found.setdefault(
                row.number,
                RunStatus(
                    *(row.number, row.action, row.about, row.started_at, row.finished_at),
                    row.options,
                ),
            )
            run.bots.append(_of_bot(row))
    if number is not None and not found:
        raise ImportRefused(f"There is no run {number}. `manage.py import_status` lists them.")
    return list(found.values())


def _of_bot(run: ImportRun) -> BotStatus:
    """From its files: that holds for a run that was killed as well."""
    status = BotStatus(run.bot.name, run.status)
    files = ImportFile.objects.filter(bot=run.bot_id, run=run.pk)
    status.files = files.count()
    partial = files.filter(status=ImportFile.Status.PARTIAL)
    status.unfinished = list(partial.values_list("path", flat=True)[:100])
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, [run.bot_id, run.pk])
        for kind, name, number in cursor:
            setattr(status.counts[kind], name, int(number))
    rejects = Reject.objects.filter(bot=run.bot_id, file__run=run.pk, solved_by=None)
    by_code = rejects.values_list("code").annotate(number=Count("pk")).order_by("-number", "code")
    status.rejects = dict(by_code)
    return status
