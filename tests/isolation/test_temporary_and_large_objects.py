"""What a session could hide things in: temporary tables, large objects, COPY."""

import psycopg
import pytest

from botplatform.planes import MIGRATOR
from tests.isolation.world import (
    DENIED,
    LOGINS,
    TENANT_TABLES,
    World,
    acting,
    log_in,
    refusal,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", ["bot", "admin"])
def test_no_temporary_objects(world: World, role: str) -> None:
    with acting(role, bot=world.alice.id, user=world.superuser.pk) as session:
        for sql in (
            "CREATE TEMP TABLE messages (id uuid)",
            "CREATE TEMP TABLE x AS SELECT 1",
            "SELECT 1 INTO TEMP x",
            "CREATE TEMP VIEW x AS SELECT 1",
            "CREATE TEMP SEQUENCE x",
            "CREATE FUNCTION pg_temp.x() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        ):
            assert refusal(session, sql) == DENIED
            session.execute("RESET ROLE")
            assert refusal(session, sql) == DENIED
            session.execute(f"SET LOCAL ROLE {role}")


def test_another_sessions_temporary_tables(world: World) -> None:
    with log_in(LOGINS["super_admin"]) as ops:
        ops.execute("CREATE TEMP TABLE staging AS SELECT 'bob' AS secret")
        schema = ops.execute("SELECT relnamespace::regnamespace::text FROM pg_class"
                             " WHERE oid = 'pg_temp.staging'::regclass").fetchone()[0]  # fmt: skip
        ops.commit()
        with acting("bot", bot=world.alice.id) as session:
            assert refusal(session, f"SELECT * FROM {schema}.staging") == DENIED


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_copy_out_has_its_own_rows_only(
    alice_session: psycopg.Connection, world: World, table: str
) -> None:
    for source in (f"(SELECT * FROM {table})", f"(TABLE {table})", table):
        try:
            with (
                alice_session.transaction(),
                alice_session.cursor().copy(f"COPY {source} TO STDOUT") as copy,
            ):
                text = b"".join(bytes(block) for block in copy).decode()
        except psycopg.errors.WrongObjectType:  # before 18: a partitioned table itself
            continue
        # The table itself is read as ONLY under row security, and so has no rows.
        assert (str(world.alice.id) in text) == (source != table)
        assert str(world.bob.id) not in text
        assert "bob" not in text


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_copy_in_is_refused_under_row_security(
    alice_session: psycopg.Connection, world: World, table: str
) -> None:
    """Of any row: PostgreSQL does not check policies in COPY FROM and so refuses it."""
    for bot in (world.alice, world.bob):
        sql = f"COPY {table} (id, bot_id) FROM STDIN"
        with (
            pytest.raises(psycopg.errors.FeatureNotSupported),
            alice_session.transaction(),
            alice_session.cursor().copy(sql) as copy,
        ):
            copy.write(f"{world.superuser.pk}\t{bot.id}\n")


def test_large_objects_of_somebody_else(world: World) -> None:
    with log_in(MIGRATOR.login) as migrator:
        oid = migrator.execute("SELECT lo_from_bytea(0, 'bob')").fetchone()[0]
        migrator.commit()
        try:
            with acting("bot", bot=world.alice.id) as session:
                for sql in (
                    f"SELECT lo_get({oid})",
                    f"SELECT lo_put({oid}, 0, 'x')",
                    f"SELECT lo_unlink({oid})",
                    f"SELECT lo_open({oid}, 262144)",
                    "SELECT * FROM pg_largeobject",
                    f"SELECT lo_export({oid}, '/tmp/x')",
                ):
                    assert refusal(session, sql) == DENIED
        finally:
            migrator.execute("SELECT lo_unlink(%s)", [oid])
            migrator.commit()


def test_no_extension_or_foreign_server_leads_outside(world: World) -> None:
    with acting("bot", bot=world.alice.id) as session:
        extensions = session.execute("SELECT extname FROM pg_extension").fetchall()
        assert not {name for (name,) in extensions} & {
            *("dblink", "postgres_fdw", "file_fdw", "adminpack", "pageinspect", "pg_visibility"),
            *("pg_buffercache", "plpython3u", "plperlu", "pltclu"),
        }
        for catalog in ("pg_foreign_server", "pg_user_mapping", "pg_foreign_data_wrapper"):
            if catalog != "pg_user_mapping":
                assert session.execute(f"SELECT count(*) FROM {catalog}").fetchone() == (0,)
