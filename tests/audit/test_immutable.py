"""Nobody changes the log; who reads it reads what is theirs."""

import psycopg
import pytest

from tests.audit.support import LOGIN_ROLES, entries, login
from tests.factories import BotAccessFactory, BotFactory, UserFactory
from tests.tenants.guards import query

pytestmark = pytest.mark.django_db(transaction=True)

INSERT = "INSERT INTO {} (login, operation) VALUES ('x', 'LOGIN')"
CHANGES = [INSERT, "UPDATE {} SET login = 'x'", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}"]


def partitions() -> list[str]:
    rows = query(
        "SELECT inhrelid::regclass::text FROM pg_inherits"
        " WHERE inhparent = 'security_audit_log'::regclass ORDER BY 1"
    )
    return [name for (name,) in rows]


@pytest.mark.parametrize("name", LOGIN_ROLES)
@pytest.mark.parametrize("statement", CHANGES)
@pytest.mark.parametrize("in_role", [True, False])
def test_no_login_writes(name: str, statement: str, in_role: bool) -> None:
    BotFactory()
    before = entries()
    for table in ["security_audit_log", *partitions()]:
        with login(name) as session:
            if not in_role:
                session.execute("RESET ROLE")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement.format(table))
            session.rollback()
    assert entries() == before


@pytest.mark.parametrize("statement", ["UPDATE {} SET login = 'x'", "DELETE FROM {}"])
def test_not_even_the_migrator_edits(statement: str) -> None:
    for table in ["security_audit_log", *partitions()]:
        with login("botplatform_migrator") as session:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement.format(table))
            session.rollback()


@pytest.mark.parametrize("name", LOGIN_ROLES)
def test_no_partition_is_read(name: str) -> None:
    for table in partitions():
        with login(name) as session:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(f"SELECT 1 FROM {table}")
            session.rollback()


def test_a_partition_shows_nothing_also_when_granted_by_mistake() -> None:
    BotFactory()
    with login("botplatform_migrator") as session:
        for table in partitions():
            session.execute(f"GRANT SELECT ON {table} TO bot, admin")
            session.execute("SET LOCAL ROLE bot")
            assert session.execute(f"SELECT 1 FROM {table}").fetchall() == []
            session.execute("SET LOCAL ROLE botplatform_migrator")
        session.rollback()


def test_every_part_is_closed() -> None:
    names = ["security_audit_log", *partitions()]
    assert len(names) >= 5
    for name in names:
        assert query(
            "SELECT relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) FROM pg_class"
            " WHERE oid = %(name)s::regclass",
            name=name,
        ) == [(True, True, "botplatform_owner")]


def seen(name: str, **settings: object) -> set[str | None]:
    with login(name, **settings) as session:
        rows = session.execute("SELECT DISTINCT bot_id::text FROM security_audit_log").fetchall()
    return {bot for (bot,) in rows}


def test_who_reads_what() -> None:
    alice, bob = BotFactory(), BotFactory()
    viewer = BotAccessFactory(bot=alice).user
    root = UserFactory(is_superuser=True)
    stranger = UserFactory()
    everything = {str(alice.pk), str(bob.pk), None}
    assert seen("botplatform_office", current_user_id=viewer.pk) == {str(alice.pk)}
    assert seen("botplatform_office", current_user_id=stranger.pk) == set()
    assert seen("botplatform_office") == set()
    assert seen("botplatform_office", current_user_id=root.pk) == everything
    assert seen("botplatform_ops") == everything
    with (
        login("botplatform_runtime", current_bot_id=alice.pk) as session,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        session.execute("SELECT 1 FROM security_audit_log")
