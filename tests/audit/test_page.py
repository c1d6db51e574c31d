"""The page of the log: for reading, and only of one's bots."""

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tenants.audit.admin import TABLES
from tenants.models import AuditEntry, Bot
from tests.factories import BotAccessFactory, ProfileFactory, UserFactory

pytestmark = pytest.mark.django_db

LIST = reverse("admin:tenants_auditentry_changelist")


def client_of(user: object) -> Client:
    client = Client()
    client.force_login(user)
    return client


def listed(client: Client, **filters: object) -> list[AuditEntry]:
    return list(client.get(LIST, filters).context["cl"].result_list)


def test_a_viewer_sees_the_entries_of_her_bot(alice_bot: Bot, bob_bot: Bot) -> None:
    ProfileFactory(bot=alice_bot, name="Hers")
    ProfileFactory(bot=bob_bot, name="His")
    client = client_of(BotAccessFactory(bot=alice_bot).user)
    assert {entry.bot_id for entry in listed(client)} == {alice_bot.pk}
    html = client.get(LIST).content.decode()
    assert "Alice&#x27;s bot" in html
    assert "Bob&#x27;s bot" not in html
    his = AuditEntry.objects.filter(bot_id=bob_bot.pk, table_name="profiles").get()
    assert client.get(reverse("admin:tenants_auditentry_change", args=[his.pk])).status_code == 302


def test_staff_without_a_bot_have_no_page() -> None:
    assert client_of(UserFactory()).get(LIST).status_code == 403


def test_a_superuser_sees_all_and_what_changed(alice_bot: Bot, bob_bot: Bot) -> None:
    client = client_of(UserFactory(is_superuser=True))
    assert {alice_bot.pk, bob_bot.pk, None} <= {entry.bot_id for entry in listed(client)}
    entry = AuditEntry.objects.get(bot_id=alice_bot.pk, table_name="bots")
    html = client.get(reverse("admin:tenants_auditentry_change", args=[entry.pk])).content.decode()
    assert "<ins>Alice&#x27;s bot</ins>" in html
    assert reverse("admin:tenants_bot_change", args=[alice_bot.pk]) in html


def test_filters(alice_bot: Bot, bob_bot: Bot) -> None:
    ProfileFactory(bot=bob_bot)
    root = UserFactory(is_superuser=True)
    client = client_of(root)
    client.post(
        reverse("admin:tenants_bot_change", args=[alice_bot.pk]),
        {"name": "Renamed", "config": "{}", "staff-TOTAL_FORMS": 0, "staff-INITIAL_FORMS": 0},
    )
    assert {e.bot_id for e in listed(client, bot=str(bob_bot.pk))} == {bob_bot.pk}
    assert {e.table_name for e in listed(client, table="profiles")} == {"profiles"}
    assert {e.operation for e in listed(client, operation__exact="LOGIN")} == {"LOGIN"}
    assert {e.table_name for e in listed(client, user=root.pk)} >= {"bots"}
    assert {e.table_name for e in listed(client, user=root.username)} >= {"bots"}
    assert {e.table_name for e in listed(client, q=root.username)} >= {"bots"}
    assert listed(client, user="nobody-of-that-name") == []
    today = timezone.localdate()
    assert listed(client, logged_at_from=str(today), logged_at_to=str(today))
    assert listed(client, logged_at_from="2999-01-01") == []
    assert listed(client, bot="nonsense", q="'\"&|") == []


def test_each_audited_table_may_be_chosen(django_db_setup: None) -> None:
    triggers = (
        "SELECT DISTINCT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " JOIN pg_proc ON pg_proc.oid = tgfoid"
        " WHERE prosrc LIKE '%audit_%' AND NOT relispartition"
    )
    with connection.cursor() as cursor:
        cursor.execute(triggers)
        assert {table for (table,) in cursor} == {*TABLES}


@pytest.mark.parametrize("superuser", [True, False])
def test_read_only(alice_bot: Bot, superuser: bool) -> None:
    user = UserFactory(is_superuser=superuser)
    BotAccessFactory(bot=alice_bot, user=user, role="manager")
    client = client_of(user)
    entry = AuditEntry.objects.filter(bot_id=alice_bot.pk)[0]
    for page, args in (("add", []), ("delete", [entry.pk])):
        url = reverse(f"admin:tenants_auditentry_{page}", args=args)
        assert client.post(url, {"post": "yes"}).status_code == 403
    url = reverse("admin:tenants_auditentry_change", args=[entry.pk])
    assert client.post(url, {"login": "x"}).status_code == 403
    data = {"action": "delete_selected", "_selected_action": entry.pk, "post": "yes"}
    client.post(LIST, data)
    assert AuditEntry.objects.filter(pk=entry.pk).exists()


def test_before_and_after_stand_side_by_side(alice_bot: Bot, bob_bot: Bot) -> None:
    person = ProfileFactory(
        bot=alice_bot, name="<b>Old</b>", additional_data={"a": {"b": 1}, "c": 2}
    )
    person.name, person.additional_data = "New", {"a": {"b": 3}, "c": 2}
    person.save()
    client = client_of(BotAccessFactory(bot=alice_bot).user)
    entry = AuditEntry.objects.get(row_key=str(person.pk), operation="UPDATE")
    url = reverse("admin:tenants_auditentry_change", args=[entry.pk])
    html = client.get(url).content.decode()
    for text in ("<del>&lt;b&gt;Old&lt;/b&gt;</del>", "<ins>New</ins>", "additional_data.a.b"):
        assert text in html
    assert "additional_data.c" not in html
    link = reverse("admin:conversations_profile_change", args=[person.pk])
    assert link in html
    person.delete()
    assert link not in client.get(url).content.decode()


def test_the_list_asks_a_few_queries(alice_bot: Bot, django_assert_max_num_queries) -> None:
    client = client_of(BotAccessFactory(bot=alice_bot).user)
    for _ in range(20):
        ProfileFactory(bot=alice_bot)
    with django_assert_max_num_queries(16):
        client.get(LIST)
