"""SQL that claims to be another bot, or another staff user, cannot seal the claim."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.db.utils import ProgrammingError

from botplatform.planes import OFFICE, OPS, PLANES
from conversations.models import Message
from tenants.context import bot_context, staff_context
from tenants.seals import accepted_by, install_context_keys, seal
from tests.isolation.world import (
    ALL_TABLES,
    CHANGEABLE,
    DENIED,
    LOGINS,
    NEW_ROWS,
    TENANT_TABLES,
    World,
    acting,
    context_statements,
    log_in,
    refusal,
)

pytestmark = pytest.mark.django_db

OTHER_KEY = "another-key-" * 6


@pytest.fixture(scope="module", autouse=True)
def set_config_is_open(world: World, administrator: dict[str, Any] | None) -> Iterator[None]:
    """As where no superuser provisions: the seal alone must hold."""
    if administrator is None:
        yield
        return
    with psycopg.connect(**administrator, autocommit=True) as session:
        session.execute("GRANT EXECUTE ON FUNCTION set_config TO PUBLIC")
        yield
        session.execute("REVOKE EXECUTE ON FUNCTION set_config FROM PUBLIC")


def claiming(world: World) -> list[str]:
    """Ways to say `I am Bob's bot` from within Alice's context."""
    bob = world.bob.id
    return [
        f"SET LOCAL app.current_bot_id = '{bob}'",
        f"SET SESSION app.current_bot_id = '{bob}'",
        f"SELECT set_config('app.current_bot_id', '{bob}', true)",
        f"SELECT set_config('app.current_bot_id', '{str(bob).upper()}', true)",
        f"SET LOCAL app.current_bot_id = '{bob}'; SET LOCAL app.context_seal = ''",
        f"SET LOCAL app.current_bot_id = '{bob}'; RESET app.context_seal",
        f"SET LOCAL app.current_bot_id = '{bob}'; SET LOCAL app.context_seal = '{bob}'",
        f"SET LOCAL app.current_bot_id = '{bob}'; RESET ROLE; SET ROLE bot",
        f"SET LOCAL app.current_bot_id = '{{{bob}}}'",
        f"SET LOCAL app.current_bot_id = ' {bob}'",
    ]


@pytest.mark.parametrize("n", range(10))
@pytest.mark.parametrize("table", [*TENANT_TABLES, "bots"])
def test_a_bot_cannot_claim_to_be_another(unchanged: World, table: str, n: int) -> None:
    column = "id" if table == "bots" else "bot_id"
    for sql in (
        f"SELECT {column} FROM {table}",
        f"DELETE FROM {table}",
        f"UPDATE {table} SET {CHANGEABLE[table]} = {CHANGEABLE[table]}",
    ):
        with acting("bot", bot=unchanged.alice.id) as session:
            session.execute(claiming(unchanged)[n])
            assert refusal(session, sql) == DENIED


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_nothing_is_written_for_the_other(unchanged: World, table: str) -> None:
    with acting("bot", bot=unchanged.alice.id) as session:
        session.execute(claiming(unchanged)[0])
        sql = f"INSERT INTO {table} {NEW_ROWS[table]}"
        assert refusal(session, sql, unchanged.bob.keys) == DENIED


def test_a_claim_in_the_middle_of_a_statement(unchanged: World) -> None:
    """The bot is asked for once a query, before or after: never is it the other's."""
    claim = f"set_config('app.current_bot_id', '{unchanged.bob.id}', true)"
    for sql in (
        f"WITH claim AS MATERIALIZED (SELECT {claim}) SELECT bot_id FROM claim, messages",
        f"SELECT {claim}, bot_id FROM messages",
        f"SELECT bot_id FROM messages WHERE {claim} <> '' UNION ALL SELECT bot_id FROM profiles",
        f"SELECT m.bot_id FROM (VALUES ({claim})) claim, LATERAL (SELECT bot_id FROM messages) m",
    ):
        with acting("bot", bot=unchanged.alice.id) as session:
            try:
                found = session.execute(sql).fetchall()
            except psycopg.errors.InsufficientPrivilege:
                continue
            assert {row[-1] for row in found} == {unchanged.alice.id}


def test_another_bots_conversation_is_not_even_waited_for(world: World) -> None:
    """A lock that is waited for would tell that the other bot is at work there."""
    insert = "INSERT INTO messages " + NEW_ROWS["messages"]
    with acting("bot", bot=world.bob.id) as busy, acting("bot", bot=world.alice.id) as session:
        busy.execute(insert, world.bob.keys)
        session.execute(claiming(world)[0])
        session.execute("SET LOCAL lock_timeout = '2s'")
        assert refusal(session, insert, world.bob.keys) == DENIED


