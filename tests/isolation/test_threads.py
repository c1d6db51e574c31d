"""Threads have connections of their own, and contexts of their own."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, connections

from conversations.models import Message
from tenants.context import bot_context
from tests.isolation.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("planes", "unchanged")]


def messages() -> Any:
    return Message.objects.using("runtime")


def test_threads(world: World) -> None:
    def work(n: int) -> bool:
        tenant = (world.alice, world.bob)[n % 2]
        try:
            with bot_context(tenant.id, using="runtime"):
                seen = set(messages().values_list("bot_id", flat=True))
                assert seen == {tenant.id}
            try:
                list(messages())
            except DatabaseError:
                return True
            return False
        finally:
            connections["runtime"].close()

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(80)))


def test_a_thread_inherits_no_context(world: World) -> None:
    def forgets() -> str:
        try:
            list(messages())
        except DatabaseError as error:
            return str(error)
        finally:
            connections["runtime"].close()
        return "rows"

    with bot_context(world.alice.id, using="runtime"), ThreadPoolExecutor(1) as threads:
        assert "permission denied" in threads.submit(forgets).result()
