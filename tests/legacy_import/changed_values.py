"""Values that somebody changes by hand, where the verification must see it."""

import random

from tests.legacy_import.tree import query

# Of a column that is compared: another value.
OTHERS = {
    "messages.content": "content || 'x'",
    "messages.message_type": "message_type || 'x'",
    "messages.sender_type": "CASE WHEN sender_type = 'user' THEN 'bot' ELSE 'user' END",
    "messages.sender_id": "sender_id + 1",
    "messages.telegram_message_id": "telegram_message_id + 5000",
    "messages.metadata": """metadata || '{"more": 1}'""",
    "messages.sent_at": "sent_at + interval '1 microsecond'",
    "messages.position": "position + 100",
    "conversations.chat_id": "chat_id + 7000",
    "conversations.title": "title || 'x'",
    "conversations.profile_id": "NULL",
    "conversations.message_count": "message_count + 1",
    "conversations.last_position": "last_position - 1",
    "conversations.created_at": "created_at + interval '1 microsecond'",
    "conversations.last_message_at": "last_message_at + interval '1 microsecond'",
    "profiles.telegram_id": "telegram_id + 7000",
    "profiles.name": "name || 'x'",
    "profiles.age": "CASE WHEN age = 50 THEN 51 ELSE 50 END",
    "profiles.location": "location || 'x'",
    "profiles.interests": """interests || '["more"]'""",
    "profiles.chat_style": "chat_style || 'x'",
    "profiles.personality": "personality || 'x'",
    "profiles.additional_data": """additional_data || '{"more": 1}'""",
    "profiles.created_at": "created_at + interval '1 microsecond'",
    "profiles.last_active_at": "last_active_at + interval '1 microsecond'",
    "bot_metrics.metric_name": "metric_name || 'x'",
    "bot_metrics.metric_value": "metric_value + 0.01",
    "bot_metrics.metric_tags": """metric_tags || '{"more": 1}'""",
    "bot_metrics.recorded_at": "recorded_at + interval '1 microsecond'",
}
# Which rows have one that can be told from it, where not all.
TOLD = {
    "conversations.last_position": "message_count = last_position AND message_count > 0",
    "conversations.created_at": "created_at < '{begun}'",
    "profiles.created_at": "created_at < '{begun}'",
}


def changed_value(rng: random.Random, begun: str) -> str | None:
    """A statement about a row of an import; `begun` is before all of them."""
    name = rng.choice([*OTHERS])
    table, column = name.split(".")
    rows = query(
        f"SELECT id FROM {table} WHERE substr(id::text, 15, 1) = '8' AND {column} IS NOT NULL"
        f" AND {TOLD.get(name, 'true').format(begun=begun)} ORDER BY id"
    )
    if not rows:
        return None
    [id] = rng.choice(rows)
    if table != "conversations" and rng.random() < 0.1:
        return f"DELETE FROM {table} WHERE id = '{id}'"
    return f"UPDATE {table} SET {column} = {OTHERS[name]} WHERE id = '{id}'"
