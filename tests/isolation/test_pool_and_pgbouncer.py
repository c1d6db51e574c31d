"""Connections that go from bot to bot: Django's pool, and PgBouncer in transaction mode."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, connections

from conversations.models import Message, Profile
from tenants.context import bot_context, current_scope
from tests.isolation.pgbouncer import SERVER_CONNECTIONS, pgbouncer, program
from tests.isolation.world import LOGINS, World, context_statements, parameters

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("planes", "unchanged"),
    pytest.mark.xdist_group("pgbouncer"),
]

CLIENTS, TRANSACTIONS = 8, 2_000
STATE = (
    "SELECT current_user, coalesce(current_setting('app.current_bot_id', true), ''),"
    " coalesce(current_setting('app.current_user_id', true), ''), pg_backend_pid()"
)


@pytest.fixture
def bouncer(world: World, workspace: Path) -> Iterator[dict[str, object]]:
    if program() is None:
        pytest.skip("PGBOUNCER IS NOT INSTALLED: transaction pooling is not tested here.")
    with pgbouncer(workspace) as address:
        yield address


class Injected(Exception):
    pass


def one_transaction(session: psycopg.Connection, chance: random.Random, world: World) -> str:
    """What went wrong for isolation; mostly errors are thrown into it."""
    tenant, other = chance.sample([world.alice, world.bob], 2)
    accident = chance.choice(["none", "none", "zero", "refused", "raised", "forgotten", "gone"])
    try:
        with session.transaction():
            if accident == "forgotten":
                rows = session.execute("SELECT bot_id FROM messages").fetchall()
                return f"{len(rows)} rows without a context"
            session.execute(context_statements("bot", tenant.id))
            if accident == "zero":
                session.execute("SELECT 1/0")
            rows = session.execute("SELECT bot_id FROM messages").fetchall()
            if set(rows) != {(tenant.id,)} or len(rows) != 3:
                return f"{tenant.id} saw {rows}"
            changed = session.execute("UPDATE profiles SET name = 'x'").rowcount
            if changed != 1:
                return f"changed {changed} profiles"
            if accident == "refused":
                session.execute("DELETE FROM bots WHERE id = %s", [other.id])
            if accident == "gone":
                session.close()
                return ""
            raise Injected  # nothing is to stay changed
    except (Injected, psycopg.errors.DivisionByZero, psycopg.errors.InsufficientPrivilege):
        pass
    user, bot, staff, _ = session.execute(STATE).fetchone()
    session.commit()
    return "" if (user, bot, staff) == (LOGINS["bot"], "", "") else f"left {user} {bot} {staff}"


def test_transactions_through_pgbouncer(world: World, bouncer: dict[str, object]) -> None:
    backends = set()
    running = threading.Barrier(CLIENTS)

    def connect() -> psycopg.Connection:
        return psycopg.connect(**{**parameters(LOGINS["bot"]), **bouncer}, prepare_threshold=None)

    def client(n: int) -> tuple[int, list[str]]:
        chance, violations, done = random.Random(n), [], 0
        session = connect()
        running.wait(10)
        for _ in range(TRANSACTIONS // CLIENTS):
            if session.closed:
                session = connect()
            try:
                violations.append(one_transaction(session, chance, world))
            except psycopg.OperationalError:
                assert session.closed  # as injected
            done += 1
            if not session.closed:
                backends.add(session.execute(STATE).fetchone()[3])
                session.commit()
        session.close()
        return done, [violation for violation in violations if violation]

    with ThreadPoolExecutor(CLIENTS) as threads:
        results = list(threads.map(client, range(CLIENTS)))
    assert [violation for _, found in results for violation in found] == []
    assert sum(done for done, _ in results) == TRANSACTIONS
    assert len(backends) >= 2


def use_contexts(alias: str, world: World, rounds: int) -> list[str]:
    """Threads that use contexts of Django over one alias; what they saw that was not theirs."""

    def client(n: int) -> list[str]:
        chance, wrong = random.Random(n), []
        rows = Message.objects.using(alias)
        try:
            for _ in range(rounds):
                tenant = chance.choice([world.alice, world.bob])
                try:
                    with bot_context(tenant.id, using=alias):
                        seen = set(rows.values_list("bot_id", flat=True))
                        if seen != {tenant.id}:
                            wrong.append(f"{tenant.id} saw {seen}")
                        Profile.objects.using(alias).update(name="x")
                        if chance.random() < 0.3:
                            Profile.objects.using(alias).update(age=5)
                        raise Injected
                except (Injected, DatabaseError):
                    pass
                if current_scope() is not None:
                    wrong.append("the context stayed")
                with suppress(DatabaseError):
                    wrong.append(f"{rows.count()} without a context")
                if chance.random() < 0.3:
                    connections[alias].close()
        finally:
            connections[alias].close()
        return wrong

    with ThreadPoolExecutor(CLIENTS) as threads:
        return [wrong for found in threads.map(client, range(CLIENTS)) for wrong in found]


def alias_of(name: str, **changes: Any) -> None:
    connections.databases[name] = {
        **connection.settings_dict,
        "USER": LOGINS["bot"],
        **changes,
    }


def test_contexts_through_pgbouncer(world: World, bouncer: dict[str, object]) -> None:
    alias_of(
        "bounced",
        HOST=bouncer["host"],
        PORT=str(bouncer["port"]),
        DISABLE_SERVER_SIDE_CURSORS=True,
    )
    try:
        assert use_contexts("bounced", world, rounds=15) == []
    finally:
        del connections.databases["bounced"]
    assert SERVER_CONNECTIONS < CLIENTS


def test_contexts_over_djangos_pool(world: World) -> None:
    options = {**connection.settings_dict["OPTIONS"], "pool": {"min_size": 1, "max_size": 3}}
    alias_of("pooled", OPTIONS=options, CONN_MAX_AGE=0)
    try:
        assert use_contexts("pooled", world, rounds=15) == []
        with bot_context(world.alice.id, using="pooled"):
            assert Message.objects.using("pooled").count() == 3
    finally:
        connections["pooled"].close()
        connections["pooled"].close_pool()
        del connections["pooled"]
        del connections.databases["pooled"]
