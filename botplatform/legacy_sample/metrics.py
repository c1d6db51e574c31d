"""A bot's metrics.json: naive local times, numbers, booleans and what is neither."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from botplatform.demo.fleet import DemoBot
from botplatform.demo.rhythm import DAYS, HOURS

SNAPSHOTS = 72


def metrics_file(bot: DemoBot, rng: Random, until: datetime) -> dict[str, Any]:
    last = until.replace(tzinfo=None, minute=0, second=0, microsecond=0)
    history = [
        {
            "timestamp": (at := last - timedelta(hours=ago)).isoformat(),
            "metrics": _snapshot(bot, rng, at),
        }
        for ago in range(SNAPSHOTS, 0, -1)
    ]
    return {
        "current": {"timestamp": last.isoformat(), **_snapshot(bot, rng, last)},
        "history": history,
    }


def _snapshot(bot: DemoBot, rng: Random, at: datetime) -> dict[str, Any]:
    busy = HOURS[at.hour] / sum(HOURS)
    errors = rng.random() < 0.05
    return {
        "messages_per_hour": round(bot.messages / DAYS * busy * rng.uniform(0.6, 1.4)),
        "response_time_avg": round(rng.lognormvariate(0.9, 0.4), 3),
        "active_users": 1 + int(bot.conversations * rng.uniform(0.1, 0.3)),
        "healthy": not errors,
        "last_error": rng.choice(("timeout", "rate_limit")) if errors else None,
    }
