import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from urllib.parse import quote

import psycopg
import pytest
from cryptography.fernet import Fernet
from psycopg import errors

from botplatform.embedded import EmbeddedServer
from botplatform.planes import GROUPS, KEEPER, OFFICE, OPS, OWNER, PLANES, RUNTIME, SEARCHER
from botplatform.provision import ProvisionError, provision
from tests.botplatform.old_server import server_of_version
from tests.clusters import ROOT, clean_environment, manage

PRODUCTION_KEYS = {
    "SECRET_KEY": secrets.token_urlsafe(50),
    "TOKEN_FINGERPRINT_KEY": secrets.token_urlsafe(50),
    "CONTEXT_KEYS": secrets.token_urlsafe(50),
    "TOKEN_KEYS": Fernet.generate_key().decode(),
    "ALLOWED_HOSTS": "office.example.com",
}


@pytest.fixture(autouse=True)
def no_given_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    for plane in PLANES:
        monkeypatch.delenv(plane.password_variable, raising=False)


def url(server: EmbeddedServer, user: str = "postgres", database: str = "postgres") -> str:
    return f"postgresql://{user}@/{database}?host={quote(str(server.socket_dir), safe='')}"


def catalog(server: EmbeddedServer) -> list[tuple]:
    with psycopg.connect(url(server)) as connection:
        return connection.execute(
            "SELECT rolname, rolsuper, rolcanlogin, rolinherit, rolbypassrls, rolcreatedb,"
            " rolpassword, (SELECT setconfig FROM pg_db_role_setting WHERE setrole = oid),"
            " ARRAY(SELECT roleid::regrole::text FROM pg_auth_members WHERE member = a.oid)"
            " FROM pg_authid a WHERE rolname !~ '^pg_' ORDER BY 1"
        ).fetchall()


def test_from_nothing_to_migrated_and_again(server):
    first = provision(url(server), "fleet")
    assert first.created_database
    assert set(first.passwords) == {plane.login for plane in PLANES}
    assert len(set(first.passwords.values())) == 4

    before = catalog(server)
    second = provision(url(server), "fleet")
    assert not second.created_database
    assert second.passwords == {}
    assert catalog(server) == before

    migrated = manage("migrate", DATABASE_URL=url(server, "botplatform_migrator", "fleet"))
    assert migrated.returncode == 0, migrated.stderr
    with psycopg.connect(url(server, database="fleet")) as connection:
        owners = connection.execute(
            "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace"
            " UNION SELECT pg_get_userbyid(proowner) FROM pg_proc"
            " WHERE pronamespace = 'public'::regnamespace"
            " UNION SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'fleet'"
        ).fetchall()
    assert {owner for (owner,) in owners} == {OWNER, KEEPER, SEARCHER}


def test_roles_are_as_designed(server):
    provision(url(server), "fleet")
    roles = {row[0]: row[1:] for row in catalog(server)}
    for name in (OWNER, KEEPER, SEARCHER, *GROUPS):
        is_super, can_login, inherits, bypasses, *_, member_of = roles[name]
        assert (is_super, can_login, bypasses, member_of) == (False, False, False, [])
        assert inherits == (name == OWNER)
    for plane in PLANES:
        is_super, can_login, inherits, bypasses, creates, password, settings, member_of = roles[
            plane.login
        ]
        migrator = plane.name == "migrator"
        assert not is_super
        assert can_login
        assert not creates
        assert inherits == bypasses == migrator
        assert password.startswith("SCRAM-SHA-256$")
        assert set(member_of) == {plane.member_of, *([KEEPER, SEARCHER] if migrator else [])}
        assert f"statement_timeout={plane.statement_timeout}" in settings
        assert f"lock_timeout={plane.lock_timeout}" in settings


def test_a_given_password_is_set_and_changed(server, monkeypatch):
    monkeypatch.setenv(OFFICE.password_variable, "first p@ss/word")
    assert provision(url(server), "fleet").passwords[OFFICE.login] == "first p@ss/word"
    before = {row[0]: row[6] for row in catalog(server)}
    monkeypatch.setenv(OFFICE.password_variable, "second")
    assert provision(url(server), "fleet").passwords == {OFFICE.login: "second"}
    after = {row[0]: row[6] for row in catalog(server)}
    assert {name for name in after if after[name] != before[name]} == {OFFICE.login}


