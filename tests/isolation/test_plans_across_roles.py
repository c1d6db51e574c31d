"""A plan made for one role or bot is never used for another one's rows."""

from collections.abc import Iterator

import psycopg
import pytest

from botplatform.planes import MIGRATOR
from tests.isolation.world import (
    LOGINS,
    TENANT_TABLES,
    World,
    context_statements,
    log_in,
)

pytestmark = pytest.mark.django_db

MODES = ("force_generic_plan", "force_custom_plan", "auto")


@pytest.fixture
def session(unchanged: World) -> Iterator[psycopg.Connection]:
    """The test suite's login may become every role, as no login of a real server may."""
    with log_in(MIGRATOR.login) as migrator:
        yield migrator
        migrator.rollback()


def seen(session: psycopg.Connection, statement: str) -> set:
    return {bot for (bot,) in session.execute(statement, prepare=False).fetchall()}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("table", TENANT_TABLES)
def test_prepared_statements_follow_role_and_bot(
    session: psycopg.Connection, world: World, table: str, mode: str
) -> None:
    alice, bob = world.alice.id, world.bob.id
    staff, root = world.alice.staff.pk, world.superuser.pk
    session.execute(f"SET plan_cache_mode = {mode}")
    session.execute(f"PREPARE everything AS SELECT bot_id FROM {table}")
    session.commit()
    steps = [
        ("bot", alice, "", {alice}),
        ("bot", bob, "", {bob}),
        ("admin", bob, staff, {alice}),
        ("super_admin", "", "", {alice, bob}),
        ("bot", alice, root, {alice}),
        ("admin", "", root, {alice, bob}),
        ("bot", "", root, set()),
        ("admin", alice, "", set()),
    ]
    for _ in range(8):
        for role, bot, user, expected in steps:
            session.execute(context_statements(role, bot, user))
            assert seen(session, "EXECUTE everything") == expected
            session.rollback()
        assert seen(session, "EXECUTE everything") == {alice, bob}
        session.rollback()


@pytest.mark.parametrize("mode", MODES)
def test_psycopgs_own_prepared_statements(world: World, mode: str) -> None:
    alice, bob = world.alice.id, world.bob.id
    with log_in(LOGINS["bot"], prepare_threshold=1) as session:
        session.execute(f"SET plan_cache_mode = {mode}")
        session.commit()
        for n in range(30):
            bot = (alice, bob)[n % 2]
            session.execute(context_statements("bot", bot), prepare=False)
            rows = session.execute("SELECT bot_id FROM messages WHERE position > %s", [0])
            assert set(rows.fetchall()) == {(bot,)}
            session.commit()
        assert session._prepared._names


@pytest.mark.parametrize("mode", MODES)
def test_prepared_writes(session: psycopg.Connection, world: World, mode: str) -> None:
    session.execute(f"SET plan_cache_mode = {mode}")
    session.execute("PREPARE wipe AS DELETE FROM messages")
    for n in range(12):
        bot = (world.alice, world.bob)[n % 2]
        session.execute("SAVEPOINT x")
        session.execute(context_statements("bot", bot.id))
        assert session.execute("EXECUTE wipe", prepare=False).rowcount == 3
        session.execute("ROLLBACK TO x")


def test_a_plan_of_the_unrestricted_login_is_not_reused(
    session: psycopg.Connection, world: World
) -> None:
    session.execute("SET plan_cache_mode = force_generic_plan")
    session.execute("PREPARE everything AS SELECT bot_id FROM messages")
    assert len(seen(session, "EXECUTE everything")) == 2
    session.execute("SET LOCAL row_security = off")
    assert len(seen(session, "EXECUTE everything")) == 2
    session.execute(context_statements("bot", world.alice.id))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("EXECUTE everything", prepare=False)


@pytest.mark.parametrize("mode", MODES)
def test_functions_plans(session: psycopg.Connection, world: World, mode: str) -> None:
    """SQL and PL/pgSQL functions keep their plans for the session."""
    body = "SELECT array_agg(DISTINCT bot_id ORDER BY bot_id) FROM public.messages"
    session.execute(f"SET LOCAL plan_cache_mode = {mode}")
    for language, text in (("sql", body), ("plpgsql", f"BEGIN RETURN ({body}); END")):
        session.execute(
            f"CREATE FUNCTION seen_{language}() RETURNS uuid[] LANGUAGE {language} AS $${text}$$"
        )
        session.execute(f"GRANT EXECUTE ON FUNCTION seen_{language}() TO bot, admin, super_admin")
    alice, bob = world.alice.id, world.bob.id
    for _ in range(8):
        for role, bot, expected in (
            ("bot", alice, [alice]),
            ("super_admin", "", sorted([alice, bob])),
            ("bot", bob, [bob]),
            ("bot", "", None),
        ):
            session.execute("SAVEPOINT x")
            session.execute(context_statements(role, bot))
            row = session.execute("SELECT seen_sql(), seen_plpgsql()", prepare=False).fetchone()
            assert row == (expected, expected)
            session.execute("ROLLBACK TO x")


def test_staff_plans_follow_the_user(session: psycopg.Connection, world: World) -> None:
    session.execute("SET plan_cache_mode = force_generic_plan")
    session.execute("PREPARE everything AS SELECT bot_id FROM messages")
    for _ in range(8):
        for tenant in (world.alice, world.bob):
            session.execute("SAVEPOINT x")
            session.execute(context_statements("admin", user=tenant.staff.pk))
            assert seen(session, "EXECUTE everything") == {tenant.id}
            session.execute("ROLLBACK TO x")


def test_a_cursor_keeps_the_rows_of_the_bot_that_opened_it(world: World) -> None:
    """WITH HOLD outlives the context: it holds what that bot saw, never more."""
    with log_in(LOGINS["bot"]) as session:
        session.execute(context_statements("bot", world.alice.id))
        session.execute("DECLARE held CURSOR WITH HOLD FOR SELECT bot_id FROM messages")
        session.execute("DECLARE gone CURSOR FOR SELECT bot_id FROM messages")
        session.commit()
        session.execute(context_statements("bot", world.bob.id))
        assert seen(session, "FETCH ALL FROM held") == {world.alice.id}
        with pytest.raises(psycopg.errors.InvalidCursorName):
            session.execute("FETCH ALL FROM gone")


def test_a_cursor_opened_before_the_bot_changed(world: World) -> None:
    with log_in(LOGINS["bot"]) as session:
        session.execute(context_statements("bot", world.alice.id))
        session.execute("DECLARE c CURSOR FOR SELECT bot_id FROM messages")
        session.execute(context_statements("bot", world.bob.id))
        assert len(seen(session, "FETCH ALL FROM c")) == 1
        session.rollback()
