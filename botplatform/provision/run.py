import hashlib
import os
import secrets
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
from psycopg import sql

from botplatform.planes import OWNER, PLANES
from botplatform.provision import script

# Two processes that start at once must not both create the roles.
LOCK = 0x626F7470


class ProvisionError(Exception):
    """Says what is missing and what to do."""


@dataclass
class Report:
    created_database: bool
    passwords: dict[str, str]
    # What this login may not do, and so stays open.
    warnings: list[str]


def provision(admin_url: str, database: str, *, test_databases: bool = False) -> Report:
    """Roles, database and grants; login passwords from <LOGIN>_PASSWORD, or made when absent."""
    try:
        with psycopg.connect(admin_url, autocommit=True, connect_timeout=10) as connection:
            return _provision(connection, database, test_databases)
    except psycopg.errors.InsufficientPrivilege as error:
        raise ProvisionError(
            f"This login lacks the rights to provision: {_primary(error)}.\n"
            "Use a superuser (or a role with CREATEROLE, CREATEDB and BYPASSRLS on PostgreSQL 16 "
            "or newer), or have a DBA run the output of `manage.py provision_database --sql`."
        ) from error
    except psycopg.errors.RaiseException as error:
        raise ProvisionError(f"{_primary(error)}. {error.diag.message_hint}") from error


def provision_embedded(socket_dir: str, database: str) -> None:
    """The embedded server trusts its socket: no passwords, and done only when something changed."""
    with psycopg.connect(
        host=socket_dir, user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        stamp = _stamp(database)
        row = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [database],
        ).fetchone()
        if row is None or row[0] != stamp:
            _provision(connection, database, test_databases=True, with_passwords=False)
            comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
            connection.execute(comment.format(sql.Identifier(database), sql.Literal(stamp)))


def _provision(
    connection: psycopg.Connection[Any],
    database: str,
    test_databases: bool,
    with_passwords: bool = True,
) -> Report:
    if connection.info.server_version < script.MINIMUM_VERSION:
        raise ProvisionError(
            f"This server is PostgreSQL {connection.info.parameter_status('server_version')}; "
            "botplatform needs 15 or newer."
        )
    warnings: list[str] = []
    connection.add_notice_handler(partial(_collect, warnings))
    connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    with connection.transaction():
        _run(connection, script.role_statements())
        if test_databases:
            _run(connection, script.test_statements())
        passwords = _set_passwords(connection, known) if with_passwords else {}
    is_superuser = connection.info.parameter_status("is_superuser") == "on"
    if not is_superuser:
        # To create a database for the owner one has to be a member of it.
        _run(connection, [f"GRANT {OWNER} TO CURRENT_USER"])
    exists = connection.execute(
        "SELECT pg_get_userbyid(datdba) = %s FROM pg_database WHERE datname = %s",
        [OWNER, database],
    ).fetchone()
    if exists is None:
        _run(connection, [script.create_database(database)])
    elif not exists[0]:
        _run(connection, [f"ALTER DATABASE {script.quoted(database)} OWNER TO {OWNER}"])
    _run(connection, script.reset_statements(database))
    parameters: dict[str, Any] = connection.info.get_parameters()
    if password := connection.info.password:
        parameters["password"] = password
    warnings += grant_inside(parameters, database)
    return Report(exists is None, passwords, warnings)


def grant_inside(parameters: dict[str, Any], database: str) -> list[str]:
    """What belongs to one database; returns what stays open because this login is no superuser."""
    warnings: list[str] = []
    with psycopg.connect(**{**parameters, "dbname": database}, autocommit=True) as inside:
        inside.add_notice_handler(partial(_collect, warnings))
        _run(inside, script.inside_statements(database))
    return warnings


def _collect(warnings: list[str], message: psycopg.errors.Diagnostic) -> None:
    if message.severity_nonlocalized == "WARNING":
        warnings.append(message.message_primary or "")


def _set_passwords(connection: psycopg.Connection[Any], known: set[str]) -> dict[str, str]:
    """The server is sent the verifier, never the password: statements may be logged."""
    given: dict[str, str] = {}
    for plane in PLANES:
        password = os.environ.get(plane.password_variable)
        if not password and plane.login not in known:
            password = secrets.token_urlsafe(24)
        if password:
            verifier = connection.pgconn.encrypt_password(
                password.encode(), plane.login.encode(), b"scram-sha-256"
            )
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                sql.Identifier(plane.login), sql.Literal(verifier.decode())
            )
            connection.execute(statement)
            given[plane.login] = password
    return given


def _run(connection: psycopg.Connection[Any], statements: list[str]) -> None:
    for statement in statements:
        connection.execute(statement.encode())


def _stamp(database: str) -> str:
    everything = script.psql_script(database) + "".join(script.test_statements())
    return f"botplatform {hashlib.sha256(everything.encode()).hexdigest()[:12]}"


def _primary(error: psycopg.Error) -> str:
    return error.diag.message_primary or str(error)
