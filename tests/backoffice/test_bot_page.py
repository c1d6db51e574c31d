"""A bot's page: its status, token and configuration, its numbers, and who works on it."""

import json
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tenants.models import AuditEntry, Bot, BotAccess
from tests.backoffice.test_dashboard import MISSING, signed_in, without_tokens
from tests.factories import (
    BotAccessFactory,
    BotFactory,
    ConversationFactory,
    MessageFactory,
    UserFactory,
)
from tests.metrics.rollups.world import rolled_up

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/tenants/bot/"


def page(bot: Any, status: str = "") -> str:
    pk = getattr(bot, "pk", bot)
    if status:
        return reverse("admin:tenants_bot_status", args=[pk, status])
    return reverse("admin:tenants_bot_change", args=[pk])


def form_of(client: Client, bot: Bot) -> dict[str, Any]:
    """As the browser would send it."""
    context = client.get(page(bot)).context
    data = {bound.html_name: bound.value() for bound in context["adminform"].form}
    for inline in context["inline_admin_formsets"]:
        for form in (inline.formset.management_form, *inline.formset.forms):
            data |= {bound.html_name: bound.value() for bound in form}
    return {name: "" if value is None else value for name, value in data.items()}


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


class TestStatus:
    def test_it_is_asked_done_and_audited(self, alice_bot: Bot) -> None:
        client = signed_in("manager", alice_bot)
        assert "Set to maintenance" in client.get(page(alice_bot)).content.decode()
        url = page(alice_bot, "maintenance")
        assert "Alice&#x27;s bot" in client.get(url).content.decode()
        assert Bot.objects.get(pk=alice_bot.pk).status == "active"
        response = client.post(url, {"confirmed": "yes"}, follow=True)
        assert said(response) == ["1 bot is now “Maintenance”."]
        assert Bot.objects.get(pk=alice_bot.pk).status == "maintenance"
        [entry] = AuditEntry.objects.filter(table_name="bots", operation="UPDATE")
        assert (entry.before["status"], entry.after["status"]) == ("active", "maintenance")

    def test_a_post_that_confirms_nothing_changes_nothing(self, alice_bot: Bot) -> None:
        signed_in("manager", alice_bot).post(page(alice_bot, "inactive"))
        assert Bot.objects.get(pk=alice_bot.pk).status == "active"

    @pytest.mark.parametrize("role", ["viewer", "operator"])
    def test_managers_alone(self, alice_bot: Bot, role: str) -> None:
        client = signed_in(role, alice_bot)
        assert "Set to maintenance" not in client.get(page(alice_bot)).content.decode()
        url = page(alice_bot, "inactive")
        assert (
            client.get(url).status_code == client.post(url, {"confirmed": "1"}).status_code == 403
        )
        assert Bot.objects.get(pk=alice_bot.pk).status == "active"

    def test_no_other_status(self, alice_bot: Bot) -> None:
        client = signed_in(is_superuser=True)
        for odd in ("error", "asleep"):
            assert client.post(page(alice_bot, odd), {"confirmed": "1"}).status_code == 404

    def test_of_many_bots_at_once(self, alice_bot: Bot, bob_bot: Bot) -> None:
        resting, watched = BotFactory(name="Resting", status="inactive"), BotFactory(name="Watched")
        client = signed_in("manager", alice_bot, bob_bot, resting)
        BotAccessFactory(user=User.objects.get(), bot=watched, role="viewer")
        foreign = BotFactory(name="Foreign")
        chosen = [bot.pk for bot in (alice_bot, bob_bot, resting, watched, foreign)]
        asked = {"action": "set_inactive", ACTION_CHECKBOX_NAME: chosen}
        html = client.post(LIST, asked).content.decode()
        assert "The status of 2 bots becomes “Inactive”" in html
        assert "Foreign" not in html
        assert Bot.objects.filter(status="inactive").count() == 1
        response = client.post(LIST, {**asked, "confirmed": "yes"}, follow=True)
        assert said(response) == [
            "2 bots are now “Inactive”. 1 had this status already. "
            "Left alone, as you are not their manager: Watched."
        ]
        assert set(Bot.objects.filter(status="active")) == {watched, foreign}
        assert AuditEntry.objects.filter(table_name="bots", operation="UPDATE").count() == 2


