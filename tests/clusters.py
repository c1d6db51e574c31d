"""Servers and processes for tests of what an operator does on a machine."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
OUR_VARIABLES = (
    *(
        "DATABASE_URL",
        "RUNTIME_DATABASE_URL",
        "ADMIN_DATABASE_URL",
        "BOTPLATFORM_PLANE",
        "DATA_DIR",
        "ENVIRONMENT",
    ),
    *("SECRET_KEY", "TOKEN_KEYS", "TOKEN_FINGERPRINT_KEY", "CONTEXT_KEYS"),
    *("ALLOWED_HOSTS", "DEBUG"),
    *(f"BOTPLATFORM_{plane}_PASSWORD" for plane in ("MIGRATOR", "OFFICE", "RUNTIME", "OPS")),
    "DJANGO_SETTINGS_MODULE",
)


def clean_environment(**variables: str) -> dict[str, str]:
    """The machine's environment without what this test run was started with."""
    inherited = {name: value for name, value in os.environ.items() if name not in OUR_VARIABLES}
    return {**inherited, **variables}


def manage(*arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=clean_environment(**variables),
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=180,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def processes_of(folder: Path) -> list[psutil.Process]:
    """Everything that still runs with this folder in its command line or as its working folder."""
    found = []
    for process in psutil.process_iter():
        try:
            places = [*process.cmdline(), process.cwd()]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if process.status() != psutil.STATUS_ZOMBIE and any(str(folder) in p for p in places):
            found.append(process)
    return found
