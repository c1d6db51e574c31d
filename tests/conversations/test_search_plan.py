"""A search reads the full-text index of one partition, and fetches rows by their keys."""

from collections import Counter

import pytest

from conversations.models import Message
from tenants.context import Context, bot_context, maintenance_context, staff_context
from tenants.models import Bot
from tests.conversations.test_indexes_are_used import busy_bot as busy_bot
from tests.factories import BotAccessFactory, UserFactory
from tests.plans import PARTITION, partitions_used, plans
from tests.tenants.guards import query

pytestmark = pytest.mark.django_db


def search_indexes_used() -> Counter[str]:
    return Counter(
        dict(
            query(
                "SELECT relname, pg_stat_get_xact_numscans(oid) FROM pg_class"
                " WHERE relname ~ '^messages_p[0-9]+_search_idx$'"
            )
        )
    )


def partition_of(bot: Bot) -> str:
    [(name,)] = query(
        "SELECT tableoid::regclass::text FROM messages WHERE bot_id = %(bot)s LIMIT 1", bot=bot.pk
    )
    return str(name)


def as_bot(bot: Bot) -> Context:
    return bot_context(bot.pk)


def as_staff(bot: Bot) -> Context:
    return staff_context(BotAccessFactory(bot=bot).user)


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("context", [as_bot, as_staff])
def test_one_index_of_one_partition(busy_bot: Bot, context: object, newest_first: bool) -> None:
    before, touched = search_indexes_used(), partitions_used()
    with context(busy_bot):  # type: ignore[operator]
        for _ in range(7):
            assert len(Message.objects.search("слово7 ", newest_first=newest_first)) == 30
    partition = partition_of(busy_bot)
    assert search_indexes_used() - before == Counter({f"{partition}_search_idx": 7})
    messages = {name for name in partitions_used() - touched if name.startswith("messages_p")}
    assert messages == {partition}


def test_the_rows_are_fetched_by_their_keys(busy_bot: Bot) -> None:
    with bot_context(busy_bot.pk):
        with plans() as found:
            list(Message.objects.search("слово7 "))
        [(n,)] = [tuple(found.partitions["messages"])]
    assert f"messages_p{n}_pkey" in found.indexes
    scans = [node for node in found.nodes() if PARTITION.match(node.get("Relation Name", ""))]
    assert {node["Node Type"] for node in scans} <= {"Index Scan", "Bitmap Heap Scan"}


@pytest.mark.parametrize("everybody", [True, False])
def test_who_sees_everything_uses_the_indexes_too(busy_bot: Bot, everybody: bool) -> None:
    superuser = UserFactory(is_superuser=True)
    before = search_indexes_used()
    with maintenance_context() if everybody else staff_context(superuser):
        assert len(Message.objects.search("слово7 ")) == 30
    partition = partition_of(busy_bot)
    assert f"{partition}_search_idx" in search_indexes_used() - before