@pytest.mark.parametrize("role", ["viewer", "operator", "manager", None])
def test_a_bot_of_others_is_one_that_is_not_there(alice_bot: Bot, role: str | None) -> None:
    bob_bot = BotFactory(name="Bob's bot")
    client = signed_in(role, *([alice_bot] if role else []))
    for make in (page, lambda bot: page(bot, "inactive")):
        answers = []
        for bot in (bob_bot.pk, MISSING):
            for response in (client.get(make(bot)), client.post(make(bot), {"confirmed": "1"})):
                text = without_tokens(response).replace(str(bot).encode(), b"")
                answers.append((response.status_code, response.headers.get("Location"), text))
        assert answers[:2] == answers[2:]
    assert Bot.objects.get(pk=bob_bot.pk).status == "active"


def test_wrong_json_is_told_where(alice_bot: Bot) -> None:
    client = signed_in("manager", alice_bot)
    data = {**form_of(client, alice_bot), "config": '{\n  "a": 1,\n  "b" 2\n}'}
    errors = client.post(page(alice_bot), data).context["adminform"].form.errors
    assert "Line 3, column 7: Expecting ':' delimiter" in str(errors["config"].as_data())


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ('{"more": [{"a": 1, "a": 2}]}', "“a” is there twice"),
        ('{"\\ud800": 1, "\\ud800": 2}', "“\\ud800” is there twice"),
        (
            '{"a": 123456789012345678901234567890.5}',
            "number 123456789012345678901234567890.5 would",
        ),
        ('{"a": 0.1234567890123456789}', "would be rounded"),
        ('{"a": 1e400}', "would be rounded"),
        ('{"a": 1e-99999999999999999999}', "would be rounded"),
    ],
)
def test_what_would_not_be_kept_is_refused(alice_bot: Bot, typed: str, told: str) -> None:
    client = signed_in("manager", alice_bot)
    response = client.post(page(alice_bot), {**form_of(client, alice_bot), "config": typed})
    form = response.context["adminform"].form
    assert told in form.errors["config"][0]
    assert form["config"].value() == typed
    assert Bot.objects.get(pk=alice_bot.pk).config == {}


def test_exact_numbers_are_kept(alice_bot: Bot) -> None:
    typed = '{"a": [0.1, 1.50, -2e-7, 1e23, 123456789012345678901234567890, 9007199254740993]}'
    client = signed_in("manager", alice_bot)
    client.post(page(alice_bot), {**form_of(client, alice_bot), "config": typed})
    kept = [0.1, 1.5, -2e-7, 10**23, 123456789012345678901234567890, 9007199254740993]
    assert Bot.objects.get(pk=alice_bot.pk).config == {"a": kept}


def test_a_token_is_replaced_and_never_shown(alice_bot: Bot) -> None:
    client = signed_in("manager", alice_bot)
    Bot.objects.filter(pk=alice_bot.pk).update(token_masked="987654321:…AAAA")
    token = "987654321:" + "B" * 35
    data = {**form_of(client, alice_bot), "token": token, "config": '{"a": 1}'}
    response = client.post(page(alice_bot), data, follow=True)
    assert "987654321:…BBBB" in client.get(page(alice_bot)).content.decode()
    assert token not in response.content.decode()
    bot = Bot.objects.defer(None).get(pk=alice_bot.pk)
    assert (bot.reveal_token(), bot.config) == (token, {"a": 1})
    assert token not in json.dumps([entry.after for entry in AuditEntry.objects.all()])


def test_a_token_in_the_configuration_is_refused(alice_bot: Bot) -> None:
    client = signed_in("manager", alice_bot)
    typed = json.dumps({"deep": ["x 987654321:" + "B" * 35]})
    response = client.post(page(alice_bot), {**form_of(client, alice_bot), "config": typed})
    [error] = response.context["adminform"].form.errors["config"]
    assert "There is a token in it" in error
    assert Bot.objects.get(pk=alice_bot.pk).config == {}


def test_a_token_of_another_telegram_bot_is_asked_about(alice_bot: Bot) -> None:
    client = signed_in("manager", alice_bot)
    Bot.objects.filter(pk=alice_bot.pk).update(token_masked="123456789:…AAAA")
    data = {**form_of(client, alice_bot), "token": "987654321:" + "B" * 35}
    response = client.post(page(alice_bot), data)
    [error] = response.context["adminform"].form.errors["other_bot"]
    assert "of another Telegram bot, 987654321; the present one is 123456789" in error
    assert "987654321:…BBBB" not in response.content.decode()
    assert Bot.objects.get(pk=alice_bot.pk).token_masked == "123456789:…AAAA"
    client.post(page(alice_bot), {**data, "other_bot": "on"})
    assert Bot.objects.get(pk=alice_bot.pk).token_masked == "987654321:…BBBB"


