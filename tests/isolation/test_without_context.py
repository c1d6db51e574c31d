"""No context, an empty one or garbage in it: no row, for any role and login."""

import psycopg
import pytest
from django.db import connection, transaction

from tests.isolation.world import (
    ALL_TABLES,
    DENIED,
    LOGINS,
    ROLES,
    TENANT_TABLES,
    World,
    acting,
    log_in,
    refusal,
)

pytestmark = pytest.mark.django_db

NOBODY = "00000000-0000-0000-0000-000000000000"
GARBAGE = ["x", "' OR true --", "{}", "NULL", "%", "0", " ", "٣", "true"]


@pytest.mark.parametrize("table", ALL_TABLES)
@pytest.mark.parametrize("role", LOGINS)
def test_a_login_before_set_role(world: World, role: str, table: str) -> None:
    with log_in(LOGINS[role]) as session:
        session.execute(f"SET app.current_bot_id = '{world.bob.id}'")
        session.execute(f"SET app.current_user_id = '{world.superuser.pk}'")
        for sql in (
            f"SELECT 1 FROM {table}",
            f"DELETE FROM {table}",
            f"UPDATE {table} SET id = id",
            f"INSERT INTO {table} DEFAULT VALUES",
            f"TRUNCATE {table}",
        ):
            assert refusal(session, sql) == DENIED


def rows(session: psycopg.Connection, table: str) -> int:
    column = "id" if table == "bots" else "bot_id"
    return session.execute(f"SELECT count({column}) FROM {table}").fetchone()[0]


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_role_without_settings(world: World, table: str) -> None:
    """Not set at all, and '' as after a SET LOCAL that ended."""
    for role in ("bot", "admin"):
        with log_in(LOGINS[role]) as session:
            session.execute(f"SET ROLE {role}")
            assert rows(session, table) == 0
            session.rollback()
            session.execute("SET LOCAL app.current_bot_id = 'x'")
            session.execute("SET LOCAL app.current_user_id = 'x'")
            session.rollback()
            session.execute(f"SET ROLE {role}")
            empty = session.execute("SELECT current_setting('app.current_bot_id')").fetchone()
            assert empty == ("",)
            assert rows(session, table) == 0
            assert session.execute(f"DELETE FROM {table}").rowcount == 0
            session.rollback()


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_an_unknown_bot_and_an_unknown_user(world: World, table: str) -> None:
    with acting("bot", bot=NOBODY) as session:
        assert rows(session, table) == 0
    for user in ("0", "-1", "2147483647"):
        with acting("admin", bot=world.bob.id, user=user) as session:
            assert rows(session, table) == 0
            assert rows(session, "bots") == rows(session, "bot_access") == 0


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_gives_an_error_or_nothing(unchanged: World, garbage: str) -> None:
    for role in ("bot", "admin"):
        with acting(role, bot=garbage, user=garbage) as session:
            for table in TENANT_TABLES:
                for sql in (f"SELECT 1/count(*) FROM {table}", f"DELETE FROM {table}"):
                    state = refusal(session, sql)
                    nothing = sql.startswith("DELETE") and garbage in (" ", "0", "٣")
                    assert state in ("22P02", "22012", "22003") or nothing


@pytest.mark.parametrize("table", ALL_TABLES)
def test_app_base_sees_nothing(world: World, table: str) -> None:
    """Even when somebody grants it the table: its policy says no."""
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute(f"GRANT SELECT ON {table} TO app_base")
        cursor.execute(f"SET LOCAL app.current_bot_id = '{world.bob.id}'")
        cursor.execute(f"SET LOCAL app.current_user_id = '{world.superuser.pk}'")
        cursor.execute("SET LOCAL ROLE app_base")
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone() == (0,)
        transaction.set_rollback(True)


@pytest.mark.parametrize("table", ALL_TABLES)
@pytest.mark.parametrize("role", ROLES)
def test_row_security_is_on_and_forced(world: World, role: str, table: str) -> None:
    """Under no role does it fall away for these tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass",
            [table],
        )
        assert cursor.fetchone() == (True, True)
        cursor.execute("SELECT rolbypassrls, rolsuper FROM pg_roles WHERE rolname = %s", [role])
        assert cursor.fetchone() == (False, False)
