"""From an empty folder to a back office with something in it; each step adds what is missing."""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import QuerySet
from django.utils import timezone

from botplatform.planes import OFFICE

FIRST_USER = "admin"
SAMPLE = ("--bots", "4", "--conversations", "60", "--messages", "2000")
SERVICES = (("run_jobs",), ("roll_up_metrics", "-v", "0", "--watch", "60"))


class SetupError(Exception):
    """Says what is missing and what to do."""


def start_database() -> str:
    if settings.PLANE is not OFFICE:
        raise SetupError(
            f"The back office runs under the login {OFFICE.login}, and DATABASE_URL names "
            f"{settings.DATABASES['default']['USER']}."
        )
    connection.ensure_connection()
    version = ".".join(str(part) for part in connection.get_database_version())
    if settings.EMBEDDED_SERVER:
        place = os.path.relpath(settings.DATA_DIR, Path.cwd())
        return f"embedded PostgreSQL {version}, data in {place}"
    return f"PostgreSQL {version} at {connection.settings_dict['HOST'] or 'the local socket'}"


def migrate() -> str:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return "up to date"
    if not settings.EMBEDDED_SERVER:
        raise SetupError(
            f"{len(plan)} migrations are not applied. Run `manage.py migrate` with the migrator's "
            "DATABASE_URL, then start again."
        )
    _manage("migrate", "--verbosity", "0")
    return f"{len(plan)} migrations applied"


def import_first_fleet() -> str | None:
    """Only on the embedded server, and only before there is a user: made-up legacy files, which go
    the way that real ones will go."""
    if not settings.EMBEDDED_SERVER or _superusers().exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "legacy"
        # Chats run on for a while after their last dialogue has begun.
        until = (timezone.now() - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
        _manage("make_legacy_sample", str(tree), *SAMPLE, "--until", until, "--verbosity", "0")
        made = json.loads(
            _manage(
                "import_legacy_json", str(tree), "--all-bots", "--no-input", "--format=json", "-v0"
            )
        )
    _manage("roll_up_metrics", "-v", "0")
    messages = made["kinds"]["messages"]["inserted"]
    return f"{len(made['bots'])} bots with {messages} messages, imported from made-up files"


def first_superuser() -> tuple[str, str]:
    """The user's name, and the password or how to get a new one."""
    existing = _superusers().order_by("date_joined").first()
    if not existing and not settings.EMBEDDED_SERVER:
        how = "make one: `manage.py createsuperuser` with the migrator's DATABASE_URL"
        return "none yet", how
    if existing:
        return existing.get_username(), "as shown at the first start; a new one: `make password`"
    password = secrets.token_urlsafe(12)
    _manage(
        *("createsuperuser", "--no-input", "--username", FIRST_USER),
        *("--email", "", "--verbosity", "0"),
        DJANGO_SUPERUSER_PASSWORD=password,
    )
    return FIRST_USER, f"{password}  (shown this once)"


@contextmanager
def services() -> Iterator[None]:
    """Beside the server for as long as it serves; elsewhere they are services of their own."""
    if not settings.EMBEDDED_SERVER:
        yield
        return
    server = os.getpid()
    started = [
        subprocess.Popen([*_program(), *service, "--parent", str(server)]) for service in SERVICES
    ]
    try:
        yield
    finally:
        # The server's workers are forks, and leave by here as well.
        if os.getpid() == server:
            for service in started:
                service.terminate()
            for service in started:
                service.wait()


def _superusers() -> QuerySet[User]:
    return User.objects.filter(is_superuser=True, is_active=True)


def _manage(*arguments: str, **variables: str) -> str:
    """In a process of its own: the command has another plane's login."""
    result = subprocess.run(
        [*_program(), *arguments],
        check=False,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **variables},
    )
    if result.returncode:
        raise SetupError(f"`manage.py {arguments[0]}` failed; its message is above.")
    return result.stdout


def _program() -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py")]
