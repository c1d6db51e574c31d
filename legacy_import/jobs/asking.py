"""The back office's side: asks for a job, in a staff user's context, and looks after it."""

import uuid

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
        super().__init__("A job of this bot is not finished yet.")
        self.job = job


def ask(run: ImportRun, action: str, keep_written: bool = False) -> uuid.UUID:
    scope, job_id = current_scope(), uuid7()
    row = [job_id, run.bot_id, run.pk, action, keep_written, scope and scope.user_id]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ASK, row)
    except IntegrityError:
        if (job := Job.objects.filter(bot=run.bot_id, finished_at=None).first()) is None:
            raise
        raise AlreadyAsked(job) from None
    return job_id


def a_runner_is_there() -> bool:
    return bool(locks.held([locks.RUNNER]))


def state(job: Job) -> str:
    """waiting, running, lost, done, differs or failed."""
    if job.finished_at is None:
        if job.started_at is None:
            return "waiting"
        return "running" if locks.held([locks.key(job.pk)]) else "lost"
    return {None: "lost", 0: "done", 3: "differs"}.get(job.exit_code, "failed")
