"""A command as an operator gives it, in a process of its own, and the memory it took."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clusters import ROOT, clean_environment

MOST_MB = 300


@dataclass
class Measured:
    status: int
    out: str
    err: str
    peak_mb: float

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.out))


def measured(cluster: Path, *arguments: str, seconds: float = 1200) -> Measured:
    """Its own peak, not getrusage's: that begins with the memory of who started it."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=clean_environment(DATA_DIR=str(cluster)), cwd=ROOT, stdout=out, stderr=err,
        )  # fmt: skip
        until, peak = time.monotonic() + seconds, 0
        try:
            while process.poll() is None:
                assert time.monotonic() < until, f"{arguments[0]} takes more than {seconds} s"
                peak = max(peak, _peak_kb(process.pid))
                time.sleep(0.02)
        finally:
            process.kill()
        for said in (out, err):
            said.seek(0)
        return Measured(process.returncode, out.read(), err.read(), peak / 1024)


def _peak_kb(pid: int) -> int:
    found = re.search(r"VmHWM:\s*([0-9]+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) if found else 0


def in_bounds(done: Measured, *statuses: int) -> Measured:
    """What it said, if it ended so and took no more than it may."""
    assert done.status in (statuses or (0,)), done.err or done.out
    assert "Traceback" not in done.err
    assert done.peak_mb < MOST_MB
    return done


def append(path: Path, begin: bytes, record: bytes, times: int, end: bytes) -> None:
    with path.open("wb") as out:
        out.write(begin + record)
        for _ in range(times // 1000):
            out.write((b"," + record) * 1000)
        out.write(end)
    os.utime(path, (1_700_000_000, 1_700_000_000))
