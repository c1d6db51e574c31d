"""A legacy tree of one bot, written file by file, and what the database has of it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection

from legacy_import.runs.options import Options, Silent
from legacy_import.runs.run import Report, import_tree

BEGIN = datetime(2024, 5, 1, 12, tzinfo=UTC)
LEDGER = (
    *("import_runs", "import_files", "import_chunks", "import_rejects", "import_repairs"),
    *("import_originals", "import_changes", "import_backups", "import_file_parts"),
)


def message(n: int, content: str | None = None, **more: Any) -> dict[str, Any]:
    """Of dialect 1."""
    return {
        "id": 100 + n,
        "timestamp": f"{BEGIN + timedelta(minutes=n):%Y-%m-%dT%H:%M:%S}Z",
        "sender": "user" if n % 2 else "bot",
        "content": content or f"message {n}",
        "message_type": "text",
        **more,
    }


def line(n: int, text: str | None = None, **more: Any) -> dict[str, Any]:
    """Of dialect 2."""
    return {
        "ts": f"{BEGIN + timedelta(minutes=n):%Y-%m-%dT%H:%M:%S}.{n:06}Z",
        "direction": "in" if n % 2 else "out",
        "text": text or f"line {n}",
        **more,
    }


class Tree:
    def __init__(self, root: Path, bot: str = "Emma") -> None:
        self.root = root
        self.bot = bot

    def write(self, path: str, content: Any) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, bytes):
            content = json.dumps(content, ensure_ascii=False).encode()
        file.write_bytes(content)
        return file

    def chat(self, chat_id: int, *messages: Any, **header: Any) -> Path:
        return self.write(f"conversations/{chat_id}.json", {**header, "messages": [*messages]})

    def old_chat(self, chat_id: int, *messages: Any) -> Path:
        return self.write(f"conversations/{chat_id}.json", [*messages])

    def person(self, telegram_id: int, **values: Any) -> Path:
        return self.write(
            f"girls_data/{telegram_id}.json",
            {"telegram_id": telegram_id, "name": "Аня", "age": 30, **values},
        )

    def imported(self, **options: Any) -> Report:
        """All of it accounted for: the importer itself asserts the equation."""
        options = {"bot": self.bot, "min_age": 0, "listed": 10_000, **options}
        report = import_tree(Options(self.root, **options), Silent())
        report.counts.require_balance("the tree")
        return report


def query(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def contents(chat_id: int) -> list[tuple[int, str]]:
    return query(
        "SELECT position, content FROM messages JOIN conversations AS chat"
        " ON chat.bot_id = messages.bot_id AND chat.id = conversation_id"
        " WHERE chat_id = %s ORDER BY position",
        chat_id,
    )


def counters(chat_id: int) -> tuple[Any, ...]:
    [row] = query(
        "SELECT message_count, last_position FROM conversations WHERE chat_id = %s", chat_id
    )
    return row


def rows(*tables: str) -> dict[str, list[Any]]:
    """All rows of the data's tables, without what depends on when they were written."""
    data = tables or ("profiles", "conversations", "messages", "bot_metrics")
    return {
        table: query(
            f"SELECT to_jsonb(row) - 'updated_at' - 'search' FROM {table} AS row"
            " ORDER BY bot_id, id"
        )
        for table in data
    }