class TestStaff:
    def test_managers_give_change_and_take_access(self, alice_bot: Bot) -> None:
        client = signed_in("manager", alice_bot)
        new, old = UserFactory(username="new"), UserFactory(username="old")
        row = BotAccessFactory(user=old, bot=alice_bot, role="viewer")
        data = form_of(client, alice_bot)
        [n] = [name[6] for name, value in data.items() if value == row.pk]
        added = {"staff-TOTAL_FORMS": 3, "staff-2-user": new.pk, "staff-2-role": "operator"}
        added["staff-2-bot"] = alice_bot.pk
        # Another user in this row is not taken.
        changed = {f"staff-{n}-role": "manager", f"staff-{n}-user": new.pk}
        assert client.post(page(alice_bot), {**data, **added, **changed}).status_code == 302
        roles = dict(BotAccess.objects.values_list("user__username", "role"))
        assert (roles["new"], roles["old"]) == ("operator", "manager")
        data = form_of(client, alice_bot)
        [n] = [name[6] for name, value in data.items() if value == row.pk]
        client.post(page(alice_bot), {**data, f"staff-{n}-DELETE": "on"})
        assert not BotAccess.objects.filter(user=old).exists()
        audited = AuditEntry.objects.filter(table_name="bot_access").order_by("logged_at")
        assert [entry.operation for entry in audited][-3:] == ["UPDATE", "INSERT", "DELETE"]

    def test_a_role_twice_is_told(self, alice_bot: Bot) -> None:
        client = signed_in("manager", alice_bot)
        data = {**form_of(client, alice_bot), "staff-TOTAL_FORMS": 2}
        data |= {"staff-1-user": User.objects.get().pk, "staff-1-role": "viewer"}
        response = client.post(page(alice_bot), {**data, "staff-1-bot": alice_bot.pk})
        assert response.status_code == 200
        assert BotAccess.objects.count() == 1

    @pytest.mark.parametrize("role", ["viewer", "operator"])
    def test_others_see_who_works_on_it(self, alice_bot: Bot, role: str) -> None:
        BotAccessFactory(bot=alice_bot, user=UserFactory(username="colleague"))
        client = signed_in(role, alice_bot)
        html = client.get(page(alice_bot)).content.decode()
        assert "colleague" in html
        assert "staff-0-role" not in html
        assert "/auth/user/" not in html

    def test_a_user_s_page_is_linked_for_superusers_alone(self, alice_bot: Bot) -> None:
        access = BotAccessFactory(bot=alice_bot, user=UserFactory(username="colleague"))
        address = reverse("admin:tenants_botaccess_change", args=[access.pk])
        for role in ("viewer", "manager"):
            html = signed_in(role, alice_bot).get(address).content.decode()
            assert "colleague" in html
            assert "/auth/user/" not in html
        assert "/auth/user/" in signed_in(is_superuser=True).get(address).content.decode()


def test_its_numbers_and_its_lists(alice_bot: Bot, bob_bot: Bot) -> None:
    for bot, count in ((alice_bot, 3), (bob_bot, 5)):
        chat = ConversationFactory(bot=bot)
        for _ in range(count):
            MessageFactory(conversation=chat, sent_at=timezone.now())
    rolled_up()
    html = signed_in("viewer", alice_bot).get(page(alice_bot)).content.decode()
    assert html.count('<td class="bo-number">3</td>') >= 3
    assert '<td class="bo-number">5</td>' not in html
    for name in ("profile", "conversation", "message"):
        assert f"/admin/conversations/{name}/?bot__id__exact={alice_bot.pk}" in html


def test_queries_are_constant(alice_bot: Bot) -> None:
    client = signed_in("manager", alice_bot)
    client.get(page(alice_bot))  # content types are read once a process
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(page(alice_bot))
        counts.append(len(queries))
        for _ in range(4):
            BotAccessFactory(bot=alice_bot)
            MessageFactory(conversation__bot=alice_bot)
        rolled_up()
    assert counts[0] == counts[1] <= 16