def test_a_login_that_altered_itself_is_put_right_again(server, monkeypatch):
    monkeypatch.setenv(RUNTIME.password_variable, "planned")
    provision(url(server), "fleet")
    before = [row for row in catalog(server) if row[0] == RUNTIME.login]
    planned = settings_of(server)
    with psycopg.connect(url(server, RUNTIME.login, "fleet"), autocommit=True) as connection:
        for change in (
            "PASSWORD 'mine'",
            "SET search_path = 'pg_catalog'",
            "SET role = 'bot'",
            "SET statement_timeout = 0",
            "IN DATABASE fleet SET lock_timeout = 0",
        ):
            connection.execute(f"ALTER ROLE {RUNTIME.login} {change}")
    assert settings_of(server) != planned
    assert provision(url(server), "fleet").passwords == {RUNTIME.login: "planned"}
    assert settings_of(server) == planned
    after = [row for row in catalog(server) if row[0] == RUNTIME.login]
    # The same password has another salt.
    assert after[0][6] != before[0][6]
    assert [(*row[:6], *row[7:]) for row in after] == [(*row[:6], *row[7:]) for row in before]


def settings_of(server: EmbeddedServer) -> list[tuple]:
    with psycopg.connect(url(server)) as connection:
        return connection.execute(
            "SELECT setrole::regrole::text, setdatabase, setconfig FROM pg_db_role_setting"
            " ORDER BY 1, 2"
        ).fetchall()


def test_logins_cannot_create_or_climb(server):
    provision(url(server), "fleet")
    for plane in PLANES[1:]:
        with psycopg.connect(url(server, plane.login, "fleet"), autocommit=True) as connection:
            for statement in (
                "CREATE TABLE public.mine ()",
                f"SET ROLE {OWNER}",
                *(f"SET ROLE {group}" for group in GROUPS if group != plane.member_of),
                *(f"SET ROLE {other.login}" for other in PLANES if other is not plane),
                "CREATE ROLE friend",
                "CREATE DATABASE theirs",
            ):
                with pytest.raises(errors.InsufficientPrivilege):
                    connection.execute(statement)
            connection.execute(f"SET ROLE {plane.member_of}")


