"""How much room messages take: sizes are PostgreSQL's own, a bot's part is its part of messages."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet, Sum

from metrics.models import DailyRollup
from tenants.models import Bot

# Rows as the planner estimates them: as dense as when they were last counted.
PARTITIONS = """
    SELECT relname,
        CASE WHEN relpages > 0 AND reltuples > 0 THEN
            (reltuples * pg_relation_size(pg_class.oid)
                / (relpages::bigint * current_setting('block_size')::int))::bigint
        END,
        pg_total_relation_size(pg_class.oid)
    FROM pg_partition_tree('messages'::regclass) AS tree
    JOIN pg_class ON pg_class.oid = tree.relid WHERE tree.isleaf ORDER BY relname
"""


@dataclass(frozen=True)
class Partition:
    name: str
    rows: int | None
    """None where PostgreSQL has not counted any yet."""
    size: int


@dataclass(frozen=True)
class Share:
    bot: Bot
    messages: int
    size: int | None


def partitions() -> list[Partition]:
    """Of all bots together: to be shown to superusers alone."""
    with connection.cursor() as cursor:
        cursor.execute(PARTITIONS)
        return [Partition(*row) for row in cursor]


def skew(found: list[Partition]) -> float:
    """The largest partition against the mean of all."""
    sizes = [partition.size for partition in found]
    return max(sizes) * len(sizes) / sum(sizes)


def messages_of_bots(bot: Bot | None) -> dict[Any, int]:
    """As far as they are rolled up, the most first."""
    days: QuerySet = DailyRollup.objects.filter(bot=bot) if bot else DailyRollup.objects.all()
    messages = Sum(F("messages_in") + F("messages_out"))
    return dict(
        days.order_by().values("bot_id").annotate(n=messages).order_by("-n").values_list(
            "bot_id", "n"
        )
    )  # fmt: skip


def shares(found: list[Partition], messages: dict[Any, int], most: int) -> list[Share]:
    counted = [partition for partition in found if partition.rows]
    rows = sum(partition.rows or 0 for partition in counted)
    size = sum(partition.size for partition in counted)
    first = dict([*messages.items()][:most])
    bots = Bot.objects.only("name", "status").in_bulk([*first])
    return [
        Share(bots[pk], count, round(count * size / rows) if rows else None)
        for pk, count in first.items()
        if pk in bots
    ]
