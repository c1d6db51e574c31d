"""The SQL of provisioning, as pure strings; every statement may be run again."""

from botplatform.planes import (
    GROUPS,
    KEEPER,
    MIGRATOR,
    OPS,
    OWNER,
    PLANES,
    SEARCHER,
    Plane,
)
from botplatform.provision.closed import closing_statements, hide_statements

MINIMUM_VERSION = 150000


def role_statements() -> list[str]:
    return [
        # It inherits what PostgreSQL gives to the owner of a database.
        _create_role(OWNER, "NOLOGIN INHERIT"),
        *(_create_role(name, "NOLOGIN NOINHERIT") for name in (*GROUPS, KEEPER, SEARCHER)),
        *(_create_role(plane.login, _login_attributes(plane)) for plane in PLANES),
        *(f"GRANT {plane.member_of} TO {plane.login}" for plane in PLANES),
        # To hand over to them the functions that run as them.
        f"GRANT {KEEPER}, {SEARCHER} TO {MIGRATOR.login}",
        *(statement for plane in PLANES for statement in settings_of(plane)),
        hide_statements(),
    ]


def test_statements() -> list[str]:
    """The test suite runs as the migrator: it makes databases and enters every context."""
    return [
        f"ALTER ROLE {MIGRATOR.login} CREATEDB",
        f"GRANT {', '.join(GROUPS)} TO {MIGRATOR.login}",
    ]


def reset_statements(database: str) -> list[str]:
    """A login may have altered itself for this database alone."""
    return [
        f"ALTER ROLE {plane.login} IN DATABASE {quoted(database)} RESET ALL" for plane in PLANES
    ]


def inside_statements(database: str) -> list[str]:
    """Run inside the database, by its owner or a superuser."""
    return [*_database_statements(database), *_schema_statements(), *closing_statements()]


def _database_statements(database: str) -> list[str]:
    name = quoted(database)
    logins = ", ".join(plane.login for plane in PLANES)
    return [
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {name} TO {logins}",
        f"GRANT TEMPORARY ON DATABASE {name} TO {MIGRATOR.login}, {OPS.login}, {OPS.member_of}",
    ]


def _schema_statements() -> list[str]:
    users = ", ".join([*GROUPS, *(plane.login for plane in PLANES)])
    return [
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER}",
        f"GRANT USAGE ON SCHEMA public TO {users}",
    ]


def create_database(database: str) -> str:
    return f"CREATE DATABASE {quoted(database)} OWNER {OWNER} TEMPLATE template0 ENCODING 'UTF8'"


def psql_script(database: str) -> str:
    """The same for a DBA to read and run with psql."""
    literal = "'" + database.replace("'", "''") + "'"
    creation = create_database(database).replace("'", "''")
    parts = [
        "-- botplatform: roles, database and grants. Run with psql as a superuser (PostgreSQL 15",
        "-- or newer). It may be run again.",
        "\\set ON_ERROR_STOP on",
        *(f"{statement};" for statement in role_statements()),
        f"SELECT '{creation}' WHERE NOT EXISTS",
        f"  (SELECT FROM pg_database WHERE datname = {literal}) \\gexec",
        *(f"{statement};" for statement in reset_statements(database)),
        f"\\connect {quoted(database)}",
        *(f"{statement};" for statement in inside_statements(database)),
        "-- Then give each login a password of its own:",
        *(f"--   \\password {plane.login}" for plane in PLANES),
    ]
    return "\n".join(parts) + "\n"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _login_attributes(plane: Plane) -> str:
    # The migrator alters what the owner owns, so it alone inherits, and it sees every row.
    return "LOGIN INHERIT BYPASSRLS" if plane is MIGRATOR else "LOGIN NOINHERIT"


def _create_role(name: str, attributes: str) -> str:
    """Refuses a role of that name that is somebody else's: it would be handed to our logins."""
    foreign = "rolsuper OR rolcreaterole OR rolreplication"
    if attributes.startswith("NOLOGIN"):
        foreign += " OR rolcanlogin OR rolbypassrls"
    if attributes.endswith("NOINHERIT"):
        foreign += " OR rolinherit"
    return f"""DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}' AND ({foreign})) THEN
    RAISE EXCEPTION 'role "{name}" exists and has rights botplatform''s role must not have'
      USING HINT = 'Another program seems to own it; use a server of its own for botplatform.';
  ELSIF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN
    CREATE ROLE {name} {attributes};
  END IF;
END $$"""


def settings_of(plane: Plane) -> list[str]:
    """Kept by the server for the login, so they hold through a connection pooler as well.

    A login may alter its own: all of them go first.
    """
    return [
        f"ALTER ROLE {plane.login} RESET ALL",
        *(
            f"ALTER ROLE {plane.login} SET {setting} = '{value}'"
            for setting, value in (
                ("statement_timeout", plane.statement_timeout),
                ("lock_timeout", plane.lock_timeout),
                ("idle_in_transaction_session_timeout", plane.idle_in_transaction_timeout),
            )
        ),
    ]
