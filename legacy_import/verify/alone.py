"""A verification in a process of its own, so that its memory can be told."""

import multiprocessing
import re
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import django
from django.db import connection

PEAK = re.compile(r"VmHWM:\s*([0-9]+)")


def verified_alone(root: Path) -> tuple[dict[str, int], float, float | None]:
    """How many differences each check found, seconds, and the most megabytes it took, if known."""
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawning) as process:
        return process.submit(_verify, dict(connection.settings_dict), root).result()


def _verify(database: dict[str, Any], root: Path) -> tuple[dict[str, int], float, float | None]:
    django.setup()
    from legacy_import.verify.verification import Verification

    connection.settings_dict.update(database)
    started = time.perf_counter()
    findings = Verification(root).run()
    return dict(findings.total), time.perf_counter() - started, _peak_mb()


def _peak_mb() -> float | None:
    # Not getrusage: that begins with the memory of the process that made this one.
    status = Path("/proc/self/status")
    found = PEAK.search(status.read_text()) if status.exists() else None
    return int(found[1]) / 1024 if found else None
