"""What an operator reads when the database cannot be used: one message, no traceback."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from botplatform.embedded import EmbeddedServer
from botplatform.provision import provision
from tests.clusters import free_port, manage

PASSWORD, WRONG_PASSWORD = "sesame p@ss:word/1", "swordfish"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A provisioned, unmigrated server that wants passwords, as `?host=...`."""
    folder = Path(tempfile.mkdtemp(prefix="botplatform-test-")).resolve()
    server = EmbeddedServer(folder / "postgres")
    server.acquire()
    place = f"?host={quote(str(server.socket_dir), safe='')}"
    with pytest.MonkeyPatch.context() as patch:
        for plane in ("MIGRATOR", "OFFICE", "RUNTIME", "OPS"):
            patch.setenv(f"BOTPLATFORM_{plane}_PASSWORD", PASSWORD)
        provision(f"postgresql://postgres@/postgres{place}", "botplatform")
    (folder / "postgres" / "pg_hba.conf").write_text(
        "local all postgres trust\nlocal all all scram-sha-256\n"
    )
    with psycopg.connect(f"postgresql://postgres@/postgres{place}") as connection:
        connection.execute("SELECT pg_reload_conf()")
    yield place
    server.release()
    shutil.rmtree(folder)


def url(address: str, login: str, password: str = PASSWORD, database: str = "botplatform") -> str:
    return f"postgresql://{login}:{quote(password, safe='')}@/{database}{address}"


def refusal(*command: str, **variables: str) -> str:
    result = manage(*command, **variables)
    assert result.returncode == 1, result.stdout
    assert "Traceback" not in result.stderr
    assert "sesame" not in result.stderr
    assert "swordfish" not in result.stderr
    return result.stderr


def test_a_password_with_special_characters_works(address):
    result = manage("showmigrations", DATABASE_URL=url(address, "botplatform_migrator"))
    assert result.returncode == 0, result.stderr


def test_wrong_password(address):
    for command in (["migrate"], ["start", "--port", str(free_port())]):
        said = refusal(*command, DATABASE_URL=url(address, "botplatform_office", WRONG_PASSWORD))
        assert "password authentication failed" in said
        assert "Check the login and the password" in said


def test_unknown_login_is_told_apart_from_a_server_that_is_down(address):
    said = refusal("migrate", DATABASE_URL=url(address, "nobody_at_all"))
    assert "Check the login and the password" in said
    down = f"postgresql://botplatform_migrator@127.0.0.1:{free_port()}/botplatform"
    assert "No server answers there" in refusal("migrate", DATABASE_URL=down)
    lost = "postgresql://botplatform_migrator@no-such-host.invalid/botplatform"
    assert "No server answers there" in refusal("migrate", DATABASE_URL=lost)


def test_unknown_database(address):
    said = refusal("migrate", DATABASE_URL=url(address, "botplatform_migrator", database="other"))
    assert "The database does not exist" in said


def test_migrations_want_the_migrator(address):
    said = refusal("migrate", DATABASE_URL=url(address, "botplatform_office"))
    assert "Migrations run under the login botplatform_migrator, not botplatform_office" in said
    said = refusal("migrate", DATABASE_URL=url(address, "postgres"))
    assert "Migrations run under the login botplatform_migrator, not postgres" in said


def test_tables_that_are_missing(address):
    said = refusal("seed_demo", "--no-input", DATABASE_URL=url(address, "botplatform_ops"))
    assert "manage.py migrate" in said
    port = str(free_port())
    said = refusal("start", "--port", port, DATABASE_URL=url(address, "botplatform_office"))
    assert "migrations are not applied" in said


def test_a_server_nobody_provisioned(workspace):
    server = EmbeddedServer(workspace / "postgres")
    server.acquire()
    place = f"?host={quote(str(server.socket_dir), safe='')}"
    try:
        said = refusal("migrate", DATABASE_URL=f"postgresql://postgres@/postgres{place}")
        assert "provision_database" in said
        said = refusal("migrate", DATABASE_URL=f"postgresql://botplatform_office@/x{place}")
        assert "provision_database" in said
    finally:
        server.release()
