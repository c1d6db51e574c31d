"""The back office's side: asks for a job, in a staff user's context, and looks after it."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, connection, transaction

from legacy_import.jobs import locks
from legacy_import.models import ImportRun, Job
from tenants.context import current_scope
from tenants.ids import uuid7

# Only these columns may be given.
ASK = """
    INSERT INTO import_jobs (id, bot_id, run_id, action, keep_written, asked_by_id)
    VALUES (%s, %s, %s, %s, %s, %s)
"""


class AlreadyAsked(Exception):
    """A job of this bot waits or runs."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job


def ask(run: ImportRun, action: str, keep_written: bool = False) -> uuid.UUID:
    scope, job_id = current_scope(), uuid7()
    row: list[Any] = [job_id, run.bot_id, run.pk, action, keep_written, scope and scope.user_id]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ASK, row)
    except IntegrityError:
        if (job := Job.objects.filter(bot=run.bot_id, finished_at=None).first()) is None:
            raise
        raise AlreadyAsked(job) from None
    return job_id


def attend(jobs: Sequence[Any]) -> bool:
    """Says of each its `state`: waiting, running, lost, done, differs or failed; and whether a
    runner is there."""
    running = [locks.key(job.pk) for job in jobs if job.started_at and job.is_open]
    held = locks.held([locks.RUNNER, *running])
    for job in jobs:
        if not job.is_open:
            job.state = {None: "lost", 0: "done", 3: "differs"}.get(job.exit_code, "failed")
        elif job.started_at is None:
            job.state = "waiting"
        else:
            job.state = "running" if locks.key(job.pk) in held else "lost"
    return locks.RUNNER in held
