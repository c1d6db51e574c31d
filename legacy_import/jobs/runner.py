"""Does what was asked for, one job after the other. Several runners share the work."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from legacy_import.jobs import locks
from legacy_import.jobs.commands import Said, perform
from legacy_import.models import Job
from tenants.context import maintenance_context

PAUSE = 1.0
STOPPED = 130
LOST = (
    "The process that did this ended before it was done, or lost the database. What it had "
    "committed stays: the list of runs shows it. Ask again."
)
log = logging.getLogger(__name__)


class Runner:
    def __init__(self) -> None:
        # Whose end is the end of our locks.
        self.session: Any = None

    def serve(self, once: bool, wanted: Callable[[], bool]) -> None:
        while wanted():
            try:
                self._appear()
                end_lost()
                while wanted() and (job := take()) is not None:
                    do(job)
            except (OperationalError, InterfaceError):
                if once:
                    raise
                log.exception("The database does not answer; going on when it does.")
                connection.close()
            if once:
                return
            time.sleep(PAUSE)

    def _appear(self) -> None:
        connection.ensure_connection()
        if connection.connection is not self.session:
            locks.hold_as_runner()
            self.session = connection.connection


def take() -> Job | None:
    """The oldest that waits, with its lock: nobody sees it begun by nobody."""
    with maintenance_context():
        waiting = Job.objects.filter(started_at=None, finished_at=None).order_by("id")
        ids = waiting.select_for_update(skip_locked=True).values_list("id", flat=True)
        if (job_id := ids.first()) is None or not locks.try_hold(job_id):
            return None
        job: Job = Job.objects.select_related("bot", "run", "asked_by").get(pk=job_id)
        _update(job, started_at=timezone.now())
    return job


def do(job: Job) -> None:
    said, began = Said(), time.monotonic()
    try:
        code, report, result = perform(job, said)
    except KeyboardInterrupt:
        said.write("Stopped, because `manage.py run_jobs` was. Ask again.\n")
        _finish(job, said, STOPPED)
        raise
    _finish(job, said, code, report=report, result=result)
    seconds = time.monotonic() - began
    log.info("%s of run %s: %s after %.1f s", job.action, job.run.number, code, seconds)


def end_lost() -> None:
    """What a runner that was killed had begun."""
    with maintenance_context():
        begun = list(Job.objects.filter(finished_at=None).exclude(started_at=None))
    for job in begun:
        if locks.try_hold(job.pk):
            with maintenance_context():
                _update(job, finished_at=timezone.now(), output=LOST)
            locks.let_go(job.pk)


def _finish(job: Job, said: Said, code: int, **values: Any) -> None:
    with maintenance_context():
        _update(job, finished_at=timezone.now(), exit_code=code, output=said.text, **values)
    locks.let_go(job.pk)


def _update(job: Job, **values: Any) -> None:
    """Of what nobody else has ended."""
    Job.objects.filter(bot=job.bot_id, pk=job.pk, finished_at=None).update(**values)
