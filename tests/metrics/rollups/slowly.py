"""The same numbers as the rollups', computed in plain Python from all rows."""

import math
import uuid
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from metrics.models import DailyRollup
from metrics.rollups.sums import FIGURES

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
Rows = list[tuple[Any, ...]]


def query(sql: str, *parameters: Any) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor)


def stored(bot: uuid.UUID) -> dict[date, dict[str, Any]]:
    rows = DailyRollup.objects.filter(bot=bot).values("day", *FIGURES)
    return {row.pop("day"): row for row in rows}


def computed(bot: uuid.UUID, zone: ZoneInfo) -> dict[date, dict[str, Any]]:
    days: dict[date, dict[str, Any]] = defaultdict(lambda: defaultdict(int))
    people: dict[date, set[Any]] = defaultdict(set)
    chats: dict[date, set[Any]] = defaultdict(set)
    waits: dict[date, list[float]] = defaultdict(list)

    def day_of(moment: datetime) -> date:
        return moment.astimezone(zone).date()

    by_chat: dict[Any, Rows] = defaultdict(list)
    for row in query(
        "SELECT conversation_id, sent_at, position, sender_type, sender_id FROM messages"
        " WHERE bot_id = %s AND sender_type <> 'system'",
        bot,
    ):
        by_chat[row[0]].append(row)
    for chat, messages in by_chat.items():
        messages.sort(key=lambda row: (row[1], row[2]))
        for n, (_, sent_at, _, sender, sender_id) in enumerate(messages):
            day = day_of(sent_at)
            chats[day].add(chat)
            days[day]["messages_in" if sender == "user" else "messages_out"] += 1
            if sender != "user":
                continue
            people[day].add((sender_id,) if sender_id is not None else chat)
            before = messages[n - 1] if n else None
            if before and before[3] == "user" and sent_at - before[1] <= HOUR:
                continue
            answers = [m for m in messages[n:] if m[3] == "bot"]
            if answers and answers[0][1] - sent_at <= DAY:
                waits[day].append((answers[0][1] - sent_at).total_seconds())
    for (created_at,) in query("SELECT created_at FROM profiles WHERE bot_id = %s", bot):
        days[day_of(created_at)]["new_people"] += 1
    for recorded_at, value in query(
        "SELECT recorded_at, metric_value FROM bot_metrics WHERE bot_id = %s"
        " AND metric_name IN ('error', 'errors') AND metric_value BETWEEN 0 AND 1e9",
        bot,
    ):
        days[day_of(recorded_at)]["errors"] += int(value)
    for day in list(days):
        days[day]["active_people"] = len(people[day])
        days[day]["conversations"] = len(chats[day])
        days[day]["responses"] = len(waits[day])
        days[day]["response_median"] = percentile(waits[day], 0.5)
        days[day]["response_p95"] = percentile(waits[day], 0.95)
    return {day: {name: figures[name] for name in FIGURES} for day, figures in days.items()}


def percentile(values: list[float], share: float) -> float | None:
    """Between two values in proportion."""
    if not values:
        return None
    values = sorted(values)
    place = (len(values) - 1) * share
    below, above = values[math.floor(place)], values[math.ceil(place)]
    return below + (above - below) * (place - math.floor(place))
