"""BotStore, and the same work by hand on bare psycopg: same tables, same context, same rows."""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection

from botplatform.bench.store.contender import LATEST, TEXT, Chat
from botplatform.store import BotStore, NewMessage
from tenants.ids import uuid7
from tenants.session import Scope, opening

COLUMNS = (
    "id, position, telegram_message_id, sender_type, sender_id, content, message_type, sent_at,"
    " metadata"
)


class Store:
    name = "store"

    def latest(self, chat: Chat) -> list[str]:
        return [message.content for message in BotStore(chat.bot_id).recent_messages(chat.chat_id)]

    def record(self, chat: Chat, numbers: Sequence[int]) -> None:
        store = BotStore(chat.bot_id)
        if len(numbers) == 1:
            store.record_message(
                chat.chat_id, sender_type="user", content=TEXT, telegram_message_id=numbers[0]
            )
        else:
            store.record_messages(
                [
                    NewMessage(
                        chat_id=chat.chat_id,
                        sender_type="user",
                        content=TEXT,
                        telegram_message_id=number,
                    )
                    for number in numbers
                ]
            )


class BarePsycopg:
    """Its statements are prepared, as psycopg does by itself from the fifth time on."""

    name = "psycopg"

    def __init__(self) -> None:
        self._connection = connect()

    def latest(self, chat: Chat) -> list[str]:
        rows = self._rows(
            chat,
            f"SELECT {COLUMNS} FROM messages WHERE bot_id = %s AND conversation_id ="
            " (SELECT id FROM conversations WHERE bot_id = %s AND chat_id = %s)"
            f" ORDER BY position DESC LIMIT {LATEST}",
            [chat.bot_id, chat.bot_id, chat.chat_id],
        )
        return [row[5] for row in reversed(rows)]

    def record(self, chat: Chat, numbers: Sequence[int]) -> None:
        values = ", ".join(["(%s::uuid, %s::bigint, %s)"] * len(numbers))
        self._rows(
            chat,
            "INSERT INTO messages (id, bot_id, conversation_id, telegram_message_id,"
            " sender_type, content) SELECT new.id, chat.bot_id, chat.id, new.number, 'user',"
            f" new.content FROM (VALUES {values}) AS new (id, number, content),"
            " conversations AS chat WHERE chat.bot_id = %s AND chat.chat_id = %s"
            f" ON CONFLICT DO NOTHING RETURNING {COLUMNS}",
            [
                *(value for number in numbers for value in (uuid7(), number, TEXT)),
                *(chat.bot_id, chat.chat_id),
            ],
        )

    def _rows(self, chat: Chat, sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
        with self._connection.transaction():
            self._connection.execute(opening(Scope("bot", bot_id=chat.bot_id)))
            return self._connection.execute(sql, values).fetchall()


class OneRoundTrip(BarePsycopg):
    """The same in the fewest round trips there can be, which is what the store does."""

    name = "one trip"

    def __init__(self) -> None:
        self._connection = connect(cursor_factory=psycopg.ClientCursor)

    def _rows(self, chat: Chat, sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
        cursor: Any = self._connection.cursor()
        state = opening(Scope("bot", bot_id=chat.bot_id))
        cursor.execute(f"BEGIN; {state}; {cursor.mogrify(sql, values)}; COMMIT")
        cursor.set_result(-2)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def connect(**more: Any) -> psycopg.Connection:
    wanted = ("host", "port", "dbname", "user", "password", "sslmode")
    given = connection.get_connection_params()
    return psycopg.connect(
        **{"autocommit": True, **{name: given[name] for name in wanted if given.get(name)}, **more}
    )
