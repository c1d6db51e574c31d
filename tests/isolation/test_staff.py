"""What staff see and may do in the database itself, by the bots and roles they were given."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from botplatform.planes import MIGRATOR
from tenants.models import BotAccess
from tests.factories import BotAccessFactory, UserFactory
from tests.isolation.world import (
    CHANGEABLE,
    DENIED,
    NEW_ROWS,
    TENANT_TABLES,
    World,
    acting,
    log_in,
    refusal,
)

pytestmark = pytest.mark.django_db

RIGHTS = {"viewer": "", "operator": "IU", "manager": "IUD"}
ROWS = {"profiles": 1, "conversations": 1, "messages": 3, "bot_metrics": 1}


@pytest.fixture(scope="module")
def staff(world: World, django_db_blocker: Any) -> dict[str, User]:
    """Each has its role on Bob's bot; world deletes them."""
    with django_db_blocker.unblock():
        users = {role: UserFactory(username=f"a-{role}") for role in RIGHTS}
        for role, user in users.items():
            BotAccessFactory(user=user, bot=world.bob.bot, role=role)
        users["both"] = UserFactory(username="of-both")
        BotAccessFactory(user=users["both"], bot=world.alice.bot, role="viewer")
        BotAccessFactory(user=users["both"], bot=world.bob.bot, role="manager")
        users["none"] = UserFactory(username="of-none")
        users["inactive"] = UserFactory(username="inactive", is_active=False, is_superuser=True)
        users["customer"] = UserFactory(username="customer", is_staff=False, is_superuser=True)
        for name in ("inactive", "customer"):
            BotAccessFactory(user=users[name], bot=world.bob.bot, role="manager")
    return users


def bots_seen(session: Any, table: str) -> set:
    column = "id" if table == "bots" else "bot_id"
    return {bot for (bot,) in session.execute(f"SELECT {column} FROM {table}").fetchall()}


@pytest.mark.parametrize("table", [*TENANT_TABLES, "bots", "bot_access"])
def test_who_sees_what(unchanged: World, staff: dict[str, User], table: str) -> None:
    alice, bob = unchanged.alice.id, unchanged.bob.id
    expected_bots = {role: {bob} for role in RIGHTS}
    expected_bots |= {"both": {alice, bob}, "none": set(), "inactive": set(), "customer": set()}
    for name, expected in expected_bots.items():
        for own_choice in ("", alice, bob, "garbage"):
            with acting("admin", bot=own_choice, user=staff[name].pk) as session:
                assert bots_seen(session, table) == expected, name
    with acting("admin", user=unchanged.superuser.pk) as session:
        assert bots_seen(session, table) == {alice, bob}


@pytest.mark.parametrize("table", TENANT_TABLES)
@pytest.mark.parametrize("role", RIGHTS)
def test_commands(unchanged: World, staff: dict[str, User], role: str, table: str) -> None:
    rights, rows = RIGHTS[role], ROWS[table]
    update = f"UPDATE {table} SET {CHANGEABLE[table]} = {CHANGEABLE[table]}"
    with acting("admin", user=staff[role].pk) as session:
        insert = f"INSERT INTO {table} {NEW_ROWS[table]}"
        assert refusal(session, insert, unchanged.alice.keys) == DENIED
        assert session.execute(update).rowcount == (rows if "U" in rights else 0)
        assert session.execute(f"SELECT 1 FROM {table} FOR UPDATE").rowcount == (
            rows if "U" in rights else 0
        )
        assert session.execute(f"DELETE FROM {table}").rowcount == (rows if "D" in rights else 0)
        session.rollback()
    with acting("admin", user=staff[role].pk) as session:
        expected = None if "I" in rights else DENIED
        assert refusal(session, insert, unchanged.bob.keys) == expected
        assert (
            refusal(session, f"{insert} RETURNING id".replace("987", "988"), unchanged.bob.keys)
            == expected
        )


@pytest.mark.parametrize("role", RIGHTS)
def test_bots_and_access(unchanged: World, staff: dict[str, User], role: str) -> None:
    manager = role == "manager"
    access = f"INSERT INTO bot_access {NEW_ROWS['bot_access']}"
    with acting("admin", user=staff[role].pk) as session:
        assert session.execute("UPDATE bots SET status = 'error'").rowcount == int(manager)
        assert session.execute("DELETE FROM bots").rowcount == 0
        assert refusal(session, f"INSERT INTO bots {NEW_ROWS['bots']}") == DENIED
        changed = session.execute("UPDATE bot_access SET role = role").rowcount
        assert bool(changed) == manager
        keys = {**unchanged.bob.keys, "user": unchanged.superuser.pk}
        assert refusal(session, access, keys) == (None if manager else DENIED)
        assert refusal(session, access, {**keys, "bot": unchanged.alice.id}) == DENIED
        for column in ("bot_id", "user_id", "id"):
            assert refusal(session, f"UPDATE bot_access SET {column} = {column}") == DENIED


def test_different_roles_on_two_bots(unchanged: World, staff: dict[str, User]) -> None:
    with acting("admin", user=staff["both"].pk) as session:
        for table in TENANT_TABLES:
            column = CHANGEABLE[table]
            sql = f"UPDATE {table} SET {column} = {column}"
            assert session.execute(sql).rowcount == ROWS[table]
        changed = session.execute("UPDATE profiles SET name = 'x' RETURNING bot_id").fetchall()
        assert changed == [(unchanged.bob.id,)]


@pytest.mark.parametrize("role", RIGHTS)
def test_nobody_makes_themselves_a_superuser(
    unchanged: World, staff: dict[str, User], role: str
) -> None:
    with acting("admin", user=staff[role].pk) as session:
        refusal(session, "UPDATE auth_user SET is_superuser = true")
        assert bots_seen(session, "messages") == {unchanged.bob.id}


@pytest.mark.parametrize(
    "garbage", ["x", "1 OR 1=1", "99999999999999999999", "1.5", "''", "{}", "NULL", "-"]
)
def test_garbage_for_a_user(unchanged: World, garbage: str) -> None:
    with acting("admin", user=garbage.replace("'", "''")) as session:
        for sql in ("SELECT 1 FROM messages", "DELETE FROM bots", "SELECT id FROM bots"):
            assert refusal(session, sql) in ("22P02", "22003")


def test_access_revoked_in_the_middle_of_a_session(
    unchanged: World, staff: dict[str, User]
) -> None:
    with log_in(MIGRATOR.login, autocommit=True) as migrator:
        (pk,) = migrator.execute(
            "INSERT INTO auth_user (username, password, is_staff, is_active, is_superuser,"
            " first_name, last_name, email, date_joined)"
            " VALUES (%s, '', true, true, false, '', '', '', now()) RETURNING id",
            ["soon-gone"],
        ).fetchone()
        migrator.execute(f"INSERT INTO bot_access {NEW_ROWS['bot_access']}",
                         {**unchanged.bob.keys, "user": pk})  # fmt: skip
        try:
            with acting("admin", user=pk) as session:
                assert bots_seen(session, "messages") == {unchanged.bob.id}
                migrator.execute("DELETE FROM bot_access WHERE user_id = %s", [pk])
                assert bots_seen(session, "messages") == set()
        finally:
            migrator.execute("DELETE FROM bot_access WHERE user_id = %s", [pk])
            migrator.execute("DELETE FROM auth_user WHERE id = %s", [pk])


def test_roles_in_the_database_are_those_of_django() -> None:
    assert list(BotAccess.Role.values) == list(RIGHTS)
