"""What runs did so far: of a finished one as it ended, of any other from its files."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from legacy_import.backoffice import words
from legacy_import.batches.counts import KINDS, Counts, Tally
from legacy_import.models import ImportRun

COUNTS = """
    SELECT run_id, record, name, sum(number::bigint) FROM import_files,
        jsonb_each(counts) AS of_kind (record, tally),
        jsonb_each_text(tally) AS of_tally (name, number)
    WHERE bot_id = ANY (%(bots)s) AND run_id = ANY (%(runs)s) GROUP BY run_id, record, name
"""
FILES = """
    SELECT run_id, count(*), count(*) FILTER (WHERE status = 'partial') FROM import_files
    WHERE bot_id = ANY (%(bots)s) AND run_id = ANY (%(runs)s) GROUP BY run_id
"""
MOST_COUNTED = 10_000
REJECTS = """
    SELECT code, count(*) FROM (
        SELECT code FROM import_rejects AS reject JOIN import_files AS file
            ON file.bot_id = reject.bot_id AND file.id = reject.file_id
        WHERE reject.bot_id = %s AND file.bot_id = %s AND file.run_id = %s
        AND solved_by IS NULL AND piece = 0 LIMIT %s
    ) AS first GROUP BY code ORDER BY count(*) DESC, code
"""


@dataclass
class Figures:
    counts: Counts = field(default_factory=Counts)
    files: int = 0
    # Begun, and not all in yet.
    partial: int = 0

    @property
    def kinds(self) -> list[tuple[str, Any, Tally]]:
        return [
            (kind, words.KINDS[kind], self.counts[kind])
            for kind in KINDS
            if self.counts[kind] != Tally()
        ]

    @property
    def total(self) -> Tally:
        total = Counts()
        for kind in KINDS:
            total.add(Counts({"other": self.counts[kind]}))
        return total["other"]


def figures(runs: Sequence[ImportRun], files: bool = True) -> dict[uuid.UUID, Figures]:
    """With two queries, however many runs; `files` also counts those of runs that are over."""
    found = {run.pk: Figures() for run in runs}
    ended = [run for run in runs if run.action == ImportRun.Action.IMPORT and run.counts]
    for run in ended:
        found[run.pk].counts = Counts.from_json(run.counts)
    others = [run for run in runs if run not in ended]
    for pk, kind, name, number in _rows(COUNTS, others):
        setattr(found[pk].counts[kind], name, int(number))
    for pk, number, partial in _rows(FILES, runs if files else others):
        found[pk].files, found[pk].partial = number, partial
    return found


def rejects(run: ImportRun) -> list[tuple[str, int]]:
    """By code, those that wait; of the first ten thousand."""
    with connection.cursor() as cursor:
        cursor.execute(REJECTS, [run.bot_id, run.bot_id, run.pk, MOST_COUNTED + 1])
        return list(cursor.fetchall())


def _rows(sql: str, runs: Sequence[ImportRun]) -> list[Any]:
    if not runs:
        return []
    keys = {"bots": [run.bot_id for run in runs], "runs": [run.pk for run in runs]}
    with connection.cursor() as cursor:
        cursor.execute(sql, keys)
        return list(cursor.fetchall())
