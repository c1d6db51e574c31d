"""What the server's own views tell a session about others: no value and no row."""

from typing import Any

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


def test_what_a_bot_says_is_not_on_record(world: World, superuser: dict[str, Any]) -> None:
    """Not even the login's own sessions could see it, were pg_stat_activity open to them."""
    with acting("bot", bot=world.bob.id) as bob, psycopg.connect(**superuser) as session:
        bob.execute(f"SELECT 'bob-secret' WHERE '{world.bob.id}' = ''")
        row = session.execute(
            "SELECT state, query FROM pg_stat_activity WHERE pid = %s", [bob.info.backend_pid]
        )
        assert row.fetchone() == ("disabled", "")


def test_explain_of_anothers_rows_is_a_known_limit(
    alice_session: psycopg.Connection, world: World
) -> None:
    """Row estimates come from the statistics of the whole table; rows never appear."""
    sql = "EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM profiles WHERE telegram_id = 222"
    plan = "\n".join(line for (line,) in alice_session.execute(sql).fetchall())
    assert "rows=0" in plan
    assert str(world.bob.id) not in plan
    assert "bob-secret" not in plan
