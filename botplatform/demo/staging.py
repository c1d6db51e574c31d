"""Rows into tenant tables: COPY into a temporary table, then one INSERT ... SELECT.

Row security refuses a COPY straight into the table.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

MOMENT = "timestamptz 'epoch' + moment * interval '1 microsecond'"


@dataclass(frozen=True)
class Staging:
    """The columns of a demo table, all of one bot; `moment` counts microseconds since 1970."""

    table: str
    columns: dict[str, str]
    moment_column: str

    @property
    def name(self) -> str:
        return f"demo_{self.table}"

    def create(self, cursor: Any) -> None:
        columns = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        cursor.execute(f"CREATE TEMPORARY TABLE {self.name} ({columns}, moment bigint)")

    def drop(self, cursor: Any) -> None:
        cursor.execute(f"DROP TABLE {self.name}")

    def load(self, cursor: Any, bot_id: UUID, lines: Iterable[str]) -> int:
        """The lines are in the order of the table's indexes, so nothing is sorted here."""
        names = ", ".join(self.columns)
        with cursor.copy(f"COPY {self.name} FROM STDIN") as copy:
            copy.write("".join(lines))
        cursor.execute(
            f"INSERT INTO {self.table} (bot_id, {names}, {self.moment_column}) "
            f"SELECT %s, {names}, {MOMENT} FROM {self.name}",
            [bot_id],
        )
        inserted: int = cursor.rowcount
        cursor.execute(f"TRUNCATE {self.name}")
        return inserted


PROFILES = Staging(
    "profiles",
    {
        "id": "uuid",
        "telegram_id": "bigint",
        "name": "text",
        "age": "smallint",
        "location": "text",
        "interests": "jsonb",
        "chat_style": "text",
        "personality": "text",
        "additional_data": "jsonb",
    },
    "created_at",
)
CONVERSATIONS = Staging(
    "conversations",
    {"id": "uuid", "chat_id": "bigint", "profile_id": "uuid", "title": "text"},
    "created_at",
)
MESSAGES = Staging(
    "messages",
    {
        "conversation_id": "uuid",
        "id": "uuid",
        "position": "bigint",
        "telegram_message_id": "bigint",
        "sender_type": "text",
        "sender_id": "bigint",
        "content": "text",
        "message_type": "text",
        "metadata": "jsonb",
    },
    "sent_at",
)
METRICS = Staging(
    "bot_metrics",
    {"id": "uuid", "metric_name": "text", "metric_value": "numeric", "metric_tags": "jsonb"},
    "recorded_at",
)
TABLES = (PROFILES, CONVERSATIONS, MESSAGES, METRICS)
