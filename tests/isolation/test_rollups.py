"""Rollups, and what is remembered for making them: staff read those of their bots, operators write
them, bots neither."""

import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from botplatform.planes import MIGRATOR
from tenants.partitioning import PARTITIONS
from tests.isolation.world import DENIED, LOGINS, World, acting, log_in, refusal

TABLES = ("daily_rollups", "changed_days", "rollup_states")
FIGURES = "messages_in, messages_out, conversations, active_people, new_people, responses, errors"
NEW_ROWS = {
    "daily_rollups": f"(id, bot_id, day, {FIGURES})"
    " VALUES (gen_random_uuid(), %(bot)s, '2030-01-01', 1, 1, 1, 1, 1, 1, 1)",
    "changed_days": "(bot_id, day) VALUES (%(bot)s, '2030-01-01')",
    "rollup_states": "(bot_id, zone) VALUES (%(bot)s, 'UTC')",
}
WRITES = [
    *(f"INSERT INTO {table} {row}" for table, row in NEW_ROWS.items()),
    *(f"DELETE FROM {table}" for table in TABLES),
    "UPDATE daily_rollups SET messages_in = 0",
    "UPDATE daily_rollups SET day = day + 1",
    "UPDATE changed_days SET day = day + 1",
    "UPDATE rollup_states SET zone = 'x'",
]


@pytest.fixture(scope="module")
def rolled_up(world: World) -> Iterator[World]:
    """A row of each table for each bot."""
    with log_in(MIGRATOR.login, autocommit=True) as migrator:
        for tenant in (world.alice, world.bob):
            for table, row in NEW_ROWS.items():
                migrator.execute(f"INSERT INTO {table} {row}", tenant.keys)
        yield world
        for table in TABLES:
            migrator.execute(f"DELETE FROM {table}")


def bots_of(session: psycopg.Connection, table: str) -> set[Any]:
    return {bot for (bot,) in session.execute(f"SELECT bot_id FROM {table}")}


@pytest.mark.parametrize("table", TABLES)
def test_staff_read_those_of_their_bots(rolled_up: World, table: str) -> None:
    with acting("admin", user=rolled_up.alice.staff.pk) as session:
        assert bots_of(session, table) == {rolled_up.alice.id}
    with acting("admin", user=rolled_up.superuser.pk) as session:
        assert bots_of(session, table) == {rolled_up.alice.id, rolled_up.bob.id}


@pytest.mark.parametrize("statement", WRITES)
def test_staff_write_none(rolled_up: World, statement: str) -> None:
    for user in (rolled_up.alice.staff, rolled_up.superuser):
        with acting("admin", user=user.pk) as session:
            assert refusal(session, statement, rolled_up.alice.keys) == DENIED


@pytest.mark.parametrize("statement", [*(f"SELECT FROM {table}" for table in TABLES), *WRITES])
def test_bots_have_nothing_to_do_with_them(rolled_up: World, statement: str) -> None:
    with acting("bot", bot=rolled_up.alice.id) as session:
        assert refusal(session, statement, rolled_up.alice.keys) == DENIED


@pytest.mark.parametrize("login", LOGINS.values())
@pytest.mark.parametrize("table", TABLES)
def test_without_a_context_nobody_sees_them(rolled_up: World, table: str, login: str) -> None:
    with log_in(login) as session:
        assert refusal(session, f"SELECT FROM {table}") == DENIED


@pytest.mark.parametrize("role", LOGINS)
def test_their_partitions_are_closed(rolled_up: World, role: str) -> None:
    with acting(role, bot=rolled_up.alice.id, user=rolled_up.superuser.pk) as session:
        for n in range(PARTITIONS):
            assert refusal(session, f"SELECT FROM daily_rollups_p{n}") == DENIED


def test_operators_change_figures_and_no_days(rolled_up: World) -> None:
    with acting("super_admin") as session:
        assert refusal(session, "UPDATE daily_rollups SET day = day") == DENIED
        assert refusal(session, "UPDATE changed_days SET day = day") == DENIED
        assert refusal(session, "UPDATE rollup_states SET bot_id = bot_id") == DENIED
        assert refusal(session, "UPDATE daily_rollups SET messages_in = 5") is None


def test_a_bots_late_message_is_noted_for_that_bot(rolled_up: World) -> None:
    """By the keeper: the bot itself may not."""
    alice, bob = rolled_up.alice, rolled_up.bob
    insert = (
        "INSERT INTO messages (id, bot_id, conversation_id, sender_type, sent_at)"
        " VALUES (%s, %s, %s, 'bot', '2021-05-05 12:00+00')"
    )
    with acting("bot", bot=alice.id) as session:
        assert refusal(session, insert, [uuid.uuid4(), bob.id, bob.conversation.id]) == DENIED
        session.execute(insert, [uuid.uuid4(), alice.id, alice.conversation.id])
        session.execute("SET LOCAL ROLE NONE")
        session.commit()
    with log_in(MIGRATOR.login) as migrator:
        noted = migrator.execute("SELECT bot_id, day FROM changed_days WHERE day < '2022-01-01'")
        assert noted.fetchall() == [(alice.id, date(2021, 5, 5))]
        migrator.execute("DELETE FROM messages WHERE bot_id = %s AND sent_at < '2022-01-01'",
                         [alice.id])  # fmt: skip
        migrator.commit()
