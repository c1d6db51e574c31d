"""The data layer of bot processes.

    store = BotStore(bot_id)
    store.record_message(chat_id=42, sender_type="user", content="Привет!")
    await store.arecord_message(chat_id=42, sender_type="user", content="Привет!")

Every call has both forms. Each is a transaction in the bot's context, and one round trip where not
something has to be made first; inside `bot_context` it is part of that transaction. What the store
tries again itself is never done twice; nor is what its caller repeats, but for metrics and messages
without a `telegram_message_id`: these are new each time.
"""

from conversations.store.errors import ConversationNotFound, MessageNotFound, ProfileNotFound
from conversations.store.messages import MessageCalls
from conversations.store.profiles import ProfileCalls
from conversations.store.rows import (
    NewMessage,
    StoredConversation,
    StoredMessage,
    StoredProfile,
)
from metrics.store import Metric, MetricCalls
from tenants.store.errors import BotNotFound, InvalidValue, StoreError, StoreUnavailable
from tenants.store.own_bot import OwnBotCalls, StoredBot

__all__ = [
    "BotNotFound",
    "BotStore",
    "ConversationNotFound",
    "InvalidValue",
    "MessageNotFound",
    "Metric",
    "NewMessage",
    "ProfileNotFound",
    "StoreError",
    "StoreUnavailable",
    "StoredBot",
    "StoredConversation",
    "StoredMessage",
    "StoredProfile",
]


class BotStore(OwnBotCalls, ProfileCalls, MessageCalls, MetricCalls):
    """One bot's data. Make as many as you like: the connections are the process's."""
