"""The back office as it is served, a process of its own under the office's login."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlencode

from django.conf import settings

from botplatform.planes import OFFICE
from tests.clusters import ROOT, clean_environment
from tests.isolation.world import parameters


def office_url() -> str:
    """Of the test database, on whichever server it is."""
    login = parameters(OFFICE.login)
    user, password, name = (
        quote(str(login.pop(key, "")), safe="") for key in ("user", "password", "dbname")
    )
    login.setdefault("port", 5432)
    return f"postgresql://{user}:{password}@/{name}?{urlencode(login)}"


@contextmanager
def back_office() -> Iterator[str]:
    """Its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = clean_environment(
        DATABASE_URL=office_url(),
        DATA_DIR=str(settings.DATA_DIR),
        DEBUG="false",
        WEB_CONCURRENCY="1",
        LOG_LEVEL="WARNING",
    )
    command = [sys.executable, "manage.py", "start", "--port", str(port)]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        address = f"http://127.0.0.1:{port}"
        try:
            if not _ready(process, f"{address}/readyz"):
                output.seek(0)
                raise RuntimeError(f"The back office did not start:\n{output.read().decode()}")
            yield address
        finally:
            process.terminate()
            process.wait(30)
            output.seek(0)
            os.write(2, output.read())


def _ready(process: subprocess.Popen[bytes], probe: str) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(probe, timeout=5).close()
            return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False
