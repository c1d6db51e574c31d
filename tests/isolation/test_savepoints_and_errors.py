"""Contexts under the real login: what holds inside one, and that nothing is left after it."""

import uuid
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, OperationalError, connections, transaction

from conversations.models import Message, Profile
from tenants.context import ContextError, UnknownBot, bot_context, current_scope, staff_context
from tests.isolation.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("planes", "unchanged")]

STATE = (
    "SELECT current_user, session_user, current_setting('app.current_bot_id', true),"
    " current_setting('app.current_user_id', true)"
)


def state() -> tuple:
    with connections["runtime"].cursor() as cursor:
        cursor.execute(STATE)
        return cursor.fetchone()


def bots_seen() -> set[uuid.UUID]:
    return set(Message.objects.using("runtime").values_list("bot_id", flat=True))


def context(bot: Any) -> Any:
    return bot_context(bot.id, using="runtime")


def assert_clean() -> None:
    connection = connections["runtime"]
    assert current_scope() is None
    assert not connection.in_atomic_block
    user, login, bot, staff = state()
    assert user == login == "botplatform_runtime"
    assert not bot
    assert not staff
    with pytest.raises(DatabaseError, match="permission denied"):
        bots_seen()


def test_inside_and_after(world: World) -> None:
    for tenant in (world.alice, world.bob):
        with context(tenant) as scope:
            assert scope.bot_id == tenant.id
            assert state() == ("bot", "botplatform_runtime", str(tenant.id), "")
            assert bots_seen() == {tenant.id}
        assert_clean()


@pytest.mark.parametrize("fails", [False, True])
def test_savepoints(world: World, fails: bool) -> None:
    with context(world.alice):
        try:
            with transaction.atomic(using="runtime"):
                Profile.objects.using("runtime").update(name="x")
                if fails:
                    raise LookupError
        except LookupError:
            pass
        assert state()[0] == "bot"
        assert bots_seen() == {world.alice.id}
        sid = transaction.savepoint(using="runtime")
        with pytest.raises(DatabaseError), connections["runtime"].cursor() as cursor:
            cursor.execute("SELECT 1/0")
        transaction.savepoint_rollback(sid, using="runtime")
        assert bots_seen() == {world.alice.id}
        transaction.set_rollback(True, using="runtime")
    assert_clean()


def test_an_exception_inside_rolls_back(world: World) -> None:
    def work() -> None:
        with context(world.alice):
            Profile.objects.using("runtime").update(name="x")
            raise LookupError

    with pytest.raises(LookupError):
        work()
    assert_clean()


def test_a_database_error_inside(world: World) -> None:
    with pytest.raises(DatabaseError), context(world.alice):
        Profile.objects.using("runtime").update(age=5)
    assert_clean()


def test_inside_an_outer_transaction(world: World) -> None:
    for tenant in (world.alice, world.bob):
        with transaction.atomic(using="runtime"):
            for _ in range(2):
                with context(tenant):
                    assert bots_seen() == {tenant.id}
                assert state() == ("botplatform_runtime", "botplatform_runtime", "", "")
                with pytest.raises(LookupError), context(tenant):
                    raise LookupError
                assert not state()[2]
            with (
                pytest.raises(DatabaseError, match="permission denied"),
                transaction.atomic(using="runtime"),
            ):
                bots_seen()
        assert_clean()


def test_two_bots_one_after_the_other_in_one_transaction(world: World) -> None:
    with transaction.atomic(using="runtime"):
        for tenant in (world.alice, world.bob, world.alice):
            with context(tenant):
                assert bots_seen() == {tenant.id}
    assert_clean()


def test_nesting(world: World) -> None:
    with context(world.alice), context(world.alice):
        assert bots_seen() == {world.alice.id}
        with context(world.alice):
            pass
        assert bots_seen() == {world.alice.id}
        for other in (
            context(world.bob),
            staff_context(world.superuser, using="runtime"),
        ):
            with pytest.raises(ContextError, match="leave that first"), other:
                pass
        assert bots_seen() == {world.alice.id}
    assert_clean()


@pytest.mark.parametrize(
    "bot", ["x", "", "' OR true --", "'; RESET ROLE; --", None, 7, b"1", "a" * 10_000, ("x",)]
)
def test_no_uuid_sends_no_sql(bot: Any, django_assert_num_queries: Any, world: World) -> None:
    with (
        django_assert_num_queries(0, connection=connections["runtime"]),
        pytest.raises(ContextError, match="UUID"),
        bot_context(bot, using="runtime"),
    ):
        pass


def test_a_uuid_in_another_spelling(world: World) -> None:
    for spelling in (str(world.alice.id).upper(), world.alice.id.hex, f"{{{world.alice.id}}}"):
        with bot_context(spelling, using="runtime"):
            assert bots_seen() == {world.alice.id}


def test_an_unknown_bot(world: World) -> None:
    with pytest.raises(UnknownBot), bot_context(uuid.uuid4(), using="runtime"):
        pass
    assert_clean()


def test_a_role_the_login_may_not_take(world: World) -> None:
    for user in (world.superuser, world.alice.staff):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            staff_context(user, using="runtime"),
        ):
            pass
        assert_clean()


def test_autocommit_off(world: World) -> None:
    connection = connections["runtime"]
    connection.ensure_connection()
    connection.set_autocommit(False)
    try:
        with pytest.raises(ContextError, match="Autocommit"), context(world.alice):
            pass
    finally:
        connection.rollback()
        connection.set_autocommit(True)
    assert_clean()


def test_a_queryset_evaluated_too_late(world: World) -> None:
    with context(world.alice):
        late = Message.objects.using("runtime").all()
        begun = Message.objects.using("runtime").iterator(chunk_size=1)
        next(begun)
    with pytest.raises(DatabaseError, match="permission denied"):
        list(late)
    with pytest.raises(DatabaseError):
        list(begun)
    with context(world.bob):
        assert list(late) == []
        assert bots_seen() == {world.bob.id}
    assert_clean()


def test_a_killed_connection(world: World, superuser: dict[str, Any]) -> None:
    connection = connections["runtime"]

    def work() -> None:
        with context(world.alice):
            pid = connection.connection.info.backend_pid
            with psycopg.connect(**superuser) as killer:
                killer.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            bots_seen()

    with pytest.raises(DatabaseError):
        work()
    assert current_scope() is None
    connection.close_if_unusable_or_obsolete()
    with context(world.bob):
        assert bots_seen() == {world.bob.id}
    assert_clean()


def test_a_statement_timeout(world: World) -> None:
    with (
        pytest.raises(OperationalError, match="statement timeout"),
        context(world.alice),
        connections["runtime"].cursor() as cursor,
    ):
        cursor.execute("SET LOCAL statement_timeout = '50ms'; SELECT pg_sleep(5)")
    assert_clean()
    with context(world.bob):
        assert bots_seen() == {world.bob.id}


def test_entering_fails_and_leaves_nothing(world: World) -> None:
    """A connection that dies between two contexts."""
    connection = connections["runtime"]
    with context(world.alice):
        pass
    connection.connection.close()
    with pytest.raises(DatabaseError), context(world.alice):
        pass
    assert current_scope() is None
    connection.close()
    with context(world.alice):
        assert bots_seen() == {world.alice.id}
    assert_clean()


def test_one_context_object_used_again(world: World) -> None:
    alice = context(world.alice)
    for _ in range(2):
        with alice, alice:
            assert bots_seen() == {world.alice.id}
        assert_clean()
