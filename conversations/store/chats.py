from conversations.store.errors import ConversationNotFound, ProfileNotFound
from conversations.store.pages import page
from conversations.store.rows import CONVERSATION, StoredConversation
from tenants.ids import uuid7
from tenants.store.calls import Calls
from tenants.store.recipe import Batch, Recipe, both_forms
from tenants.text import storable

WHERE = "WHERE bot_id = %(bot)s AND chat_id = %(chat_id)s"
FIND = f"SELECT {CONVERSATION} FROM conversations AS chat {WHERE}"
PERSON = "(SELECT id FROM profiles WHERE bot_id = %(bot)s AND telegram_id = %(telegram_id)s)"


class ChatCalls(Calls):
    def _get_conversation(self, chat_id: int) -> Recipe[StoredConversation]:
        """Raises ConversationNotFound.

        >>> store.get_conversation(42).message_count
        2
        """
        rows = yield Batch(FIND, chat_id=chat_id)
        if not rows:
            raise (yield from self._no_conversation(chat_id))
        return StoredConversation(*rows[0])

    def _get_or_create_conversation(
        self, chat_id: int, title: str = ""
    ) -> Recipe[tuple[StoredConversation, bool]]:
        """The chat, and whether it is new. The title is for a new one.

        >>> chat, is_new = store.get_or_create_conversation(43, title="Книжный клуб")
        >>> is_new
        True
        """
        new_id = uuid7()
        rows = yield Batch(FIND, chat_id=chat_id)
        if not rows:
            rows = yield Batch(
                "INSERT INTO conversations (id, bot_id, chat_id, title)"
                " VALUES (%(new_id)s, %(bot)s, %(chat_id)s, %(title)s) ON CONFLICT DO NOTHING",
                FIND,
                **{"chat_id": chat_id, "new_id": new_id, "title": storable(title)},
            )
        chat = StoredConversation(*rows[0])
        return chat, chat.id == new_id

    def _link_profile(self, chat_id: int, telegram_id: int) -> Recipe[StoredConversation]:
        """Says whom the bot talks to there. Raises ConversationNotFound or ProfileNotFound.

        >>> store.link_profile(42, 1001).profile_id == store.get_profile(1001).id
        True
        """
        rows = yield Batch(
            f"UPDATE conversations SET profile_id = {PERSON} {WHERE} AND profile_id"
            f" IS DISTINCT FROM {PERSON} AND {PERSON} IS NOT NULL",
            f"SELECT {CONVERSATION}, {PERSON} FROM conversations AS chat {WHERE}",
            **{"chat_id": chat_id, "telegram_id": telegram_id},
        )
        if not rows:
            raise (yield from self._no_conversation(chat_id))
        [(*columns, person)] = rows
        if person is None:
            raise ProfileNotFound(f"This bot has no profile with the Telegram id {telegram_id}.")
        return StoredConversation(*columns)

    def _list_inbox(
        self, limit: int = 50, after: StoredConversation | None = None
    ) -> Recipe[list[StoredConversation]]:
        """The chats, the one with the latest message first. `after` is the last one of the page
        before.

        >>> [chat.chat_id for chat in store.list_inbox()]
        [42, 43]
        """
        rows = yield from page(
            f"SELECT {CONVERSATION} FROM conversations AS chat WHERE bot_id = %(bot)s",
            "last_message_at",
            limit=limit,
            last=(after.last_message_at, after.id) if after else None,
        )
        if not rows:
            yield from self._bot_exists()
        return [StoredConversation(*row) for row in rows]

    get_conversation, aget_conversation = both_forms(_get_conversation)
    get_or_create_conversation, aget_or_create_conversation = both_forms(
        _get_or_create_conversation
    )
    link_profile, alink_profile = both_forms(_link_profile)
    list_inbox, alist_inbox = both_forms(_list_inbox)

    def _no_conversation(self, chat_id: int) -> Recipe[ConversationNotFound]:
        yield from self._bot_exists()
        return ConversationNotFound(f"This bot has no conversation with the chat id {chat_id}.")
