from datetime import datetime
from typing import Any

from conversations.search import MOST_FOUND, search_query
from conversations.store.chats import ChatCalls
from conversations.store.errors import MessageNotFound
from conversations.store.recording import RecordingCalls
from conversations.store.rows import MESSAGE, StoredMessage, message_of
from tenants.store.errors import InvalidValue
from tenants.store.recipe import Batch, Recipe, Rows, both_forms
from tenants.store.values import aware, json_text, repaired

CHAT = "(SELECT id FROM conversations WHERE bot_id = %(bot)s AND chat_id = %(chat_id)s)"
IN_CHAT = f"bot_id = %(bot)s AND conversation_id = {CHAT}"
OF_CHAT = f"SELECT {MESSAGE} FROM messages AS message WHERE {IN_CHAT}"
ONE = f"{IN_CHAT} AND telegram_message_id = %(telegram_message_id)s"
FIND = f"SELECT {MESSAGE} FROM messages AS message WHERE {ONE}"
LAST_POSITION = 2**63 - 1

EDIT = f"""
    UPDATE messages SET content = %(content)s, metadata = metadata #- '{{repaired,content}}'
        || CASE WHEN %(notes)s::jsonb = '{{}}' THEN '{{}}' ELSE jsonb_build_object('repaired',
            CASE jsonb_typeof(metadata -> 'repaired')
                WHEN 'object' THEN metadata -> 'repaired' ELSE '{{}}' END
            || (%(notes)s::jsonb -> 'repaired')) END
        || jsonb_build_object('edits', coalesce(metadata -> 'edits', '[]')
        || jsonb_build_object('content', content, 'until', now()))
    WHERE {ONE} AND content <> %(content)s AND NOT metadata ? 'deleted_at'
"""
# The notes of the store hold text as well.
DELETE = f"""
    UPDATE messages SET content = '',
        metadata = metadata - 'edits' - 'repaired' || jsonb_build_object('deleted_at', now())
    WHERE {ONE} AND NOT metadata ? 'deleted_at'
"""
QUERY = "to_tsquery('russian', %(query)s)"
FOUND = f"""
    SELECT (SELECT chat_id FROM conversations AS chat
        WHERE chat.bot_id = %(bot)s AND chat.id = message.conversation_id), {MESSAGE}
    FROM messages AS message
    WHERE bot_id = %(bot)s AND id = ANY (ARRAY(
        SELECT found.id
        FROM search_messages({QUERY}, %(newest_first)s, %(limit)s, ARRAY[%(bot)s]) AS found))
    ORDER BY {{rank}} sent_at DESC, id DESC
"""


class MessageCalls(RecordingCalls, ChatCalls):
    def _recent_messages(
        self, chat_id: int, limit: int = 50, before: int | None = None
    ) -> Recipe[list[StoredMessage]]:
        """The latest messages, or the latest before a position; in the order of the chat.

        >>> [message.position for message in store.recent_messages(42)]
        [1, 2]
        >>> earlier = store.recent_messages(42, before=2)
        """
        rows = yield Batch(
            f"{OF_CHAT} AND position < %(before)s ORDER BY position DESC LIMIT %(limit)s",
            **{"chat_id": chat_id, "limit": limit},
            before=LAST_POSITION if before is None else before,
        )
        return (yield from self._messages(chat_id, rows[::-1]))

    def _messages_between(
        self,
        chat_id: int,
        since: datetime,
        until: datetime,
        limit: int = 1000,
        after: int | None = None,
    ) -> Recipe[list[StoredMessage]]:
        """Sent from `since` on and before `until`, in the order of the chat; the first `limit`,
        or the first after a position.

        It reads the chat from there on, as messages may come in any order of time.

        >>> from datetime import UTC, datetime, timedelta
        >>> now = datetime.now(UTC)
        >>> len(store.messages_between(42, now - timedelta(hours=1), now))
        2
        """
        rows = yield Batch(
            f"{OF_CHAT} AND position > %(after)s AND sent_at >= %(since)s AND sent_at < %(until)s"
            " ORDER BY position LIMIT %(limit)s",
            **{"chat_id": chat_id, "limit": limit, "after": 0 if after is None else after},
            **{"since": aware(since), "until": aware(until)},
        )
        return (yield from self._messages(chat_id, rows))

    def _search(
        self, text: str, limit: int = 50, newest_first: bool = False
    ) -> Recipe[list[StoredMessage]]:
        """In all chats of the bot, the best first; conversations.search says how text is read.

        >>> [message.content for message in store.search("привет")]
        ['Привет!']
        """
        if limit < 0:
            raise InvalidValue("LIMIT must not be negative.")
        if not (query := search_query(text)) or not limit:
            yield from self._bot_exists()
            return []
        rank = "" if newest_first else f"ts_rank_cd(search, {QUERY}) DESC,"
        rows = yield Batch(
            FOUND.format(rank=rank),
            **{"query": query, "newest_first": newest_first, "limit": min(limit, MOST_FOUND)},
        )
        if not rows:
            yield from self._bot_exists()
        return [message_of(chat_id, row) for chat_id, *row in rows]

    def _edit_message(
        self, chat_id: int, telegram_message_id: int, content: str
    ) -> Recipe[StoredMessage]:
        """The earlier text is kept in `metadata["edits"]`. A deleted message stays deleted.

        Raises MessageNotFound.

        >>> store.edit_message(42, 7, "Привет всем!").metadata["edits"][0]["content"]
        'Привет!'
        """
        row: dict[str, Any] = repaired({"content": content, "notes": {}}, noted_in="notes")
        values = {"content": row["content"], "notes": json_text(row["notes"])}
        return (yield from self._changed(chat_id, telegram_message_id, EDIT, **values))

    def _delete_message(self, chat_id: int, telegram_message_id: int) -> Recipe[StoredMessage]:
        """The row stays, marked by `metadata["deleted_at"]`; its texts go. Raises MessageNotFound.

        >>> store.delete_message(42, 7).content
        ''
        """
        return (yield from self._changed(chat_id, telegram_message_id, DELETE))

    recent_messages, arecent_messages = both_forms(_recent_messages)
    messages_between, amessages_between = both_forms(_messages_between)
    search, asearch = both_forms(_search)
    edit_message, aedit_message = both_forms(_edit_message)
    delete_message, adelete_message = both_forms(_delete_message)

    def _changed(
        self, chat_id: int, telegram_message_id: int, change: str, **values: object
    ) -> Recipe[StoredMessage]:
        rows = yield Batch(
            *(change, FIND),
            **{"chat_id": chat_id, "telegram_message_id": telegram_message_id, **values},
        )
        if not rows:
            yield from self._bot_exists()
            raise MessageNotFound(
                f"The chat {chat_id} has no message with Telegram's id {telegram_message_id}."
            )
        return message_of(chat_id, rows[0])

    def _messages(self, chat_id: int, rows: Rows) -> Recipe[list[StoredMessage]]:
        if not rows:
            yield from self._get_conversation(chat_id)
        return [message_of(chat_id, row) for row in rows]
