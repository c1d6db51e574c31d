"""The hot statements of the ORM find their rows by the index made for them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from conversations.models import Conversation, Profile
from metrics.models import BotMetric
from tenants.models import Bot
from tests.factories import BotFactory
from tests.plans import one_partition, plans

pytestmark = pytest.mark.django_db

FILL = """
    INSERT INTO profiles (id, bot_id, telegram_id, last_active_at)
        SELECT gen_random_uuid(), %(bot)s, n, now() - n * interval '1 minute'
        FROM generate_series(1, 3000) AS n;
    INSERT INTO conversations (id, bot_id, chat_id, profile_id)
        SELECT gen_random_uuid(), bot_id, telegram_id, id FROM profiles WHERE bot_id = %(bot)s;
    INSERT INTO messages (id, bot_id, conversation_id, position, telegram_message_id,
            sender_type, content)
        SELECT gen_random_uuid(), bot_id, id, n, n, 'user', 'слово' || n || ' ' || chat_id
        FROM (SELECT * FROM conversations WHERE bot_id = %(bot)s AND chat_id <= 30) AS chat,
            generate_series(1, 200) AS n;
    INSERT INTO bot_metrics (id, bot_id, metric_name, metric_value, recorded_at)
        SELECT gen_random_uuid(), %(bot)s, 'metric' || n %% 20, n, now() - n * interval '1 hour'
        FROM generate_series(1, 3000) AS n;
"""


@pytest.fixture
def busy_bot(db: None) -> Bot:
    bot = BotFactory()
    with connection.cursor() as cursor:
        for statement in FILL.split(";\n")[:-1]:
            cursor.execute(statement, {"bot": bot.pk})
        for table in ("profiles", "conversations", "messages", "bot_metrics"):
            cursor.execute(f"ANALYZE {table}")
    return bot


def chat_of(bot: Bot) -> Conversation:
    return Conversation.objects.get(bot=bot, chat_id=1)


HOT: dict[str, tuple[str, Callable[[Bot], Any]]] = {
    "a row by its id": (
        "messages_p._pkey",
        lambda bot: chat_of(bot).messages.order_by("position").first().refresh_from_db(),
    ),
    "latest page": (
        "messages_p._bot_id_conversation_id_position_key",
        lambda bot: list(chat_of(bot).messages.order_by("-position")[:50]),
    ),
    "an earlier page": (
        "messages_p._bot_id_conversation_id_position_key",
        lambda bot: list(chat_of(bot).messages.filter(position__lt=150).order_by("-position")[:50]),
    ),
    "a redelivered message": (
        "messages_p._bot_id_conversation_id_telegram_message_id_idx",
        lambda bot: chat_of(bot).messages.get(telegram_message_id=77),
    ),
    "a chat by its id": (
        "conversations_p._bot_id_chat_id_key",
        lambda bot: Conversation.objects.get_or_create(bot=bot, chat_id=2999),
    ),
    "inbox": (
        "conversations_p._bot_id_last_message_at_id_idx",
        lambda bot: list(
            Conversation.objects.filter(bot=bot).order_by("-last_message_at", "id")[:50]
        ),
    ),
    "a person's chats": (
        "conversations_p._bot_id_profile_id_idx",
        lambda bot: list(Profile.objects.get(bot=bot, telegram_id=5).conversations.all()),
    ),
    "a person by Telegram id": (
        "profiles_p._bot_id_telegram_id_key",
        lambda bot: Profile.objects.update_or_create(bot=bot, telegram_id=5),
    ),
    "the last active people": (
        "profiles_p._bot_id_last_active_at_id_idx",
        lambda bot: list(Profile.objects.filter(bot=bot).order_by("-last_active_at", "id")[:50]),
    ),
    "one metric over time": (
        "bot_metrics_p._bot_id_metric_name_recorded_at_idx",
        lambda bot: list(
            BotMetric.objects.filter(bot=bot, metric_name="metric3").order_by("-recorded_at")[:50]
        ),
    ),
}


def test_hot_statements_use_their_index(busy_bot: Bot) -> None:
    missed = {}
    for name, (index, deed) in HOT.items():
        with plans() as found:
            deed(busy_bot)
        assert one_partition(found), name
        wanted = index.replace("_p.", f"_p{found.partitions.popitem()[1].pop()}")
        if wanted not in found.indexes:
            missed[name] = found.indexes
    assert missed == {}


@pytest.mark.parametrize("name", ["latest page", "an earlier page", "inbox"])
def test_a_page_is_read_without_sorting(busy_bot: Bot, name: str) -> None:
    with plans() as found:
        HOT[name][1](busy_bot)
    assert "Sort" not in {node["Node Type"] for node in found.nodes()}
    assert "Limit" in {node["Node Type"] for node in found.nodes()}
