"""Every table and operation, sent as plain SQL by the real logins."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User

from conversations.models import Conversation, Profile
from metrics.models import BotMetric
from tenants.models import Bot, BotAccess
from tests.audit.support import entries, login, new_entries
from tests.factories import (
    BotAccessFactory,
    BotFactory,
    BotMetricFactory,
    ConversationFactory,
    MessageFactory,
    ProfileFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)

# Table -> factory, an INSERT and an UPDATE, what the update says before and after.
ROWS: dict[str, tuple[Any, str, str, Any, Any]] = {
    "profiles": (
        lambda: ProfileFactory(name="Anna"),
        "(id, bot_id, telegram_id, name) VALUES (%(id)s, %(bot)s, 7, 'Eva')",
        "name = 'Maria'",
        {"name": "Anna"},
        {"name": "Maria"},
    ),
    "conversations": (
        lambda: ConversationFactory(title="One"),
        "(id, bot_id, chat_id) VALUES (%(id)s, %(bot)s, 7)",
        "title = 'Two'",
        {"title": "One"},
        {"title": "Two"},
    ),
    "bot_metrics": (
        lambda: BotMetricFactory(metric_value=1),
        "(id, bot_id, metric_name, metric_value) VALUES (%(id)s, %(bot)s, 'load', 7)",
        "metric_value = 2.50",
        {"metric_value": 1},
        {"metric_value": 2.50},
    ),
}


@pytest.mark.parametrize("table", ROWS)
def test_a_bot_writes_its_rows(table: str) -> None:
    make, values, change, before, after = ROWS[table]
    row = make()
    bot, new = str(row.bot_id), uuid.uuid4()
    with (
        new_entries(table) as found,
        login("botplatform_runtime", current_bot_id=bot, correlation_id="req-12345678") as session,
    ):
        session.execute(f"INSERT INTO {table} {values}", {"id": new, "bot": bot})
        session.execute(f"UPDATE {table} SET {change} WHERE id = %s", [row.pk])
        session.execute(f"DELETE FROM {table} WHERE id = %s", [new])
    assert [e["operation"] for e in found] == ["INSERT", "UPDATE", "DELETE"]
    assert [e["row_key"] for e in found] == [str(new), str(row.pk), str(new)]
    for entry in found:
        assert (entry["login"], entry["role"]) == ("botplatform_runtime", "bot")
        assert (entry["bot_id"], entry["user_id"]) == (bot, None)
        assert entry["correlation_id"] == "req-12345678"
    assert (found[1]["before"], found[1]["after"]) == (before, after)
    assert found[0]["before"] is None
    assert found[2]["after"] is None


@pytest.mark.parametrize("model", [Profile, Conversation, BotMetric])
def test_the_orm(model: type) -> None:
    factory = {Profile: ProfileFactory, Conversation: ConversationFactory}.get(
        model, BotMetricFactory
    )
    with new_entries(model._meta.db_table) as found:
        row = factory()
        row.refresh_from_db()
        row.save()
        row.delete()
    assert [e["operation"] for e in found] == ["INSERT", "DELETE"], "nothing changed in between"


def test_staff_change_a_bot_and_its_staff() -> None:
    manager, colleague = UserFactory(), UserFactory()
    bot = BotAccessFactory(user=manager, role="manager").bot
    with (
        new_entries() as found,
        login("botplatform_office", current_user_id=manager.pk) as session,
    ):
        session.execute("UPDATE bots SET username = 'renamed' WHERE id = %s", [bot.pk])
        session.execute(
            "INSERT INTO bot_access (id, bot_id, user_id, role) VALUES (%s, %s, %s, 'viewer')",
            [uuid.uuid4(), bot.pk, colleague.pk],
        )
        session.execute(
            "UPDATE bot_access SET role = 'operator' WHERE user_id = %s", [colleague.pk]
        )
        session.execute("DELETE FROM bot_access WHERE user_id = %s", [colleague.pk])
    assert [(e["table_name"], e["operation"]) for e in found] == [
        ("bots", "UPDATE"),
        ("bot_access", "INSERT"),
        ("bot_access", "UPDATE"),
        ("bot_access", "DELETE"),
    ]
    assert {(e["login"], e["role"], e["user_id"], e["bot_id"]) for e in found} == {
        ("botplatform_office", "admin", manager.pk, str(bot.pk))
    }
    assert found[0]["after"] == {"username": "renamed"}
    assert (found[2]["before"], found[2]["after"]) == ({"role": "viewer"}, {"role": "operator"})


def test_operators_add_and_delete_bots() -> None:
    new = uuid.uuid4()
    with new_entries("bots") as found, login("botplatform_ops") as session:
        session.execute("INSERT INTO bots (id, name) VALUES (%s, 'New')", [new])
        session.execute("DELETE FROM bots WHERE id = %s", [new])
    assert [(e["operation"], e["role"]) for e in found] == [
        ("INSERT", "super_admin"),
        ("DELETE", "super_admin"),
    ]


def test_a_bot_goes_with_one_entry() -> None:
    message, metric = MessageFactory(), BotMetricFactory()
    BotAccessFactory(bot=message.bot)
    BotMetricFactory(bot=message.bot)
    with new_entries() as found:
        Bot.objects.filter(pk=message.bot_id).delete()
    assert [(e["table_name"], e["operation"]) for e in found] == [("bots", "DELETE")]
    assert BotMetric.objects.filter(pk=metric.pk).exists()


def test_a_conversation_goes_with_one_entry_and_a_profile_names_what_lost_it() -> None:
    message = MessageFactory()
    chat = message.conversation
    with new_entries() as found:
        chat.profile.delete()
        Conversation.objects.get(pk=chat.pk).delete()
    assert [(e["table_name"], e["operation"]) for e in found] == [
        ("profiles", "DELETE"),
        ("conversations", "UPDATE"),
        ("conversations", "DELETE"),
    ] or [(e["table_name"], e["operation"]) for e in found] == [
        ("conversations", "UPDATE"),
        ("profiles", "DELETE"),
        ("conversations", "DELETE"),
    ]


def test_what_is_rolled_back_is_not_logged() -> None:
    profile = ProfileFactory()
    count = len(entries())
    with login("botplatform_runtime", current_bot_id=profile.bot_id) as session:
        session.execute("UPDATE profiles SET name = 'x'")
        session.rollback()
    assert len(entries()) == count


def test_accounts_and_their_rights() -> None:
    with new_entries() as found:
        user = User.objects.create_user("eve", password="old secret", is_staff=True)
        user.is_superuser = True
        user.set_password("new secret")
        user.save()
        User.objects.filter(pk=user.pk).update(last_login="2026-01-01T00:00:00Z")
        user.delete()
    assert [(e["table_name"], e["operation"]) for e in found] == [
        ("auth_user", operation) for operation in ("INSERT", "UPDATE", "DELETE")
    ]
    assert found[1]["before"] == {"is_superuser": False, "password": "…"}
    assert found[1]["after"] == {"is_superuser": True, "password": "…"}


def test_upsert_and_merge() -> None:
    profile = ProfileFactory(name="Anna")
    with (
        new_entries("profiles") as found,
        login("botplatform_runtime", current_bot_id=profile.bot_id) as session,
    ):
        session.execute(
            "INSERT INTO profiles (id, bot_id, telegram_id) SELECT gen_random_uuid(), bot_id,"
            " telegram_id FROM profiles ON CONFLICT (bot_id, telegram_id) DO UPDATE SET name = 'B'"
        )
        session.execute(
            "MERGE INTO profiles p USING (SELECT %s::uuid AS id) s ON p.id = s.id"
            " WHEN MATCHED THEN UPDATE SET name = 'C'",
            [profile.pk],
        )
    assert [(e["before"]["name"], e["after"]["name"]) for e in found] == [("Anna", "B"), ("B", "C")]


def test_an_access_of_a_bot_that_stays_is_told() -> None:
    access = BotAccessFactory(bot=BotFactory())
    with new_entries("bot_access") as found:
        BotAccess.objects.filter(pk=access.pk).delete()
    assert [e["before"]["role"] for e in found] == ["viewer"]
