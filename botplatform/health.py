"""Probes of a process: /healthz says that it runs, /readyz that it can serve."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cache
from threading import Lock, Thread
from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase

from tenants.seals import accepted_by

logger = logging.getLogger(__name__)

DEADLINE_SECONDS = 3.0


class Check(NamedTuple):
    name: str
    ok: bool
    detail: str


class Readiness:
    """Checks in a thread of their own, so the answer comes in time whatever they wait for.

    A probe that finds the thread of an earlier one still at work waits for the same result: there
    is never more than one thread and one connection.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: Future[list[Check]] | None = None

    def checks(self) -> list[Check]:
        with self._lock:
            running = self._running
            if running is None or running.done():
                running = Future()
                arguments = (running, connections[DEFAULT_DB_ALIAS])
                Thread(target=_run, args=arguments, name="readiness", daemon=True).start()
                self._running = running
        try:
            return running.result(DEADLINE_SECONDS)
        except TimeoutError:
            return _failed("no answer in time")


def _run(future: Future[list[Check]], connection: BaseDatabaseWrapper) -> None:
    try:
        with _usable_here(connection) as usable:
            checks = _examine(usable)
    except BaseException as error:  # a thread that ends without an answer would block every probe
        logger.warning("Readiness check: %s", error)
        checks = _failed("cannot connect")
    future.set_result(checks)


@contextmanager
def _usable_here(connection: BaseDatabaseWrapper) -> Iterator[BaseDatabaseWrapper]:
    """The connection itself while it is open, as inside a transaction, else one to be closed."""
    opened = connection.connection is None
    usable = connection.copy() if opened else connection
    if opened:
        # Not through the pool, which after an outage waits long before it tries again.
        usable.settings_dict["OPTIONS"].pop("pool", None)
    # Querysets and what runs on a new connection look it up here, or they would open another one.
    connections[usable.alias] = usable
    usable.inc_thread_sharing()
    try:
        yield usable
    finally:
        usable.dec_thread_sharing()
        if opened:
            usable.close()


def _examine(connection: BaseDatabaseWrapper) -> list[Check]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0].split()[0]
    database = Check("database", True, f"PostgreSQL {version}")
    try:
        migrations = _migrations(connection)
    except Exception as error:
        logger.warning("Readiness check of the migrations: %s", error)
        migrations = Check("migrations", False, "cannot be read")
    return [database, migrations, _contexts(connection)]


def _contexts(connection: BaseDatabaseWrapper) -> Check:
    try:
        if accepted_by(connection):
            return Check("contexts", True, "accepted")
    except Exception as error:
        logger.warning("Readiness check of the contexts: %s", error)
        return Check("contexts", False, "cannot be checked")
    detail = "CONTEXT_KEYS is not the database's: run manage.py install_context_keys"
    return Check("contexts", False, detail)


def _migrations(connection: BaseDatabaseWrapper) -> Check:
    applied = MigrationRecorder(connection).applied_migrations()
    known = _migration_files().graph.nodes
    missing = [
        key
        for key, migration in known.items()
        if key not in applied
        and not (migration.replaces and all(key in applied for key in migration.replaces))
    ]
    if missing:
        return Check("migrations", False, f"{len(missing)} of {len(known)} not applied")
    return Check("migrations", True, f"all {len(known)} applied")


@cache
def _migration_files() -> MigrationLoader:
    return MigrationLoader(None, ignore_no_migrations=True)


def _failed(reason: str) -> list[Check]:
    return [
        Check("database", False, reason),
        Check("migrations", False, "not checked"),
        Check("contexts", False, "not checked"),
    ]


class HealthMiddleware:
    """Goes first: probes come by IP address, over plain http."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.readiness = Readiness()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info not in ("/healthz", "/readyz"):
            return self.get_response(request)
        response: HttpResponse
        if request.method not in ("GET", "HEAD"):
            response = HttpResponseNotAllowed(["GET", "HEAD"])
        elif request.path_info == "/healthz":
            response = JsonResponse({"status": "ok"})
        else:
            response = self.ready()
        if request.method == "HEAD":
            response.content = b""
        response["Cache-Control"] = "no-store"
        return response

    def ready(self) -> HttpResponse:
        checks = self.readiness.checks()
        ready = all(check.ok for check in checks)
        return JsonResponse(
            {
                "status": "ready" if ready else "not ready",
                "checks": [check._asdict() for check in checks],
            },
            status=200 if ready else 503,
        )
