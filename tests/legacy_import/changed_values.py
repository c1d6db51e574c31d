"""Values that somebody changes by hand, where the verification must see it."""

import random

from tests.legacy_import.tree import query

# Of a column that is compared: another value, and which rows have one that can be told from it.
OTHERS = {
    "messages.content": ("content || 'x'", "true"),
    "messages.message_type": ("message_type || 'x'", "true"),
    "messages.sender_type": (
        "CASE WHEN sender_type = 'user' THEN 'bot' ELSE 'user' END", "true"),
    "messages.sender_id": ("sender_id + 1", "true"),
    "messages.telegram_message_id": ("telegram_message_id + 5000", "true"),
    "messages.metadata": ("""metadata || '{"more": 1}'""", "true"),
    "messages.sent_at": ("sent_at + interval '1 microsecond'", "true"),
    "messages.position": ("position + 100", "true"),
    "conversations.chat_id": ("chat_id + 7000", "true"),
    "conversations.title": ("title || 'x'", "true"),
    "conversations.profile_id": ("NULL", "true"),
    "conversations.message_count": ("message_count + 1", "true"),
    "conversations.last_position": ("last_position - 1", "message_count = last_position"
        " AND message_count > 0"),
    "conversations.created_at": (
        "created_at + interval '1 microsecond'", "created_at < '{begun}'"),
    "conversations.last_message_at": ("last_message_at + interval '1 microsecond'", "true"),
    "profiles.telegram_id": ("telegram_id + 7000", "true"),
    "profiles.name": ("name || 'x'", "true"),
    "profiles.age": ("CASE WHEN age = 50 THEN 51 ELSE 50 END", "true"),
    "profiles.location": ("location || 'x'", "true"),
    "profiles.interests": ("""interests || '["more"]'""", "true"),
    "profiles.chat_style": ("chat_style || 'x'", "true"),
    "profiles.personality": ("personality || 'x'", "true"),
    "profiles.additional_data": ("""additional_data || '{"more": 1}'""", "true"),
    "profiles.created_at": ("created_at + interval '1 microsecond'", "created_at < '{begun}'"),
    "profiles.last_active_at": ("last_active_at + interval '1 microsecond'", "true"),
    "bot_metrics.metric_name": ("metric_name || 'x'", "true"),
    "bot_metrics.metric_value": ("metric_value + 0.01", "true"),
    "bot_metrics.metric_tags": ("""metric_tags || '{"more": 1}'""", "true"),
    "bot_metrics.recorded_at": ("recorded_at + interval '1 microsecond'", "true"),
}  # fmt: skip


def changed_value(rng: random.Random, begun: str) -> str | None:
    """A statement about a row of an import; `begun` is before all of them."""
    name = rng.choice([*OTHERS])
    table, column = name.split(".")
    value, condition = OTHERS[name]
    rows = query(
        f"SELECT id FROM {table} WHERE substr(id::text, 15, 1) = '8' AND {column} IS NOT NULL"
        f" AND {condition.format(begun=begun)} ORDER BY id"
    )
    if not rows:
        return None
    [id] = rng.choice(rows)
    if table != "conversations" and rng.random() < 0.1:
        return f"DELETE FROM {table} WHERE id = '{id}'"
    return f"UPDATE {table} SET {column} = {value} WHERE id = '{id}'"
