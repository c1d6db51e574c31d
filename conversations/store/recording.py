"""Messages that come in: each is stored once, however often and by how many it is delivered."""

from collections.abc import Sequence
from typing import Any, Unpack

from conversations.store.rows import MESSAGE, MessageFields, NewMessage, StoredMessage, message_of
from tenants.ids import uuid7
from tenants.store.calls import Calls
from tenants.store.errors import StoreUnavailable
from tenants.store.recipe import Batch, Recipe, both_forms, require_few
from tenants.store.values import json_text, moment, repaired

# The chats are made, a message that others were making is found; and once more to be safe.
MOST_REPEATS = 3

MAKE_CHATS = """
    INSERT INTO conversations (id, bot_id, chat_id)
    SELECT id, %(bot)s, chat_id
    FROM json_to_recordset(%(chats)s) AS given (id uuid, chat_id bigint)
    ORDER BY chat_id
    ON CONFLICT DO NOTHING
"""

# Does nothing while a chat is missing. One conversation comes after the other, so that two
# batches never deadlock. Where somebody is storing the same message, INSERT waits for him and
# then leaves it out: the next attempt finds it. LIMIT tells the planner how many rows there are.
RECORD = """
    WITH given AS MATERIALIZED (
        SELECT given.*, chat.id AS conversation_id
        FROM (
            SELECT * FROM json_to_recordset(%(given)s) AS given (
                n integer, id uuid, chat_id bigint, telegram_message_id bigint, sender_type text,
                sender_id bigint, content text, message_type text, sent_at timestamptz,
                metadata jsonb)
            LIMIT %(many)s
        ) AS given
        JOIN conversations AS chat ON chat.bot_id = %(bot)s AND chat.chat_id = given.chat_id
    ), found AS MATERIALIZED (
        {found}
    ), made AS (
        INSERT INTO messages AS message (id, bot_id, conversation_id, telegram_message_id,
            sender_type, sender_id, content, message_type, sent_at, metadata)
        SELECT id, %(bot)s, conversation_id, telegram_message_id,
            sender_type, sender_id, content, message_type, sent_at, metadata
        FROM given
        WHERE n NOT IN (SELECT n FROM found) AND (SELECT count(*) FROM given) = %(many)s
        ORDER BY conversation_id, n
        ON CONFLICT DO NOTHING
        RETURNING {message}
    )
    SELECT NULL AS n, * FROM made UNION ALL SELECT * FROM found
"""
FIND = "SELECT given.n, {message} FROM given JOIN messages AS message ON message.bot_id = %(bot)s"
BY_TELEGRAM_ID = f"""{FIND} AND message.conversation_id = given.conversation_id
            AND message.telegram_message_id = given.telegram_message_id"""
# A message without Telegram's id, when nobody knows whether an attempt reached the server.
BY_ID = f"{FIND} AND message.id = given.id"

FIRST = RECORD.format(found=BY_TELEGRAM_ID.format(message=MESSAGE), message=MESSAGE)
AGAIN = RECORD.format(
    found=f"{BY_TELEGRAM_ID} UNION ALL {BY_ID}".format(message=MESSAGE), message=MESSAGE
)


class RecordingCalls(Calls):
    def _record_message(
        self, chat_id: int, **fields: Unpack[MessageFields]
    ) -> Recipe[tuple[StoredMessage, bool]]:
        """The message as it is stored, and whether it is new: a redelivered one is there already.

        The chat is made with its first message.

        >>> message, is_new = store.record_message(
        ...     42, sender_type="user", content="Привет!", telegram_message_id=7)
        >>> message.position, is_new
        (1, True)
        """
        [recorded] = yield from self._record_messages([NewMessage(chat_id=chat_id, **fields)])
        return recorded

    def _record_messages(
        self, messages: Sequence[NewMessage]
    ) -> Recipe[list[tuple[StoredMessage, bool]]]:
        """Up to 5,000 at once, of any chats: all of them or none. Each as `record_message` gives
        it; within a chat their positions follow the order given.

        >>> [(reply, _)] = store.record_messages([NewMessage(chat_id=42, sender_type="bot")])
        >>> reply.position
        2
        """
        require_few(messages)
        if not messages:
            yield from self._bot_exists()
        given = {n: _row(n, message) for n, message in enumerate(messages)}
        recorded: dict[int, StoredMessage] = {}
        for statements in (FIRST,), *((MAKE_CHATS, AGAIN),) * MOST_REPEATS:
            missing = [row for n, row in given.items() if n not in recorded]
            if not missing:
                break
            numbers = {row["id"]: row["n"] for row in missing}
            chats = [
                {"id": str(uuid7()), "chat_id": n} for n in {row["chat_id"] for row in missing}
            ]
            rows = yield Batch(
                *statements, chats=json_text(chats), given=json_text(missing), many=len(missing)
            )
            for n, *columns in rows:
                n = numbers[str(columns[0])] if n is None else n
                recorded[n] = message_of(given[n]["chat_id"], columns)
        if len(recorded) < len(given):
            raise StoreUnavailable("Others made and deleted these messages all the time.")
        return [(recorded[n], str(recorded[n].id) == row["id"]) for n, row in given.items()]

    record_message, arecord_message = both_forms(_record_message)
    record_messages, arecord_messages = both_forms(_record_messages)


def _row(n: int, message: NewMessage) -> dict[str, Any]:
    row = {
        "n": n,
        "id": str(uuid7()),
        "chat_id": message.chat_id,
        "telegram_message_id": message.telegram_message_id,
        "sender_type": message.sender_type,
        "sender_id": message.sender_id,
        "content": message.content,
        "message_type": message.message_type,
        "sent_at": moment(message.sent_at),
        "metadata": message.metadata,
    }
    return repaired(row, noted_in="metadata")
