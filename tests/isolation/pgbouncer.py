"""A PgBouncer in transaction mode before the test server, with fewer connections than clients."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.clusters import free_port
from tests.isolation.world import LOGINS, parameters

SERVER_CONNECTIONS = 3


def program() -> str | None:
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def pgbouncer(folder: Path) -> Iterator[dict[str, object]]:
    """Yields host and port. It refuses to run as root, so root runs it as the server's user."""
    server, port = parameters(LOGINS["bot"]), free_port()
    target = " ".join(f"{key}={server[key]}" for key in ("host", "port") if key in server)
    users = folder / "users.txt"
    password = server.get("password", "")
    users.write_text("".join(f'"{login}" "{password}"\n' for login in LOGINS.values()))
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n{server['dbname']} = {target}\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = {'scram-sha-256' if password else 'trust'}\nauth_file = {users}\n"
        f"pool_mode = transaction\ndefault_pool_size = {SERVER_CONNECTIONS}\n"
        "max_client_conn = 50\nignore_startup_parameters = extra_float_digits\n"
    )
    options = {}
    if os.geteuid() == 0:
        host = Path(str(server.get("host", "")))
        owner = host.stat().st_uid if host.is_dir() else 0
        options = {"user": owner or 65534, "group": 65534, "extra_groups": []}
        folder.chmod(0o755)
    log = (folder / "log").open("wb")
    process = subprocess.Popen([program(), str(settings)], stdout=log, stderr=log, **options)
    try:
        for _ in range(100):
            try:
                psycopg.connect(**{**server, "host": "127.0.0.1", "port": port}).close()
                break
            except psycopg.OperationalError as error:
                if process.poll() is not None:
                    text = (folder / "log").read_text()
                    raise RuntimeError(f"PgBouncer does not run: {text}") from error
                time.sleep(0.05)
        else:
            raise RuntimeError("PgBouncer does not answer: " + (folder / "log").read_text())
        yield {"host": "127.0.0.1", "port": port}
    finally:
        process.terminate()
        process.wait(10)
        log.close()
