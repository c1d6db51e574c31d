"""Summing up all days of all bots, against counting the same messages by day."""

import time
from dataclasses import dataclass

from django.db import connection, transaction

from metrics.models import DailyRollup, RollupState
from metrics.rollups.roll_up import bots_to_roll_up, roll_up

COUNT = "SELECT bot_id, sent_at::date, count(*) FROM messages GROUP BY 1, 2"


@dataclass(frozen=True)
class RollUp:
    messages: int
    counting: float
    seconds: float
    again: float

    @property
    def cost(self) -> float:
        return self.seconds / self.counting


def measured() -> RollUp:
    """A first roll-up, also in a database that was kept; and one when nothing changed since."""
    DailyRollup.objects.all().delete()
    RollupState.objects.all().delete()
    counting = min(_count() for _ in range(3))
    messages, seconds = _roll_up()
    return RollUp(messages, counting, seconds, _roll_up()[1])


def _count() -> float:
    started = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(COUNT)
        cursor.fetchall()
    return time.perf_counter() - started


def _roll_up() -> tuple[int, float]:
    started = time.perf_counter()
    messages = sum(each.messages for each in roll_up(bots_to_roll_up()))
    return messages, time.perf_counter() - started
