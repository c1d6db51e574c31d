"""Functions that run as somebody else cannot be led to somebody else's objects."""

import psycopg
import pytest
from django.db import connection, transaction

from tests.isolation.world import DENIED, LOGINS, World, acting, context_statements, log_in, refusal

pytestmark = pytest.mark.django_db

OURS = (
    "FROM pg_proc p JOIN pg_roles owner ON owner.oid = proowner"
    " WHERE pronamespace = 'public'::regnamespace"
)


def test_every_function_has_a_pinned_path_and_a_modest_owner(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, prosecdef, proconfig, rolname, rolsuper OR rolbypassrls"
            f" OR rolcreaterole OR rolcanlogin {OURS}"
        )
        found = cursor.fetchall()
    definers = [name for name, definer, *_ in found if definer]
    assert {"staff_bots", "staff_is_superuser"} <= set(definers)
    assert len(definers) >= 6
    for name, definer, config, owner, mighty in found:
        assert not mighty, name
        assert owner != "botplatform_owner" or not definer
        path = next((c for c in config or () if c.startswith("search_path=")), "=").split("=")[1]
        assert path.split(", ")[0] == "pg_catalog", name
        assert path.split(", ")[-1] == "pg_temp", name


def test_nobody_executes_what_is_not_theirs(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT proname FROM (SELECT p.oid, proname {OURS}) p, pg_roles r"
            " WHERE rolname IN ('app_base', 'bot')"
            " AND has_function_privilege(r.oid, p.oid, 'EXECUTE')"
            " AND proname IN ('staff_bots', 'staff_is_superuser')"
        )
        assert cursor.fetchall() == []
        cursor.execute(
            "SELECT proname FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) a"
            " WHERE pronamespace = 'public'::regnamespace AND a.grantee = 0"
        )
        assert cursor.fetchall() == []


@pytest.mark.parametrize("role", LOGINS)
def test_trigger_functions_are_nobodys_to_call(world: World, role: str) -> None:
    with acting(role, bot=world.alice.id, user=world.superuser.pk) as session:
        names = session.execute(
            "SELECT proname FROM pg_proc WHERE proname LIKE 'pgtrigger%'"
        ).fetchall()
        assert names
        for (name,) in names:
            assert refusal(session, f"SELECT {name}()") in (DENIED, "0A000")
            assert session.execute(
                "SELECT has_function_privilege(%s, 'EXECUTE')", [f"{name}()"]
            ).fetchone() == (False,)


def test_a_function_made_later_is_nobodys_to_call(world: World) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE FUNCTION later() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        for role in ("app_base", *LOGINS, *LOGINS.values()):
            cursor.execute("SELECT has_function_privilege(%s, 'later()', 'EXECUTE')", [role])
            assert cursor.fetchone() == (False,), role
        transaction.set_rollback(True)


HOSTILE = [
    "CREATE SCHEMA hostile",
    "CREATE TABLE hostile.bot_access (user_id int, bot_id uuid, role text)",
    "CREATE TABLE hostile.auth_user"
    " (id int, is_active bool, is_staff bool, is_superuser bool)",
    "CREATE TABLE hostile.conversations (LIKE public.conversations)",
    "CREATE TABLE hostile.messages (LIKE public.messages)",
    "INSERT INTO hostile.bot_access SELECT %(user)s, id, 'manager' FROM public.bots",
    "INSERT INTO hostile.auth_user VALUES (%(user)s, true, true, true)",
    "CREATE FUNCTION hostile.yes(int, int) RETURNS bool LANGUAGE sql AS 'SELECT true'",
    "CREATE OPERATOR hostile.= (LEFTARG = int, RIGHTARG = int, FUNCTION = hostile.yes)",
    "CREATE FUNCTION hostile.bool_or(bool) RETURNS bool LANGUAGE sql AS 'SELECT true'",
    "CREATE FUNCTION hostile.current_setting(text, bool) RETURNS text LANGUAGE sql"
    " AS $$SELECT '%(user)s'$$",
    "CREATE FUNCTION hostile.count(uuid) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
    "GRANT USAGE ON SCHEMA hostile TO PUBLIC",
    "GRANT ALL ON ALL TABLES IN SCHEMA hostile TO PUBLIC",
    "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA hostile TO PUBLIC",
]  # fmt: skip


def test_a_hostile_search_path(world: World) -> None:
    """Even if the schema were there and readable by everybody."""
    user = world.alice.staff.pk
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in HOSTILE:
            cursor.execute(statement.replace("%(user)s", str(user)))
        cursor.execute(context_statements("admin", user=user))
        cursor.execute("SET LOCAL search_path = hostile, pg_catalog, public")
        cursor.execute("SELECT public.staff_is_superuser(), public.staff_bots('viewer')")
        assert cursor.fetchone() == (False, [world.alice.id])
        cursor.execute("SELECT DISTINCT bot_id FROM public.messages")
        assert cursor.fetchall() == [(world.alice.id,)]
        cursor.execute("SELECT count(*) FROM public.bots")
        assert cursor.fetchone() == (1,)
        cursor.execute(
            "INSERT INTO public.messages (id, bot_id, conversation_id, sender_type)"
            " VALUES (gen_random_uuid(), %s, %s, 'bot') RETURNING position",
            [world.alice.id, world.alice.conversation.id],
        )
        assert cursor.fetchone() == (4,)
        cursor.execute("SELECT message_count FROM public.conversations")
        assert cursor.fetchone() == (4,)
        transaction.set_rollback(True)


def test_hostile_temporary_tables(world: World) -> None:
    """Operators may make some; the functions do not look at them."""
    with log_in(LOGINS["super_admin"]) as session:
        for table in ("conversations", "messages"):
            session.execute(f"CREATE TEMP TABLE {table} AS TABLE pg_class WITH NO DATA")
        session.execute("SET LOCAL ROLE super_admin")
        row = session.execute(
            "INSERT INTO public.messages (id, bot_id, conversation_id, sender_type)"
            " VALUES (gen_random_uuid(), %s, %s, 'bot') RETURNING position",
            [world.bob.id, world.bob.conversation.id],
        ).fetchone()
        assert row == (4,)
        session.rollback()


@pytest.mark.parametrize("argument", ["", "Viewer", "owner", "viewer'", None, "%", "viewer "])
def test_odd_arguments_give_no_bot(world: World, argument: str | None) -> None:
    with acting("admin", user=world.alice.staff.pk) as session:
        row = session.execute("SELECT staff_bots(%s)", [argument]).fetchone()
        assert row == (None,)


def test_a_bot_cannot_ask_who_staff_are(alice_session: psycopg.Connection) -> None:
    for sql in ("SELECT staff_is_superuser()", "SELECT staff_bots('viewer')", "TABLE auth_user"):
        assert refusal(alice_session, sql) == DENIED


def test_counters_follow_for_its_own_conversation_only(
    alice_session: psycopg.Connection, world: World
) -> None:
    """The definer triggers count what was written, and nothing of another bot can be written."""
    row = (
        "INSERT INTO messages (id, bot_id, conversation_id, sender_type)"
        " VALUES (gen_random_uuid(), %s, %s, 'bot') RETURNING position"
    )
    alice, bob = world.alice, world.bob
    assert alice_session.execute(row, [alice.id, alice.conversation.id]).fetchone() == (4,)
    for bot, conversation, state in (
        (bob.id, bob.conversation.id, DENIED),
        (bob.id, alice.conversation.id, DENIED),
        (alice.id, bob.conversation.id, "23503"),
    ):
        assert refusal(alice_session, row, [bot, conversation]) == state
