"""Counts what metrics.models.DailyRollup promises: the one statement for days past and present.

`counts` is its cheap sister for pages about all bots: messages, people and errors as they are now,
and what takes longer (chats, response times) as the last roll-up left it.

A chat is read in the order of its times, and of its positions where these are equal: an import
puts late messages after the live ones, which then answer nothing. A message reaches an hour and a
day further than its own day, so each is read with its surroundings.
"""

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings

from metrics.models import ERROR_NAMES
from metrics.rollups.days import PATIENCE, SILENCE, midnight

FIGURES = (
    *("messages_in", "messages_out", "conversations", "active_people", "new_people"),
    *("responses", "response_median", "response_p95", "errors"),
)
# PostgreSQL says on which day a moment is; where it and Python differ about a midnight, by hours
# at most, nothing is left out.
SLACK = timedelta(hours=3)

BY_DAY = "({moment} AT TIME ZONE %(zone)s)::date"
# All that is between two moments, as if it were the first day.
AS_ONE = "CASE WHEN {moment} >= %(since)s AND {moment} < %(until)s THEN %(first)s::date END"

_OF_BOTS = "bot_id = ANY (%(bots)s::uuid[])"
_READ = f"""
    SELECT bot_id, day,
        count(*) FILTER (WHERE asks) AS messages_in,
        count(*) FILTER (WHERE NOT asks) AS messages_out,
        count(DISTINCT conversation_id) AS conversations,
        count(DISTINCT sender_id) FILTER (WHERE asks)
            + count(DISTINCT conversation_id) FILTER (WHERE asks AND sender_id IS NULL)
            AS active_people,
        0 AS new_people,
        count(response) AS responses,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY response) AS response_median,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY response) AS response_p95,
        0 AS errors
    FROM (
        SELECT bot_id, conversation_id, sender_id, asks, {{sent_day}} AS day,
            CASE WHEN asks AND (earlier_asks AND earlier_at >= sent_at - %(silence)s) IS NOT TRUE
                AND answered_at <= sent_at + %(patience)s
                THEN date_part('epoch', answered_at - sent_at) END AS response
        FROM (
            SELECT bot_id, conversation_id, sender_id, sent_at, sender_type = 'user' AS asks,
                lead(sender_type = 'user') OVER later AS earlier_asks,
                lead(sent_at) OVER later AS earlier_at,
                min(sent_at) FILTER (WHERE sender_type = 'bot') OVER later AS answered_at
            FROM messages
            WHERE {_OF_BOTS} AND sent_at >= %(since)s - %(silence)s
                AND sent_at < %(until)s + %(patience)s AND sender_type IN ('user', 'bot')
            WINDOW later AS (PARTITION BY bot_id, conversation_id
                ORDER BY sent_at DESC, position DESC ROWS UNBOUNDED PRECEDING)
        ) AS sent
    ) AS asked
    WHERE day BETWEEN %(first)s AND %(last)s
    GROUP BY bot_id, day
"""
_COUNTED = f"""
    SELECT bot_id, day,
        count(*) FILTER (WHERE sender_type = 'user') AS messages_in,
        count(*) FILTER (WHERE sender_type = 'bot') AS messages_out,
        0 AS conversations, 0 AS active_people, 0 AS new_people, 0 AS responses,
        NULL::double precision AS response_median, NULL::double precision AS response_p95,
        0 AS errors
    FROM (
        SELECT bot_id, sender_type, {{sent_day}} AS day FROM messages
        WHERE {_OF_BOTS} AND sent_at >= %(since)s AND sent_at < %(until)s
            AND sender_type IN ('user', 'bot')
    ) AS sent
    WHERE day BETWEEN %(first)s AND %(last)s
    GROUP BY bot_id, day
    UNION ALL
    SELECT bot_id, day, 0, 0, conversations, active_people, 0, responses, response_median,
        response_p95, 0
    FROM daily_rollups WHERE {_OF_BOTS} AND day BETWEEN %(first)s AND %(last)s
"""
_OTHERS = f"""
    UNION ALL
    SELECT bot_id, day, 0, 0, 0, 0, count(*), 0, NULL, NULL, 0
    FROM (
        SELECT bot_id, {{created_day}} AS day FROM profiles
        WHERE {_OF_BOTS} AND created_at >= %(since)s AND created_at < %(until)s
    ) AS created
    WHERE day BETWEEN %(first)s AND %(last)s
    GROUP BY bot_id, day
    UNION ALL
    SELECT bot_id, day, 0, 0, 0, 0, 0, 0, NULL, NULL, sum(metric_value)::bigint
    FROM (
        SELECT bot_id, metric_value, {{recorded_day}} AS day FROM bot_metrics
        WHERE {_OF_BOTS} AND recorded_at >= %(since)s AND recorded_at < %(until)s
            AND metric_name = ANY (%(errors)s) AND metric_value BETWEEN 0 AND 1000000000
    ) AS recorded
    WHERE day BETWEEN %(first)s AND %(last)s
    GROUP BY bot_id, day
"""
_ONE_OF_EACH = ", ".join(
    f"max({name}) AS {name}" if name.startswith("response_") else f"sum({name})::bigint AS {name}"
    for name in FIGURES
)


def sums(day: str) -> str:
    """A row for each bot and day with anything to count."""
    return _by_day(_READ + _OTHERS, day)


def counts(day: str) -> str:
    return _by_day(_COUNTED + _OTHERS, day)


def _by_day(rows: str, day: str) -> str:
    days = {
        f"{what}_day": day.format(moment=f"{what}_at") for what in ("sent", "created", "recorded")
    }
    return f"SELECT bot_id, day, {_ONE_OF_EACH} FROM ({rows.format(**days)}) AS each_of_them" + (
        " GROUP BY bot_id, day"
    )


def of_days(bots: Sequence[uuid.UUID], first: date, last: date) -> dict[str, Any]:
    """Parameters of `sums(BY_DAY)`."""
    since, until = midnight(first) - SLACK, midnight(last + timedelta(days=1)) + SLACK
    return {**of_moments(bots, since, until), "first": first, "last": last}


def of_moments(bots: Sequence[uuid.UUID], since: datetime, until: datetime) -> dict[str, Any]:
    """Parameters of `sums(AS_ONE)`."""
    day = since.date()
    return {
        **{"bots": list(bots), "since": since, "until": until, "first": day, "last": day},
        **{"silence": SILENCE, "patience": PATIENCE, "zone": settings.METRICS_TIME_ZONE},
        "errors": list(ERROR_NAMES),
    }