@pytest.mark.parametrize("table", ALL_TABLES)
def test_staff_cannot_claim_to_be_others(world: World, table: str) -> None:
    column = "id" if table == "bots" else "bot_id"
    for claimed in (world.bob.staff.pk, world.superuser.pk, f"0{world.alice.staff.pk}"):
        with acting("admin", user=world.alice.staff.pk) as session:
            session.execute(f"SET LOCAL app.current_user_id = '{claimed}'")
            assert refusal(session, f"SELECT {column} FROM {table}") == DENIED
            assert refusal(session, "SELECT staff_is_superuser()") == DENIED
            assert refusal(session, "UPDATE auth_user SET is_superuser = true") == DENIED


def test_a_seal_is_good_for_one_kind_of_claim(world: World) -> None:
    user, bot = world.alice.staff.pk, world.alice.id
    with log_in(LOGINS["admin"]) as session:
        statements = context_statements("admin", user=user).replace(
            seal(f"staff:{user}"), seal(f"bot:{user}")
        )
        session.execute(statements)
        assert refusal(session, "SELECT bot_id FROM messages") == DENIED
    with log_in(LOGINS["bot"]) as session:
        session.execute(
            context_statements("bot", bot=bot).replace(seal(f"bot:{bot}"), seal(f"staff:{bot}"))
        )
        assert refusal(session, "SELECT bot_id FROM messages") == DENIED


def test_an_action_is_logged_under_the_name_of_who_did_it(unchanged: World) -> None:
    """The triggers fire when the statement is done: a claim it made on its way is refused there."""
    for claimed in (unchanged.superuser.pk, ""):
        with acting("admin", user=unchanged.alice.staff.pk) as session:
            sql = (
                "WITH gone AS (DELETE FROM bot_metrics RETURNING 1), claim AS"
                f" (SELECT set_config('app.current_user_id', '{claimed}', true), count(*)"
                " FROM gone)"
                " SELECT * FROM claim"
            )
            assert refusal(session, sql) == DENIED


@pytest.mark.parametrize("plane", PLANES[1:], ids=lambda plane: plane.name)
def test_nobody_reads_the_keys(world: World, plane: Any) -> None:
    with log_in(plane.login) as session:
        for role in ("NONE", plane.member_of):
            session.execute(f"SET ROLE {role}")
            for sql in (
                "TABLE context_keys",
                "DELETE FROM context_keys",
                "INSERT INTO context_keys VALUES ('', '')",
                "COPY context_keys TO STDOUT",
                # Staff may ask who they are: the policy of django_admin_log does.
                *(["SELECT current_staff()"] if role != "admin" else []),
            ):
                assert refusal(session, sql) == DENIED


def test_statistics_tell_nothing_of_the_keys(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE context_keys")
    with acting("bot", bot=world.alice.id) as session:
        assert (
            session.execute("SELECT * FROM pg_stats WHERE tablename = 'context_keys'").rowcount == 0
        )


def test_changing_the_key(world: World, settings: Any) -> None:
    old = settings.CONTEXT_KEYS
    settings.CONTEXT_KEYS = [OTHER_KEY]
    says = r"not sealed.*\n.*install_context_keys"
    for context in (bot_context(world.alice.id), staff_context(world.alice.staff)):
        with pytest.raises(ProgrammingError, match=says), context:
            pass
    settings.CONTEXT_KEYS = [OTHER_KEY, *old]
    call_command("install_context_keys", verbosity=0)
    for keys in ([OTHER_KEY], old, [OTHER_KEY, *old]):
        settings.CONTEXT_KEYS = keys
        with bot_context(world.alice.id):
            assert Message.objects.count() == 3
    settings.CONTEXT_KEYS = [OTHER_KEY]
    install_context_keys()
    settings.CONTEXT_KEYS = old
    with pytest.raises(ProgrammingError, match="not sealed"), bot_context(world.alice.id):
        pass
    install_context_keys()
    with bot_context(world.alice.id):
        assert Message.objects.count() == 3


@pytest.mark.parametrize("length", [1, 32, 63, 64, 65, 200])
def test_keys_of_any_length_seal_the_same_on_both_sides(settings: Any, length: int) -> None:
    settings.CONTEXT_KEYS = ["ключ"[:1] * length]
    install_context_keys()
    assert accepted_by(connections["default"])
    settings.CONTEXT_KEYS = ["k" * length]
    assert not accepted_by(connections["default"])


def test_operators_need_no_seal(world: World) -> None:
    with acting("super_admin") as session:
        assert session.execute("SELECT count(*) FROM bots").fetchone() == (2,)
    assert {OFFICE.login, OPS.login} < set(LOGINS.values())
