"""Sums up the days that changed, one bot after the other, each in a transaction of its own."""

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection

from metrics.models import ERROR_NAMES, RollupState
from metrics.rollups.days import EARLIEST, LATEST, Days, runs
from metrics.rollups.sums import BY_DAY, FIGURES, of_days, sums
from metrics.rollups.watermark import Snapshot, advance, first_open_day, latest_moment
from tenants.context import maintenance_context
from tenants.models import Bot

BEGIN_STATES = """
    INSERT INTO rollup_states (bot_id, zone) SELECT id, '' FROM bots ON CONFLICT DO NOTHING
"""
# A year of a busy bot is sorted in memory: half the time.
MEMORY = "SET LOCAL work_mem = '128MB'"
# The bot as well, first: who deletes it takes the same way, and neither waits for the other.
LOCK = """
    SELECT state.bot_id FROM bots JOIN rollup_states AS state ON state.bot_id = bots.id
    WHERE bots.id = %s FOR KEY SHARE OF bots SKIP LOCKED FOR UPDATE OF state SKIP LOCKED
"""
TAKE_NOTES = """
    WITH taken AS (DELETE FROM changed_days WHERE bot_id = %s RETURNING day)
    SELECT DISTINCT day FROM taken WHERE day BETWEEN %s AND %s
"""
ANYTHING_SINCE = """
    SELECT EXISTS (SELECT FROM messages WHERE bot_id = %(bot)s AND sent_at >= %(since)s)
        OR EXISTS (SELECT FROM profiles WHERE bot_id = %(bot)s AND created_at >= %(since)s)
        OR EXISTS (SELECT FROM bot_metrics WHERE bot_id = %(bot)s
            AND metric_name = ANY (%(errors)s) AND recorded_at >= %(since)s)
"""
# Rows that stay as they were are not written again.
WRITE = f"""
    WITH computed AS MATERIALIZED ({sums(BY_DAY)}), written AS (
        INSERT INTO daily_rollups AS present (id, bot_id, day, {", ".join(FIGURES)})
        SELECT gen_random_uuid(), bot_id, day, {", ".join(FIGURES)} FROM computed
        ON CONFLICT (bot_id, day) DO UPDATE SET ({", ".join(FIGURES)})
            = ROW({", ".join(f"excluded.{name}" for name in FIGURES)})
        WHERE ROW({", ".join(f"present.{name}" for name in FIGURES)})
            IS DISTINCT FROM ROW({", ".join(f"excluded.{name}" for name in FIGURES)})
        RETURNING 1
    ), gone AS (
        DELETE FROM daily_rollups WHERE bot_id = ANY (%(bots)s::uuid[])
            AND day BETWEEN %(first)s AND %(last)s AND day NOT IN (SELECT day FROM computed)
        RETURNING 1
    )
    SELECT count(*), coalesce(sum(messages_in + messages_out), 0)::bigint,
        (SELECT count(*) FROM written) + (SELECT count(*) FROM gone) FROM computed
"""


@dataclass
class RolledUp:
    """What became of one bot. `busy`: another roll-up is at it, or the bot is being deleted."""

    name: str
    days: int = 0
    messages: int = 0
    changed: int = 0
    seconds: float = 0.0
    busy: bool = False


def bots_to_roll_up() -> list[tuple[uuid.UUID, str]]:
    with maintenance_context(), connection.cursor() as cursor:
        cursor.execute(BEGIN_STATES)
        return list(Bot.objects.order_by("name").values_list("pk", "name"))


def roll_up(bots: list[tuple[uuid.UUID, str]], since: date | None = None) -> Iterator[RolledUp]:
    """Whatever was committed before is in the rollups after. `since`: all days from then on."""
    for bot_id, name in bots:
        started = time.perf_counter()
        with maintenance_context(), connection.cursor() as cursor:
            rolled_up = _roll_up_bot(cursor, bot_id, RolledUp(name), since)
        rolled_up.seconds = time.perf_counter() - started
        yield rolled_up


def _roll_up_bot(
    cursor: Any, bot_id: uuid.UUID, rolled_up: RolledUp, since: date | None
) -> RolledUp:
    seen = Snapshot.take(cursor)
    cursor.execute(LOCK, [bot_id])
    if cursor.fetchone() is None:
        rolled_up.busy = True
        return rolled_up
    state = RollupState.objects.get(pk=bot_id)
    cursor.execute(TAKE_NOTES, [bot_id, EARLIEST, LATEST])
    noted = [day for (day,) in cursor]
    cursor.execute(MEMORY)
    for first, last in runs(noted, _open_from(cursor, state, since)):
        _sum_up(cursor, bot_id, (first, last), rolled_up)
    state.zone = settings.METRICS_TIME_ZONE
    advance(state, seen)
    state.save()
    return rolled_up


def _open_from(cursor: Any, state: RollupState, since: date | None) -> date | None:
    latest = latest_moment(state)
    if latest is None or state.zone != settings.METRICS_TIME_ZONE:
        return EARLIEST
    first = first_open_day(latest) if _anything_since(cursor, state.pk, latest) else None
    return min(filter(None, (first, since)), default=None)


def _anything_since(cursor: Any, bot_id: uuid.UUID, moment: datetime) -> bool:
    cursor.execute(ANYTHING_SINCE, {"bot": bot_id, "since": moment, "errors": list(ERROR_NAMES)})
    return bool(cursor.fetchone()[0])


def _sum_up(cursor: Any, bot_id: uuid.UUID, days: Days, rolled_up: RolledUp) -> None:
    cursor.execute(WRITE, of_days([bot_id], *days))
    summed, messages, changed = cursor.fetchone()
    rolled_up.days += summed
    rolled_up.messages += messages
    rolled_up.changed += changed
