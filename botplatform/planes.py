"""The four kinds of process and the database login of each.

A process has one login, so it cannot climb into another plane's rights.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

OWNER = "botplatform_owner"
# Owns the functions that do what the roles themselves may not; nobody becomes it.
KEEPER = "botplatform_keeper"
# Owns the search function, and may read what it searches; nobody becomes it either.
SEARCHER = "botplatform_searcher"
GROUPS = ("super_admin", "admin", "bot", "app_base")


@dataclass(frozen=True)
class Plane:
    name: str
    login: str
    member_of: str
    statement_timeout: str
    lock_timeout: str
    idle_in_transaction_timeout: str
    pooled: bool

    @property
    def password_variable(self) -> str:
        return f"{self.login.upper()}_PASSWORD"


MIGRATOR = Plane("migrator", "botplatform_migrator", OWNER, "0", "30s", "10min", pooled=False)
OFFICE = Plane("office", "botplatform_office", "admin", "30s", "5s", "1min", pooled=True)
RUNTIME = Plane("runtime", "botplatform_runtime", "bot", "10s", "5s", "30s", pooled=True)
OPS = Plane("ops", "botplatform_ops", "super_admin", "0", "30s", "10min", pooled=False)

PLANES = (MIGRATOR, OFFICE, RUNTIME, OPS)

COMMAND_PLANES = {
    **dict.fromkeys(
        (
            *("migrate", "showmigrations", "sqlmigrate", "makemigrations", "pgmakemigrations"),
            *("dbshell", "flush", "inspectdb", "pgtrigger", "squashmigrations", "test"),
            *("createsuperuser", "changepassword"),
            *("rotate_token_key", "install_context_keys", "pgpartition"),
            *("bench", "bench_import", "bench_pages"),
            *("axes_list_attempts", "axes_reset", "axes_reset_ip", "axes_reset_username"),
        ),
        MIGRATOR,
    ),
    **dict.fromkeys(("start", "runserver", "clearsessions"), OFFICE),
}


def plane_of_process(argv: Sequence[str]) -> Plane:
    """`BOTPLATFORM_PLANE` when set, else what the command line says.

    manage.py's other commands are operators' work; a WSGI server is the office; anything else
    that loads the settings is a bot process.
    """
    if name := os.environ.get("BOTPLATFORM_PLANE"):
        return plane_named(name)
    if is_command(argv):
        return COMMAND_PLANES.get(argv[1] if len(argv) > 1 else "", OPS)
    return OFFICE if _program(argv) == "gunicorn" else RUNTIME


def is_command(argv: Sequence[str]) -> bool:
    return _program(argv) == "manage.py"


def _program(argv: Sequence[str]) -> str:
    return Path(argv[0]).name if argv else ""


def plane_named(name: str) -> Plane:
    for plane in PLANES:
        if plane.name == name:
            return plane
    names = ", ".join(plane.name for plane in PLANES)
    raise ValueError(f"BOTPLATFORM_PLANE is {name!r}; it must be one of: {names}.")
