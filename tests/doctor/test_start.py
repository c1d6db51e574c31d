"""A production back office looks before it serves."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from botplatform.embedded import EmbeddedServer
from botplatform.planes import MIGRATOR, OFFICE, OPS
from botplatform.provision import provision
from tests.botplatform.test_settings import PRODUCTION
from tests.clusters import ROOT, clean_environment, free_port, manage

IMPORT = ["-c", "import botplatform.wsgi; print('serving')"]


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    """Provisioned and migrated as a production server is."""
    with tempfile.TemporaryDirectory(prefix="botplatform-test-") as folder:
        Path(folder).chmod(0o711)
        server = EmbeddedServer(Path(folder).resolve() / "postgres")
        server.acquire()
        provision(url(server, "postgres", "postgres"), "fleet")
        migrated = manage("migrate", "-v", "0", DATABASE_URL=url(server, MIGRATOR.login))
        assert migrated.returncode == 0, migrated.stderr
        yield server
        server.release()


def url(server: EmbeddedServer, login: str, database: str = "fleet") -> str:
    return f"postgresql://{login}@/{database}?host={quote(str(server.socket_dir), safe='')}"


def start(
    server: EmbeddedServer, *program: str, login: str = OFFICE.login
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *program],
        env=clean_environment(**PRODUCTION | {"DATABASE_URL": url(server, login)}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


@contextmanager
def broken(server: EmbeddedServer, sql: str, mended: str) -> Iterator[None]:
    with psycopg.connect(url(server, "postgres"), autocommit=True) as connection:
        connection.execute(sql)
        yield
        connection.execute(mended)


def test_a_healthy_database_is_served(server: EmbeddedServer) -> None:
    result = start(server, *IMPORT)
    assert (result.returncode, result.stdout) == (0, "serving\n"), result.stderr


@pytest.mark.parametrize("plane", [OPS, OFFICE], ids=lambda plane: plane.name)
def test_production_has_no_findings_for_any_login(server: EmbeddedServer, plane) -> None:
    variables = PRODUCTION | {"DATABASE_URL": url(server, plane.login)}
    result = manage("check_isolation", **variables)
    assert result.returncode == 0, result.stdout + result.stderr


def test_open_data_is_not_served(server: EmbeddedServer) -> None:
    with broken(
        server,
        "ALTER TABLE messages_p3 DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE messages_p3 ENABLE ROW LEVEL SECURITY",
    ):
        result = start(server, *IMPORT)
    assert result.returncode == 3
    assert not result.stdout.endswith("serving\n")
    assert "tenants.I001 messages_p3: row security is not enabled" in result.stdout
    assert "Not serving: isolation is broken. See `manage.py check_isolation`." in result.stdout


def test_gunicorn_gives_up_instead_of_trying_again(server: EmbeddedServer) -> None:
    gunicorn = ["-m", "gunicorn", "botplatform.wsgi", "--bind", f"127.0.0.1:{free_port()}"]
    with broken(server, "GRANT SELECT ON auth_user TO bot", "REVOKE SELECT ON auth_user FROM bot"):
        result = start(server, *gunicorn)
    assert result.returncode == 3
    assert "tenants.I006" in result.stdout


def test_what_opens_no_data_is_only_logged(server: EmbeddedServer) -> None:
    with broken(
        server,
        "ALTER TABLE bots DISABLE TRIGGER USER",
        "DO $$ DECLARE t record; BEGIN FOR t IN SELECT tgname, tgname ~ 'audit' AS always"
        " FROM pg_trigger WHERE tgrelid = 'bots'::regclass AND NOT tgisinternal LOOP EXECUTE"
        " format('ALTER TABLE bots ENABLE %s TRIGGER %I', CASE WHEN t.always THEN 'ALWAYS'"
        " ELSE '' END, t.tgname); END LOOP; END $$",
    ):
        result = start(server, *IMPORT)
    assert result.returncode == 0, result.stdout
    assert "tenants.I022" in result.stdout
    assert result.stdout.endswith("serving\n")


@pytest.mark.parametrize("plane", [OPS, MIGRATOR], ids=lambda plane: plane.name)
def test_another_planes_login_does_not_serve(server: EmbeddedServer, plane) -> None:
    result = start(server, *IMPORT, login=plane.login)
    assert result.returncode == 3
    assert f"tenants.I015 {plane.login}: is the login here" in result.stdout


def test_without_a_database_nothing_is_served(server: EmbeddedServer) -> None:
    variables = PRODUCTION | {"DATABASE_URL": "postgresql://botplatform_office@127.0.0.1:1/fleet"}
    result = subprocess.run(
        [sys.executable, *IMPORT],
        env=clean_environment(**variables),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 3
    assert "Not serving: isolation cannot be examined." in result.stdout
