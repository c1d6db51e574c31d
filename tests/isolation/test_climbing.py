"""A login reaches its own role and nothing above or beside it."""

import psycopg
import pytest

from botplatform.planes import GROUPS, KEEPER, MIGRATOR, OWNER, PLANES
from tests.isolation.world import (
    ALL_TABLES,
    DENIED,
    LOGINS,
    TENANT_TABLES,
    World,
    acting,
    context_statements,
    log_in,
    refusal,
)

pytestmark = pytest.mark.django_db

EVERYBODY = (*GROUPS, OWNER, KEEPER, *(plane.login for plane in PLANES), "postgres")
SCHEMA = [
    "CREATE TABLE x (a int)",
    "CREATE SCHEMA x",
    "CREATE VIEW x AS SELECT 1",
    "CREATE MATERIALIZED VIEW x AS SELECT 1",
    "CREATE FUNCTION x() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)",
    "CREATE TYPE x AS (a int)",
    "CREATE SEQUENCE x",
    "CREATE EXTENSION dblink",
    "CREATE EXTENSION plpgsql",
    "CREATE ROLE x",
    "CREATE PUBLICATION x FOR ALL TABLES",
    "CREATE EVENT TRIGGER x ON ddl_command_start EXECUTE FUNCTION x()",
    "CREATE TRIGGER x BEFORE INSERT ON messages"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE x AS ON SELECT TO messages DO INSTEAD SELECT 1",
    "CREATE POLICY x ON messages USING (true)",
    "CREATE INDEX x ON messages (id)",
    "CREATE STATISTICS x ON id, bot_id FROM messages",
    "SELECT * INTO x FROM messages",
    "ALTER POLICY messages_bot ON messages USING (true)",
    "DROP POLICY messages_bot ON messages",
    "ALTER TABLE messages DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE messages NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE messages DISABLE TRIGGER ALL",
    "ALTER TABLE messages DISABLE TRIGGER pgtrigger_assign_position_16907",
    "ALTER TABLE messages DETACH PARTITION messages_p0",
    "ALTER TABLE messages OWNER TO bot",
    "ALTER FUNCTION staff_bots(text) OWNER TO bot",
    "ALTER FUNCTION staff_is_superuser() RESET search_path",
    "DROP FUNCTION staff_is_superuser()",
    "DROP TABLE messages",
    "ALTER ROLE bot BYPASSRLS",
    "ALTER ROLE botplatform_runtime SUPERUSER",
    "GRANT admin TO botplatform_runtime",
    "GRANT super_admin TO botplatform_office",
    "ALTER DEFAULT PRIVILEGES FOR ROLE botplatform_owner GRANT ALL ON TABLES TO bot",
    "ALTER SYSTEM SET row_security = off",
    "SET session_replication_role = replica",
    "SET LOCAL session_replication_role = replica",
    "SELECT set_config('session_replication_role', 'replica', true)",
]
FILES = [
    "COPY messages TO '/tmp/x'",
    "COPY messages FROM '/tmp/x'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY messages FROM PROGRAM 'true'",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT pg_read_binary_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')",
    "SELECT pg_stat_file('PG_VERSION')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT pg_read_file('base')",
    "SELECT pg_create_logical_replication_slot('x', 'pgoutput')",
    "SELECT pg_reload_conf()",
    "SELECT rolpassword FROM pg_authid",
    "SELECT * FROM pg_statistic",
    "SELECT * FROM pg_hba_file_rules",
]


@pytest.mark.parametrize("role", LOGINS)
def test_set_role_reaches_its_own_role_only(role: str) -> None:
    login = LOGINS[role]
    with log_in(login) as session:
        for other in EVERYBODY:
            state = refusal(session, f"SET ROLE {other}")
            allowed = other in (role, login)
            assert (state is None) if allowed else state in (DENIED, "22023"), other
            session.execute("RESET ROLE")
            if not allowed:
                sql = f"SELECT set_config('role', '{other}', true)"
                assert refusal(session, sql) in (DENIED, "22023")
        for other in EVERYBODY:
            if other != login:
                sql = f"SET SESSION AUTHORIZATION {other}"
                assert refusal(session, sql) in (DENIED, "22023")


def for_the_session(world: World) -> str:
    return context_statements("bot", bot=world.alice.id).replace("SET LOCAL", "SET")


