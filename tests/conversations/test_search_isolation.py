"""Search under the real logins, and the function called by hand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, ProgrammingError, connection, connections, transaction

from botplatform.planes import GROUPS, OFFICE, OPS, PLANES, RUNTIME, SEARCHER, Plane
from conversations.models import Message
from tenants.context import bot_context, maintenance_context, staff_context
from tenants.models import Bot
from tenants.seals import seal
from tests.factories import (
    BotAccessFactory,
    BotFactory,
    ConversationFactory,
    MessageFactory,
    UserFactory,
)
from tests.tenants.guards import query
from tests.tenants.logins import login_of

CALL = "SELECT id FROM search_messages('борщ', true, 1000, NULL)"


@dataclass
class World:
    alice: Bot
    bob: Bot
    charlie: Bot
    viewer: User
    """Of Alice's bot and Bob's."""
    nobody: User
    superuser: User

    def owners(self, messages: object) -> list[str]:
        names = {self.alice.pk: "alice", self.bob.pk: "bob", self.charlie.pk: "charlie"}
        return sorted(names[message.bot_id] for message in messages)  # type: ignore[attr-defined]


@pytest.fixture
def world(transactional_db: None) -> World:
    bots = [BotFactory(name=name) for name in ("alice", "bob", "charlie")]
    for bot in bots:
        MessageFactory(conversation=ConversationFactory(bot=bot), content="борщ")
    viewer = UserFactory()
    for bot in bots[:2]:
        BotAccessFactory(user=viewer, bot=bot)
    return World(*bots, viewer, UserFactory(), UserFactory(is_superuser=True))


@pytest.fixture
def login(world: World) -> Iterator[Callable[[Plane], str]]:
    opened = []

    def open_login(plane: Plane) -> str:
        opened.append(login_of(plane))
        return opened[-1].__enter__()

    yield open_login
    for each in opened:
        each.__exit__(None, None, None)


def search(alias: str, **options: object) -> object:
    return Message.objects.using(alias).search("борщ", **options)


def run(alias: str, *statements: str) -> None:
    with transaction.atomic(alias), connections[alias].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_a_bot_finds_its_own(world: World, login: Callable[[Plane], str]) -> None:
    alias = login(RUNTIME)
    everybody = [world.alice.pk, world.bob.pk, world.charlie.pk]
    for bot, name in ((world.alice, "alice"), (world.bob, "bob")):
        with bot_context(bot.pk, using=alias):
            assert world.owners(search(alias)) == [name]
            assert world.owners(search(alias, newest_first=True)) == [name]
            assert world.owners(search(alias, bots=everybody)) == [name]
            assert search(alias, bots=[world.charlie.pk]).count() == 0  # type: ignore[attr-defined]


def test_staff_find_what_they_were_given(world: World, login: Callable[[Plane], str]) -> None:
    alias = login(OFFICE)
    for user, names in (
        (world.viewer, ["alice", "bob"]),
        (world.nobody, []),
        (world.superuser, ["alice", "bob", "charlie"]),
    ):
        with staff_context(user, using=alias):
            assert world.owners(search(alias)) == names
            assert world.owners(search(alias, bots=[world.bob.pk])) == [
                name for name in names if name == "bob"
            ]


def test_maintenance_finds_everything(world: World, login: Callable[[Plane], str]) -> None:
    alias = login(OPS)
    with maintenance_context(using=alias):
        assert world.owners(search(alias)) == ["alice", "bob", "charlie"]


def test_access_that_was_taken_away(world: World, login: Callable[[Plane], str]) -> None:
    alias = login(OFFICE)
    world.viewer.bot_access.filter(bot=world.bob).delete()
    with staff_context(world.viewer, using=alias):
        assert world.owners(search(alias)) == ["alice"]
    User.objects.filter(pk=world.viewer.pk).update(is_active=False)
    with staff_context(world.viewer, using=alias):
        assert world.owners(search(alias)) == []


def test_a_search_that_outlives_its_context_is_refused(
    world: World, login: Callable[[Plane], str]
) -> None:
    alias = login(RUNTIME)
    with bot_context(world.alice.pk, using=alias):
        late = search(alias)
    with pytest.raises(ProgrammingError, match="permission denied"):
        list(late)  # type: ignore[call-overload]


@pytest.mark.parametrize("plane", PLANES[1:], ids=lambda plane: plane.name)
def test_called_by_hand_the_role_decides(
    world: World, login: Callable[[Plane], str], plane: Plane
) -> None:
    """Whatever else is set: a bot's setting means nothing to staff, nor a user's to a bot."""
    wanted = {
        "bot": [world.alice.pk],
        "admin": [world.alice.pk, world.bob.pk],
        "super_admin": [world.alice.pk, world.bob.pk, world.charlie.pk],
    }[plane.member_of]
    claims = {"bot": f"bot:{world.alice.pk}", "admin": f"staff:{world.viewer.pk}"}
    sealed = seal(claims[plane.member_of]) if plane.member_of in claims else ""
    settings = (
        f"SET LOCAL app.current_bot_id = '{world.alice.pk}'",
        f"SET LOCAL app.current_user_id = '{world.viewer.pk}'",
        f"SET LOCAL app.context_seal = '{sealed}'",
        "SET LOCAL search_path = pg_temp, public",
    )
    with transaction.atomic(login(plane)), connections[f"login_{plane.name}"].cursor() as cursor:
        for statement in (*settings, f"SET LOCAL ROLE {plane.member_of}"):
            cursor.execute(statement)
        cursor.execute(CALL.replace("search_messages", "public.search_messages"))
        ids = [found for (found,) in cursor.fetchall()]
    assert set(Message.objects.filter(pk__in=ids).values_list("bot_id", flat=True)) == set(wanted)


@pytest.mark.parametrize("plane", PLANES[1:], ids=lambda plane: plane.name)
def test_without_the_role_nothing_helps(
    world: World, login: Callable[[Plane], str], plane: Plane
) -> None:
    alias = login(plane)
    others = [group for group in GROUPS if group != plane.member_of]
    for preparation in (
        "SELECT 1",
        f"SET LOCAL app.current_bot_id = '{world.alice.pk}'",
        f"SET LOCAL app.current_user_id = '{world.superuser.pk}'",
        *(f"SET LOCAL ROLE {group}" for group in (*others, SEARCHER)),
        *(f"SELECT set_config('role', '{group}', true)" for group in others),
    ):
        with pytest.raises(DatabaseError, match="permission denied"):
            run(alias, preparation, CALL)


@pytest.mark.parametrize("setting", ["", "garbage", "00000000-0000-0000-0000-000000000000"])
def test_a_bot_that_is_none(world: World, login: Callable[[Plane], str], setting: str) -> None:
    alias = login(RUNTIME)
    with transaction.atomic(alias), connections[alias].cursor() as cursor:
        cursor.execute(f"SET LOCAL app.current_bot_id = '{setting}'")
        cursor.execute(f"SET LOCAL app.context_seal = '{seal(f'bot:{setting}')}'")
        cursor.execute("SET LOCAL ROLE bot")
        if setting == "garbage":
            with pytest.raises(DatabaseError, match="uuid"), transaction.atomic(alias):
                cursor.execute(CALL)
            return
        cursor.execute(CALL)
        assert cursor.fetchall() == []


def test_the_migrator_without_a_role_finds_nothing(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute(CALL)
        assert cursor.fetchall() == []


def test_rights(db: None) -> None:
    [(owner, definer, config, executors)] = query(
        "SELECT pg_get_userbyid(proowner), prosecdef, proconfig, ARRAY(SELECT"
        " grantee::regrole::text FROM aclexplode(proacl) WHERE grantee <> proowner ORDER BY 1)"
        " FROM pg_proc WHERE proname = 'search_messages'"
    )
    assert (owner, definer) == (SEARCHER, True)
    assert config == ["search_path=pg_catalog, public, pg_temp", "jit=off"]
    assert executors == ["admin", "bot", "super_admin"]
    rights = query(
        "SELECT c.relname, a.privilege_type FROM pg_class c, aclexplode(relacl) a"
        " WHERE a.grantee = %(role)s::regrole"
        " UNION ALL SELECT attname, privilege_type FROM pg_attribute, aclexplode(attacl) a"
        " WHERE a.grantee = %(role)s::regrole AND NOT attisdropped ORDER BY 1",
        role=SEARCHER,
    )
    assert rights == [
        (name, "SELECT")
        for name in (
            *("bot_id", "conversation_id", "id", "id", "message_type", "search", "sender_type"),
            "sent_at",
        )
    ]
    assert query("SELECT has_schema_privilege(%(role)s, 'public', 'CREATE')", role=SEARCHER) == [
        (False,)
    ]
