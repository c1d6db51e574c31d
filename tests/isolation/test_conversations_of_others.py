"""Who adds rows brings no counters, and locks no conversation that is not theirs to write to."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from botplatform.planes import MIGRATOR
from tests.factories import BotAccessFactory, UserFactory
from tests.isolation.world import DENIED, World, acting, log_in, refusal

pytestmark = pytest.mark.django_db

CLAIMED = (
    "INSERT INTO conversations (id, bot_id, chat_id, message_count, last_position, last_message_at)"
    " VALUES (gen_random_uuid(), %s, 7, 77, 9223372036854775807, now())"
    " RETURNING message_count, last_position, last_message_at IS NULL"
)
MESSAGE = (
    "INSERT INTO messages (id, bot_id, conversation_id, sender_type, position)"
    " VALUES (gen_random_uuid(), %s, %s, 'user', %s)"
)


@pytest.fixture(scope="module")
def viewer(world: World, django_db_blocker: Any) -> User:
    """Of Bob's bot, and operator of Alice's; world deletes them."""
    with django_db_blocker.unblock():
        user = UserFactory(username="viewer-of-bob")
        BotAccessFactory(user=user, bot=world.bob.bot, role="viewer")
        BotAccessFactory(user=user, bot=world.alice.bot, role="operator")
    return user


@pytest.mark.parametrize("role", ["bot", "admin"])
def test_a_conversation_counts_from_zero(unchanged: World, role: str) -> None:
    tenant = unchanged.alice
    with acting(role, bot=tenant.id, user=tenant.staff.pk) as session:
        assert session.execute(CLAIMED, [tenant.id]).fetchall() == [(0, 0, True)]


def test_the_import_brings_its_counters(unchanged: World) -> None:
    with acting("super_admin") as session:
        brought = session.execute(CLAIMED, [unchanged.alice.id]).fetchall()
        assert brought == [(77, 2**63 - 1, False)]


@pytest.mark.parametrize("position", [None, 9])
def test_staff_wait_for_no_lock_of_what_they_may_not_write(
    unchanged: World, viewer: User, position: int | None
) -> None:
    """Nor tell by it whether the conversation is there."""
    bob = unchanged.bob
    lock = "SELECT FROM conversations WHERE bot_id = %s AND id = %s FOR UPDATE"
    with log_in(MIGRATOR.login) as other:
        other.execute(lock, [bob.id, bob.conversation.id])
        for user in (viewer, unchanged.alice.staff):
            with acting("admin", user=user.pk) as session:
                session.execute("SET LOCAL lock_timeout = '300ms'")
                for conversation in (bob.conversation.id, unchanged.alice.conversation.id):
                    values = [bob.id, conversation, position]
                    assert refusal(session, MESSAGE, values) == DENIED
        other.rollback()


def test_staff_who_may_write_are_given_positions(unchanged: World, viewer: User) -> None:
    alice = unchanged.alice
    for user in (viewer, alice.staff, unchanged.superuser):
        with acting("admin", user=user.pk) as session:
            values = [alice.id, alice.conversation.id, None]
            added = session.execute(f"{MESSAGE} RETURNING position", values)
            assert added.fetchall() == [(4,)]
