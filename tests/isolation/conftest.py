from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client

from botplatform.planes import MIGRATOR
from tests.isolation.world import (
    LOGINS,
    PASSWORD,
    World,
    acting,
    log_in,
    make_world,
    rows_of_bot,
    unmake_world,
)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Committed, so that other sessions see it; no test changes it."""
    with django_db_blocker.unblock():
        made = make_world()
        yield made
        unmake_world()
        connection.close()


@pytest.fixture
def unchanged(world: World) -> Iterator[World]:
    """Fails when the test left anything changed of either bot."""
    tenants = (world.alice, world.bob)
    before = [rows_of_bot(tenant.id) for tenant in tenants]
    yield world
    assert [rows_of_bot(tenant.id) for tenant in tenants] == before


@pytest.fixture
def alice_session(unchanged: World) -> Iterator[psycopg.Connection]:
    """A bot process of Alice's bot, in its context; rolled back."""
    with acting("bot", bot=unchanged.alice.id) as session:
        yield session


@pytest.fixture
def planes(world: World, db: None, django_db_blocker: Any) -> Iterator[None]:
    """Django aliases under the real logins: runtime, office and ops.

    Made after the test's own transaction began, so that they are in none.
    """
    names = {"bot": "runtime", "admin": "office", "super_admin": "ops"}
    for role, alias in names.items():
        connections.databases[alias] = {**connection.settings_dict, "USER": LOGINS[role]}
    with django_db_blocker.unblock():
        yield
    for alias in names.values():
        connections[alias].close()
        del connections[alias]
        del connections.databases[alias]


@pytest.fixture
def client(planes: None) -> Iterator[Client]:
    """The back office under its own login, whose transactions end as in production."""
    default = connections["default"]
    connections["default"] = connections["office"]
    yield Client(raise_request_exception=False)
    connections["default"] = default


@pytest.fixture
def staff(world: World) -> Iterator[User]:
    """With a password, and as before in the end."""
    user = User(pk=world.alice.staff.pk)
    user.set_password(PASSWORD)
    with log_in(MIGRATOR.login, autocommit=True) as migrator:
        change = "UPDATE auth_user SET password = %s WHERE id = %s"
        migrator.execute(change, [user.password, user.pk])
        yield world.alice.staff
        migrator.execute(change, [world.alice.staff.password, user.pk])
        migrator.execute("DELETE FROM django_session")
        migrator.execute("DELETE FROM django_admin_log")
        migrator.execute("DELETE FROM axes_accessattempt")
