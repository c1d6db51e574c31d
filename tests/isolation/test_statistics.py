"""What the server's own views tell a session about others: no value and no row."""

import psycopg
import pytest

from botplatform.planes import MIGRATOR
from tests.isolation.world import DENIED, LOGINS, TENANT_TABLES, World, acting, log_in, refusal

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", LOGINS)
def test_statistics_show_no_values(world: World, role: str) -> None:
    with log_in(MIGRATOR.login, autocommit=True) as migrator:
        migrator.execute("ANALYZE")
    with acting(role, bot=world.alice.id, user=world.superuser.pk) as session:
        for view in ("pg_stats", "pg_stats_ext", "pg_stats_ext_exprs"):
            names = "|".join((*TENANT_TABLES, "bots", "bot_access"))
            rows = session.execute(
                f"SELECT count(*) FROM {view} WHERE schemaname = 'public' AND tablename ~ %s",
                [f"^({names})(_p[0-9]+)?$"],
            )
            assert rows.fetchone() == (0,)
        assert refusal(session, "SELECT 1 FROM pg_statistic") == DENIED


def test_sessions_of_other_bots_show_no_query_in_the_role(world: World) -> None:
    with acting("bot", bot=world.bob.id) as bob:
        bob.execute(f"SELECT 'bob-secret' WHERE '{world.bob.id}' = ''")
        with acting("bot", bot=world.alice.id) as alice:
            rows = alice.execute(
                "SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            ).fetchall()
            assert rows
            assert not any("bob" in (query or "") for (query,) in rows)


def test_sessions_of_other_bots_show_no_query_to_the_login(world: World) -> None:
    with acting("bot", bot=world.bob.id) as bob:
        bob.execute(f"SELECT 'bob-secret' WHERE '{world.bob.id}' = ''")
        with acting("bot", bot=world.alice.id) as alice:
            alice.execute("RESET ROLE")
            rows = alice.execute("SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
            assert not any("bob" in (query or "") for (query,) in rows)


@pytest.mark.xfail(strict=True, reason="bots share a login, which may end its own sessions")
def test_a_bot_ends_no_session_of_another(world: World) -> None:
    with acting("bot", bot=world.bob.id) as bob, acting("bot", bot=world.alice.id) as alice:
        alice.execute("RESET ROLE")
        assert refusal(alice, f"SELECT pg_cancel_backend({bob.info.backend_pid})") == DENIED
        assert refusal(alice, f"SELECT pg_terminate_backend({bob.info.backend_pid})") == DENIED


def test_explain_of_anothers_rows_is_a_known_limit(
    alice_session: psycopg.Connection, world: World
) -> None:
    """Row estimates come from the statistics of the whole table; rows never appear."""
    sql = "EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM profiles WHERE telegram_id = 222"
    plan = "\n".join(line for (line,) in alice_session.execute(sql).fetchall())
    assert "rows=0" in plan
    assert str(world.bob.id) not in plan
    assert "bob-secret" not in plan
