"""A bot's measurements: by the hour for the last two weeks, by the day for all of the demo."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from botplatform.demo.fleet import DemoBot, shaped_uuid
from botplatform.demo.rhythm import DAYS, HOURS

HOURLY_DAYS = 14
PREFIX_BITS = 32


def metric_lines(bot: DemoBot, rng: Random, until: datetime) -> Iterator[str]:
    prefix = rng.getrandbits(PREFIX_BITS)
    for name, value, tags, at in _measurements(bot, rng, until.astimezone(UTC)):
        values = (shaped_uuid(rng, prefix, PREFIX_BITS), name, value, json.dumps(tags))
        yield "\t".join(map(str, values)) + f"\t{int(at.timestamp() * 1e6)}\n"


def _measurements(
    bot: DemoBot, rng: Random, until: datetime
) -> Iterator[tuple[str, float, dict[str, str], datetime]]:
    hour = until.replace(minute=0, second=0, microsecond=0)
    for ago in range(HOURLY_DAYS * 24 - 1, -1, -1):
        at = hour - timedelta(hours=ago)
        busy = HOURS[(at.hour + bot.words.utc_offset_hours) % 24] / sum(HOURS)
        messages = round(bot.messages / DAYS * busy * rng.uniform(0.6, 1.4))
        yield "messages_per_hour", messages, {}, at
        yield "response_time_avg", round(rng.lognormvariate(0.9, 0.4), 3), {"unit": "s"}, at
        if rng.random() < (0.3 if bot.status == "error" else 0.03):
            kind = rng.choice(("timeout", "rate_limit", "telegram_api"))
            yield "errors", rng.randint(1, 5), {"kind": kind}, at
    midnight = hour.replace(hour=0)
    for ago in range(DAYS - 1, -1, -1):
        users = 1 + int(bot.conversations * rng.uniform(0.1, 0.3))
        at = midnight - timedelta(days=ago)
        yield "active_users", users, {}, at
        yield "new_users", rng.randint(0, 1 + bot.conversations // 45), {}, at
