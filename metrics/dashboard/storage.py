"""How much room messages take: sizes are PostgreSQL's own, a bot's part is its part of messages."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum

from conversations.models import Message
from metrics.models import DailyRollup
from metrics.rollups.days import midnight
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


def of_system(bot: Bot | None, day: date) -> dict[Any, tuple[int, int]]:
    """Messages that neither people nor bots sent, which rollups leave out: each bot's in total and
    of a day. They are few, and have an index of their own."""
    messages: QuerySet = Message.objects.filter(sender_type=Message.Sender.SYSTEM)
    of_day = Q(sent_at__gte=midnight(day), sent_at__lt=midnight(day + timedelta(days=1)))
    rows = (messages.filter(bot=bot) if bot else messages).order_by().values("bot_id")
    counts = rows.annotate(n=Count("bot"), on_day=Count("bot", filter=of_day))
    return {row["bot_id"]: (row["n"], row["on_day"]) for row in counts}


def messages_of_bots(bot: Bot | None, of_system: dict[Any, tuple[int, int]]) -> dict[Any, int]:
    """As far as they are rolled up, the most first."""
    days: QuerySet = DailyRollup.objects.filter(bot=bot) if bot else DailyRollup.objects.all()
    sent = Sum(F("messages_in") + F("messages_out"))
    rolled_up = days.order_by().values("bot_id").annotate(n=sent).values_list("bot_id", "n")
    messages = Counter(dict(rolled_up))
    messages.update({bot_id: n for bot_id, (n, _on_day) in of_system.items()})
    return dict(messages.most_common())


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