@pytest.mark.parametrize("reset", ["RESET ROLE", "SET ROLE NONE", "RESET ALL", "DISCARD ALL",
                                   "RESET SESSION AUTHORIZATION"])  # fmt: skip
def test_leaving_the_role_leads_to_a_login_without_rights(world: World, reset: str) -> None:
    with log_in(LOGINS["bot"], autocommit=True) as session:
        session.execute(for_the_session(world))
        assert refusal(session, "SELECT 1 FROM messages") is None
        session.execute(reset)
        for table in ALL_TABLES:
            if reset == "RESET ALL" and table != "bot_access":
                continue  # keeps the role, and forgets the bot
            assert refusal(session, f"SELECT 1 FROM {table}") == DENIED


def test_reset_all_forgets_the_bot(world: World) -> None:
    with log_in(LOGINS["bot"]) as session:
        session.execute(for_the_session(world))
        session.execute("RESET ALL")
        for table in TENANT_TABLES:
            assert session.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


@pytest.mark.parametrize("role", LOGINS)
@pytest.mark.parametrize("sql", SCHEMA + FILES)
def test_what_nobody_may(unchanged: World, role: str, sql: str) -> None:
    with acting(role, bot=unchanged.alice.id, user=unchanged.superuser.pk) as session:
        for leave in ("", "RESET ROLE"):
            if leave:
                session.execute(leave)
            # 42710, 42P13, 0LP01...: never is it done.
            assert refusal(session, sql) is not None


@pytest.mark.parametrize("role", LOGINS)
@pytest.mark.parametrize("table", ALL_TABLES)
def test_truncate(unchanged: World, table: str, role: str) -> None:
    with acting(role, bot=unchanged.alice.id, user=unchanged.superuser.pk) as session:
        assert refusal(session, f"TRUNCATE {table} CASCADE") == DENIED
        assert refusal(session, f"TRUNCATE ONLY {table}") == DENIED


@pytest.mark.parametrize("table", ALL_TABLES)
def test_row_security_off_is_an_error_and_not_a_way_out(
    alice_session: psycopg.Connection, table: str
) -> None:
    alice_session.execute("SET LOCAL row_security = off")
    for sql in (f"SELECT 1 FROM {table}", f"DELETE FROM {table}", f"COPY {table} TO STDOUT"):
        assert refusal(alice_session, sql) == DENIED


def test_multi_statement_strings(world: World) -> None:
    with acting("bot", bot=world.alice.id) as session:
        seen = session.execute("RESET ROLE; SET ROLE bot; SELECT bot_id FROM messages")
        while seen.nextset():
            pass
        assert set(seen.fetchall()) == {(world.alice.id,)}
        for sql in (
            "SELECT 1; SET ROLE admin; SELECT 1 FROM messages",
            "COMMIT; SET ROLE super_admin; SELECT 1 FROM messages",
            "COMMIT; SELECT 1 FROM messages",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(sql)
            session.rollback()


def test_locks_a_role_can_take_are_a_known_limit(alice_session: psycopg.Connection) -> None:
    """PostgreSQL lets whoever may DELETE lock the table; the lock ends with the transaction."""
    assert refusal(alice_session, "LOCK TABLE messages IN ACCESS EXCLUSIVE MODE") is None
    assert refusal(alice_session, "LOCK TABLE bot_access IN ACCESS SHARE MODE") == DENIED
    assert refusal(alice_session, "LOCK TABLE auth_user IN ACCESS SHARE MODE") == DENIED


@pytest.mark.parametrize("plane", PLANES, ids=lambda plane: plane.name)
def test_logins_and_their_memberships(world: World, plane: object) -> None:
    with log_in(MIGRATOR.login) as session:
        attributes = session.execute(
            "SELECT rolsuper, rolcreaterole, rolreplication, rolinherit, rolbypassrls"
            " FROM pg_roles WHERE rolname = %s",
            [plane.login],
        ).fetchone()
        own = plane is MIGRATOR
        assert attributes == (False, False, False, own, own)
        admin_options = session.execute(
            "SELECT count(*) FROM pg_auth_members WHERE admin_option"
            " AND (member::regrole::text = ANY (%s) OR roleid::regrole::text = ANY (%s))",
            [list(EVERYBODY), list(GROUPS)],
        )
        assert admin_options.fetchone() == (0,)
