"""Messages are told once a statement, and never repeated."""

import pytest

from conversations.models import Message
from metrics.models import BotMetric
from tests.audit.support import entries, login, new_entries
from tests.factories import BotFactory, ConversationFactory, MessageFactory

pytestmark = pytest.mark.django_db(transaction=True)

INSERT = (
    "INSERT INTO messages (id, bot_id, conversation_id, sender_type, content)"
    " SELECT gen_random_uuid(), bot_id, id, 'user', 'a very private word'"
    " FROM conversations, generate_series(1, %s) ORDER BY id"
)


def test_many_messages_are_one_entry_a_conversation() -> None:
    chat = ConversationFactory()
    other = ConversationFactory(bot=chat.bot)
    with (
        new_entries() as found,
        login("botplatform_runtime", current_bot_id=chat.bot_id) as session,
    ):
        session.execute(INSERT, [50])
        session.execute("DELETE FROM messages WHERE position > 40")
    assert [(e["operation"], e["table_name"]) for e in found] == [
        *[("INSERT", "messages")] * 2,
        *[("DELETE", "messages")] * 2,
    ], "the counters are not told"
    assert {e["after"]["conversation_id"] for e in found[:2]} == {str(chat.pk), str(other.pk)}
    for entry in found[:2]:
        facts = entry["after"]
        assert (facts["rows"], facts["first_position"], facts["last_position"]) == (50, 1, 50)
    for entry in found[2:]:
        facts = entry["before"]
        assert (facts["rows"], facts["first_position"], facts["last_position"]) == (10, 41, 50)


def test_one_message_is_named() -> None:
    chat = ConversationFactory()
    with new_entries("messages") as found:
        message = Message.objects.create(conversation=chat, bot=chat.bot, sender_type="user")
    assert [e["row_key"] for e in found] == [str(message.pk)]


def test_an_edit_is_told_without_the_text() -> None:
    message = MessageFactory(content="a very private word")
    with (
        new_entries("messages") as found,
        login("botplatform_runtime", current_bot_id=message.bot_id) as session,
    ):
        session.execute("UPDATE messages SET content = 'another', message_type = 'note'")
        session.execute("UPDATE messages SET content = 'another'")
    (entry,) = found
    assert entry["row_key"] == str(message.pk)
    assert entry["before"] == {"content": {"length": 19}, "message_type": "text"}
    assert entry["after"] == {"content": {"length": 7}, "message_type": "note"}


def test_no_text_of_a_message_is_anywhere() -> None:
    chat = ConversationFactory()
    with login("botplatform_runtime", current_bot_id=chat.bot_id) as session:
        session.execute(INSERT, [3])
        session.execute('UPDATE messages SET metadata = \'{"caption": "private word"}\'')
        session.execute("DELETE FROM messages")
    assert "private" not in str(entries())


def test_many_metrics_are_one_entry() -> None:
    bot = BotFactory()
    with new_entries() as found:
        BotMetric.objects.bulk_create(
            BotMetric(bot=bot, metric_name=f"m{n % 2}", metric_value=n) for n in range(100)
        )
        BotMetric.objects.filter(bot=bot).delete()
    (added, removed) = found
    assert (added["operation"], removed["operation"]) == ("INSERT", "DELETE")
    assert (added["after"]["rows"], added["after"]["metrics"]) == (100, ["m0", "m1"])
    assert removed["before"]["rows"] == 100
