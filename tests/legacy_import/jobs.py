"""Runners as they are started on a server: processes of their own, under the ops login."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.auth.models import User

from botplatform.planes import OPS, RUNTIME
from legacy_import.jobs.asking import ask
from legacy_import.jobs.runner import Runner
from legacy_import.models import ImportRun, Job
from tenants.context import staff_context
from tests.clusters import ROOT, clean_environment
from tests.isolation.world import parameters

PATIENCE_SECONDS = 60


def database_url(name: str) -> str:
    login = parameters(name)
    user, password, database = (
        quote(str(login.pop(key, "")), safe="") for key in ("user", "password", "dbname")
    )
    login.setdefault("port", 5432)
    return f"postgresql://{user}:{password}@/{database}?{urlencode(login)}"


@contextmanager
def runner(*options: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run_jobs", *options],
        cwd=ROOT,
        env=clean_environment(
            DATABASE_URL=database_url(OPS.login),
            RUNTIME_DATABASE_URL=database_url(RUNTIME.login),
            DATA_DIR=str(settings.DATA_DIR),
        ),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        _, said = process.communicate(timeout=PATIENCE_SECONDS)
        assert "Traceback" not in said, said


def run_once() -> None:
    """Here, for what is the same in any process."""
    Runner().serve(once=True, wanted=lambda: True)


def asked(user: User, run: ImportRun, action: str, keep_written: bool = False) -> Any:
    with staff_context(user):
        return ask(run, action, keep_written)


def job(job_id: Any) -> Job:
    return Job.objects.get(pk=job_id)


def until(is_so: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := is_so()):
        assert time.monotonic() < deadline, "it never came to be so"
        time.sleep(0.05)
    return found