def test_the_script_for_a_dba_does_the_same(server):
    printed = manage(
        "provision_database",
        "--sql",
        "--database",
        "fle'et",
        ENVIRONMENT="production",
        **PRODUCTION_KEYS,
    )
    assert printed.returncode == 0, printed.stderr
    psql = server_program(server, "psql")
    for _ in range(2):
        done = subprocess.run(
            [psql, url(server), "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"],
            input=printed.stdout,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    by_script = catalog(server)
    assert not provision(url(server), "fle'et").created_database
    assert catalog(server) == by_script


def server_program(server: EmbeddedServer, name: str) -> str:
    with psycopg.connect(url(server)) as connection:
        row = connection.execute("SELECT setting FROM pg_config() WHERE name = 'BINDIR'").fetchone()
    assert row
    return f"{row[0]}/{name}"


def test_a_role_of_somebody_else_is_not_taken_over(server):
    with psycopg.connect(url(server), autocommit=True) as connection:
        connection.execute("CREATE ROLE admin LOGIN SUPERUSER")
    before = catalog(server)
    with pytest.raises(ProvisionError, match='role "admin" exists and has rights'):
        provision(url(server), "fleet")
    assert catalog(server) == before


@pytest.mark.slow
def test_works_for_an_administrator_who_is_no_superuser(server):
    with psycopg.connect(url(server), autocommit=True) as connection:
        connection.execute("CREATE ROLE dba LOGIN CREATEROLE CREATEDB BYPASSRLS")
    assert provision(url(server, "dba"), "fleet").created_database
    assert not provision(url(server, "dba"), "fleet").created_database
    migrated = manage("migrate", DATABASE_URL=url(server, "botplatform_migrator", "fleet"))
    assert migrated.returncode == 0, migrated.stderr

    # What only a superuser can close is said and reported.
    again = manage(
        "provision_database", "--database", "fleet", ADMIN_DATABASE_URL=url(server, "dba")
    )
    assert again.returncode == 0
    assert again.stderr.count("Without a superuser it stays open that") == 2
    assert "end others of the same login, share large objects" in again.stderr
    assert "see each other's statements" in again.stderr
    assert broken_rules(server) == ["tenants.I029", "tenants.I035"]
    refused = serve(server)
    assert refused.returncode == 3
    assert "tenants.I035" in refused.stdout

    # The provider's parameters can hide statements: then the office serves.
    with psycopg.connect(url(server), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET track_activities = off")
        connection.execute("SELECT pg_reload_conf()")
    wait_for(lambda: broken_rules(server) == ["tenants.I029"])
    served = serve(server)
    assert "tenants.I029" in served.stdout
    assert served.stdout.endswith("serving\n")
    with psycopg.connect(url(server), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM RESET track_activities")
        connection.execute("SELECT pg_reload_conf()")

    assert provision(url(server), "fleet").warnings == []
    assert broken_rules(server) == []


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.2)


def serve(server: EmbeddedServer) -> subprocess.CompletedProcess[str]:
    office = {"DATABASE_URL": url(server, OFFICE.login, "fleet"), "ENVIRONMENT": "production"}
    return subprocess.run(
        [sys.executable, "-c", "import botplatform.wsgi; print('serving')"],
        env=clean_environment(**PRODUCTION_KEYS, **office),
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def broken_rules(server: EmbeddedServer) -> list[str]:
    found = manage(
        *("check_isolation", "--format", "json"),
        DATABASE_URL=url(server, OPS.login, "fleet"),
        ENVIRONMENT="production",
        **PRODUCTION_KEYS,
    )
    return [rule["id"] for rule in json.loads(found.stdout)["rules"] if not rule["ok"]]


def test_functions_are_closed_in_this_database_and_by_the_script(server):
    provision(url(server), "fleet")
    script = manage("provision_database", "--sql", "--database", "by_script").stdout
    psql = [server_program(server, "psql"), url(server), "-q", "-f", "-"]
    done = subprocess.run(psql, input=script, capture_output=True, text=True)
    assert done.returncode == 0
    assert "WARNING" not in done.stderr
    for database in ("fleet", "by_script"):
        for plane in PLANES[1:]:
            with psycopg.connect(url(server, plane.login, database), autocommit=True) as session:
                for call in ("pg_cancel_backend(0)", "lo_create(0)", "set_config('a.b', '', true)"):
                    with pytest.raises(errors.InsufficientPrivilege):
                        session.execute(f"SELECT {call}")


def test_an_unprivileged_login_is_told_what_to_do(server):
    with psycopg.connect(url(server), autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN")
    before = catalog(server)
    result = manage("provision_database", ADMIN_DATABASE_URL=url(server, "guest"))
    assert result.returncode == 1
    assert "lacks the rights to provision" in result.stderr
    assert "--sql" in result.stderr
    assert "Traceback" not in result.stderr
    assert catalog(server) == before


def test_the_command_prints_urls_that_work(server):
    result = manage("provision_database", "--database", "fleet", ADMIN_DATABASE_URL=url(server))
    assert result.returncode == 0, result.stderr
    lines = [line.split() for line in result.stdout.splitlines() if "DATABASE_URL=postgres" in line]
    assert [words[0] for words in lines] == [plane.name for plane in PLANES]
    for name, setting in lines:
        assert setting.startswith(f"DATABASE_URL=postgresql://botplatform_{name}:")
        with psycopg.connect(setting.removeprefix("DATABASE_URL=")) as connection:
            assert connection.info.dbname == "fleet"
    again = manage("provision_database", "--database", "fleet", ADMIN_DATABASE_URL=url(server))
    assert "keep their passwords" in again.stdout
    assert "botplatform_office:" not in again.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "ADMIN_DATABASE_URL"),
        (["--admin-url", "postgresql://x@127.0.0.1:1/postgres"], "No server answers there"),
        (["--admin-url", "postgresql://x@127.0.0.1:nan/postgres"], "port"),
        (["--admin-url", "postgresql://x:wr@ng@s3cret@127.0.0.1:1/postgres"], "cannot be read"),
        (["--admin-url", "postgresql://x:s3cret%zz@127.0.0.1:1/postgres"], "cannot be read"),
        (["--admin-url", "mysql://x:s3cret@127.0.0.1:1/postgres"], "must look like"),
        (["--database", ""], "1 to 63 bytes"),
        (["--database", "x" * 64], "1 to 63 bytes"),
    ],
)
def test_bad_input_gets_one_clear_message(arguments, message):
    result = manage("provision_database", *arguments)
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert "s3cret" not in result.stderr


def test_a_server_that_is_too_old():
    with server_of_version("14.9") as port:
        address = f"127.0.0.1:{port}/postgres"
        admin = manage("provision_database", "--admin-url", f"postgresql://postgres@{address}")
        assert admin.returncode == 1
        assert "PostgreSQL 14.9; botplatform needs 15 or newer" in admin.stderr
        migrate = manage("migrate", DATABASE_URL=f"postgresql://botplatform_migrator@{address}")
        assert migrate.returncode == 1
        assert "PostgreSQL 15 or later is required" in migrate.stderr
        for result in (admin, migrate):
            assert "Traceback" not in result.stderr
