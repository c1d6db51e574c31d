"""Stores under the runtime login, and bots that are committed, so that it sees them."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from botplatform.planes import MIGRATOR, RUNTIME
from botplatform.store import BotStore
from tenants.models import Bot
from tenants.store.pools import close_pools
from tests.isolation.world import log_in

TOKEN = "123456789:" + "A" * 35


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[None]:
    yield
    close_pools()


@pytest.fixture
def aliases(server: None, db: None, django_db_blocker: Any) -> Iterator[None]:
    """Made after the test's own transaction began, so that they are in none."""
    logins = {"runtime": RUNTIME.login, "migrator": MIGRATOR.login}
    for alias, login in logins.items():
        connections.databases[alias] = {**connection.settings_dict, "USER": login}
    with django_db_blocker.unblock():
        yield
    for alias in logins:
        connections[alias].close()
        del connections[alias]
        del connections.databases[alias]


@pytest.fixture
def new_bot(aliases: None) -> Iterator[Callable[..., BotStore]]:
    bots = Bot.objects.using("migrator")

    def new_bot(name: str, token: str | None = None) -> BotStore:
        bot = Bot(name=name, status=Bot.Status.ACTIVE)
        if token:
            bot.set_token(token)
        bot.save(using="migrator", force_insert=True)
        return BotStore(bot.pk, using="runtime")

    yield new_bot
    bots.all().delete()


@pytest.fixture
def alice(new_bot: Callable[..., BotStore]) -> BotStore:
    return new_bot("Alice's bot", TOKEN)


@pytest.fixture
def bob(new_bot: Callable[..., BotStore]) -> BotStore:
    return new_bot("Bob's bot", TOKEN.replace("A", "B"))


@pytest.fixture
def migrator(server: None) -> Iterator[psycopg.Connection]:
    """Sees and changes everything, each statement by itself."""
    with log_in(MIGRATOR.login, autocommit=True) as session:
        yield session


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run(asyncio.wait_for(coroutine, 60))

    return run
