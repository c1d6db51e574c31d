"""The page of the log: for reading, and only of one's bots."""

import pytest
from django.test import Client
from django.urls import reverse

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
    assert "&quot;name&quot;: &quot;Alice&#x27;s bot&quot;" in html


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
    assert listed(client, logged_at__gte="2999-01-01 00:00:00+00:00") == []
    assert listed(client, bot="nonsense", q="'\"&|") == []


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
