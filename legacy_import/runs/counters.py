"""Counters that profiles bring, where they disagree with the messages that there are."""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import connection

from tenants.context import maintenance_context

NAMED = 3
DISAGREEING = """
    SELECT count(*) OVER (), person.telegram_id, said.number, coalesce(message_count, 0)
    FROM profiles AS person
    CROSS JOIN LATERAL (
        VALUES (additional_data -> 'message_count'),
            (additional_data #> '{conversation_stats,total_messages}')) AS said (number)
    LEFT JOIN conversations AS chat
        ON chat.bot_id = %(bot)s AND chat.chat_id = person.telegram_id
    WHERE person.bot_id = %(bot)s AND jsonb_typeof(said.number) = 'number'
    AND said.number <> to_jsonb(coalesce(message_count, 0))
    ORDER BY person.telegram_id LIMIT %(named)s
"""


@dataclass(frozen=True)
class Counter:
    bot: str
    telegram_id: int
    says: str
    messages: int

    def __str__(self) -> str:
        return f"{self.telegram_id} of {self.bot} ({self.says}, and there are {self.messages:,})"


@dataclass
class Disagreeing:
    number: int = 0
    # Of each bot.
    first: list[Counter] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def disagreeing(bots: Mapping[str, uuid.UUID]) -> Disagreeing:
    found = Disagreeing()
    for name, bot_id in bots.items():
        with maintenance_context(), connection.cursor() as cursor:
            cursor.execute(DISAGREEING, {"bot": bot_id, "named": NAMED})
            rows = cursor.fetchall()
        found.number += rows[0][0] if rows else 0
        found.first += (Counter(name, *of_row) for _, *of_row in rows)
    return found
