"""Functions of PostgreSQL itself by which sessions of one login would reach into each other.

Closed where a superuser provisioned; elsewhere the doctor reports them.
"""

from typing import Any

import pytest
from django.db import connection, connections

from botplatform.planes import MIGRATOR, PLANES
from botplatform.provision.closed import CLOSED
from tests.isolation.world import (
    DENIED,
    LOGINS,
    World,
    acting,
    context_statements,
    log_in,
    refusal,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("superuser")]

CALLS = [
    *("SELECT lo_creat(-1)", "SELECT lo_create(0)", "SELECT lo_from_bytea(0, 'x')"),
    *("SELECT lo_open(1, 393216)", "SELECT loread(0, 1)", "SELECT lowrite(0, 'x')"),
    *("SELECT lo_get(1)", "SELECT lo_put(1, 0, 'x')", "SELECT lo_unlink(1)"),
    *("SELECT lo_lseek64(0, 0, 0)", "SELECT lo_tell(0)", "SELECT lo_truncate(0, 0)"),
    *("SELECT 1 FROM pg_stat_activity", "SELECT 1 FROM pg_stat_ssl", "SELECT 1 FROM pg_locks"),
    *("SELECT pg_stat_get_backend_idset()", "SELECT pg_stat_get_backend_activity(1)"),
    *("SELECT 1 FROM pg_stat_progress_copy", "SELECT pg_stat_get_backend_client_addr(1)"),
    "SELECT set_config('app.current_bot_id', '', true)",
    "SELECT set_config('role', 'none', false)",
    "SELECT 1 WHERE set_config('app.current_user_id', '1', true) = '1'",
    "SELECT pg_logical_emit_message(false, 'outbox', 'forged')",
    "SELECT currtid2('bot_access', '(0,1)')",
]


@pytest.mark.parametrize("role", LOGINS)
@pytest.mark.parametrize("sql", CALLS)
def test_nobody_may_call_them(world: World, role: str, sql: str) -> None:
    with acting(role, bot=world.alice.id, user=world.superuser.pk) as session:
        assert refusal(session, sql) == DENIED
        session.execute("RESET ROLE")
        assert refusal(session, sql) == DENIED


def test_a_bot_ends_no_session_of_another(world: World) -> None:
    with acting("bot", bot=world.bob.id) as bob, acting("bot", bot=world.alice.id) as alice:
        for leave in ("SELECT 1", "RESET ROLE"):
            alice.execute(leave)
            for function in ("pg_cancel_backend", "pg_terminate_backend"):
                assert refusal(alice, f"SELECT {function}({bob.info.backend_pid})") == DENIED
        assert bob.execute("SELECT DISTINCT bot_id FROM messages").fetchall() == [(world.bob.id,)]


def test_no_overload_of_another_version_was_forgotten(world: World) -> None:
    """Named by the role, for the calls above are those of one version."""
    names = "|".join(names for names, _ in CLOSED.values())
    callers = [*LOGINS, "app_base", *(plane.login for plane in PLANES if plane is not MIGRATOR)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM unnest(%s::text[]) caller"
            " WHERE has_function_privilege(caller, oid, 'EXECUTE')))"
            " FROM pg_proc WHERE proname ~ %s",
            [callers, f"^({names})$"],
        )
        functions, open_functions = cursor.fetchone()
    assert functions > len(CALLS)
    assert open_functions == 0


def test_the_servers_files_are_nobodys(world: World) -> None:
    """Not the migrator's either, to whom the others were given back."""
    with log_in(MIGRATOR.login) as session:
        assert refusal(session, "SELECT lo_import('/etc/hostname')") == DENIED
        assert refusal(session, "SELECT lo_export(1, '/tmp/x')") == DENIED
        assert refusal(session, "SELECT set_config('app.x', '', true)") is None


def test_positions_are_still_given(world: World) -> None:
    """The keeper's trigger remembers in a setting which conversation it has locked."""
    with log_in(LOGINS["bot"]) as session:
        session.execute(context_statements("bot", world.alice.id))
        row = session.execute(
            "INSERT INTO messages (id, bot_id, conversation_id, sender_type)"
            " VALUES (gen_random_uuid(), %s, %s, 'bot') RETURNING position",
            [world.alice.id, world.alice.conversation.id],
        )
        assert row.fetchone() == (4,)
        session.rollback()


@pytest.mark.parametrize("plane", PLANES, ids=lambda plane: plane.name)
def test_a_process_in_another_time_zone(planes: None, django_db_blocker: Any, plane: Any) -> None:
    """Django sets it at the start of each connection."""
    alias = f"in_moscow_{plane.name}"
    given = {"USER": plane.login, "TIME_ZONE": "Europe/Moscow"}
    connections.databases[alias] = {**connection.settings_dict, **given}
    try:
        with django_db_blocker.unblock(), connections[alias].cursor() as cursor:
            cursor.execute("SHOW TimeZone")
            assert cursor.fetchone() == ("Europe/Moscow",)
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.databases[alias]
