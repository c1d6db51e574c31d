"""A partition has no policy and no grant, so there is no way round its table."""

from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from tenants.partitioning import PARTITIONS
from tenants.policies import close_partition
from tests.isolation.world import (
    DENIED,
    TENANT_TABLES,
    World,
    acting,
    context_statements,
    refusal,
)

pytestmark = pytest.mark.django_db

NAMES = [f"{table}_p{n}" for table in TENANT_TABLES for n in range(PARTITIONS)]


def test_these_are_all_partitions(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class ON oid = inhrelid"
            " WHERE relkind = 'r' AND inhparent = ANY (%s::regclass[])",
            [list(TENANT_TABLES)],
        )
        assert {name for (name,) in cursor.fetchall()} == {*NAMES}


@pytest.mark.parametrize("role", ["bot", "admin", "super_admin"])
def test_directly(unchanged: World, role: str) -> None:
    with acting(role, bot=unchanged.bob.id, user=unchanged.superuser.pk) as session:
        for name in NAMES:
            for sql in (
                f"SELECT 1 FROM {name}",
                f"SELECT FROM ONLY {name}",
                f"DELETE FROM {name}",
                f"UPDATE {name} SET id = id",
                f"INSERT INTO {name} DEFAULT VALUES",
                f"COPY {name} TO STDOUT",
                f"TRUNCATE {name}",
                f"LOCK TABLE {name}",
            ):
                assert refusal(session, sql) == DENIED


def as_role(cursor: Any, role: str, world: World) -> None:
    cursor.execute(context_statements(role, world.bob.id, world.superuser.pk))


@pytest.mark.parametrize("table", TENANT_TABLES)
@pytest.mark.parametrize("role", ["bot", "admin", "super_admin", "app_base"])
def test_granted_by_mistake(unchanged: World, role: str, table: str) -> None:
    """In a rolled-back transaction of the migrator: a grant to roles and to everybody."""
    with transaction.atomic(), connection.cursor() as cursor:
        for n in range(PARTITIONS):
            cursor.execute(f"GRANT ALL ON {table}_p{n} TO {role}, PUBLIC")
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0] > 0
        as_role(cursor, role, unchanged)
        for n in range(PARTITIONS):
            cursor.execute(f"SELECT count(*) FROM {table}_p{n}")
            assert cursor.fetchone() == (0,)
            cursor.execute(f"DELETE FROM {table}_p{n}")
            assert cursor.rowcount == 0
        transaction.set_rollback(True)


@pytest.mark.parametrize("role", ["bot", "admin", "super_admin"])
def test_a_table_attached_later_has_no_rights(unchanged: World, role: str) -> None:
    """Also one that nobody closed: nothing is granted by default."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE messages DETACH PARTITION messages_p0")
        cursor.execute(
            "CREATE TABLE messages_late PARTITION OF messages"
            f" FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER 0)"
        )
        cursor.execute("CREATE TABLE loose (LIKE messages)")
        cursor.execute("INSERT INTO loose SELECT * FROM messages_p0")
        as_role(cursor, role, unchanged)
        for name in ("messages_late", "messages_p0", "loose"):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                cursor.execute(f"SELECT 1 FROM {name}")
        transaction.set_rollback(True)


def test_a_partition_closed_later_shows_nothing_when_granted(unchanged: World) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE loose (LIKE messages)")
        cursor.execute("INSERT INTO loose SELECT m.* FROM messages m")
        for statement in close_partition("loose"):
            cursor.execute(statement)
        cursor.execute("GRANT ALL ON loose TO bot, admin, super_admin")
        for role in ("bot", "admin", "super_admin"):
            with transaction.atomic():
                as_role(cursor, role, unchanged)
                cursor.execute("SELECT count(*) FROM loose")
                assert cursor.fetchone() == (0,)
                transaction.set_rollback(True)
        transaction.set_rollback(True)
