"""Staff type all sorts of things: each gets a message at its field, none an error page."""

import json
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.forms import SplitDateTimeWidget
from django.test import Client
from django.urls import reverse

from conversations.models import Conversation, Message, Profile
from metrics.models import BotMetric
from tenants.models import AuditEntry, Bot, BotAccess
from tests.factories import (
    BotAccessFactory,
    BotFactory,
    BotMetricFactory,
    ConversationFactory,
    MessageFactory,
    ProfileFactory,
)

TOKEN = "123456789:" + "A" * 35


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff", password="x"))
    return client


def page(model: type, action: str, *args: Any) -> str:
    if (model, action) == (Conversation, "change"):
        action = "edit"  # a chat's own page is its transcript
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{action}", args=args)


def form_data(client: Client, url: str) -> dict[str, Any]:
    """What the browser would send of the form as it stands."""
    context = client.get(url).context
    data = {}
    for inline in context.get("inline_admin_formsets", ()):
        for form in (inline.formset.management_form, *inline.formset.forms):
            values = {bound.html_name: bound.value() for bound in form}
            data |= {name: "" if value is None else value for name, value in values.items()}
    for bound in context["adminform"].form:
        value = bound.value()
        if isinstance(bound.field.widget, SplitDateTimeWidget):
            day, time = bound.field.widget.decompress(value)
            data |= {f"{bound.html_name}_0": day or "", f"{bound.html_name}_1": time or ""}
        else:
            data[bound.html_name] = "" if value is None else value
    return data


def refusals(client: Client, url: str, **changes: Any) -> dict[str, list[str]]:
    response = client.post(url, {**form_data(client, url), **changes})
    assert response.status_code == 200, "the form was accepted"
    return response.context["adminform"].form.errors


def accept(client: Client, url: str, **changes: Any) -> None:
    response = client.post(url, {**form_data(client, url), **changes})
    assert response.status_code == 302, response.context["adminform"].form.errors


ROWS = {
    Bot: BotFactory,
    BotAccess: BotAccessFactory,
    Profile: ProfileFactory,
    Conversation: ConversationFactory,
    Message: MessageFactory,
    BotMetric: BotMetricFactory,
}
READ_ONLY = {AuditEntry}


def test_every_model_of_ours_is_here():
    ours = {
        model
        for model in admin.site._registry
        if model._meta.app_label in ("tenants", "conversations", "metrics")
    }
    assert ours - READ_ONLY == set(ROWS)


@pytest.mark.parametrize("model", ROWS)
def test_a_row_can_be_listed_searched_opened_saved_and_deleted(staff, model):
    row = ROWS[model]()
    row.refresh_from_db()
    url = page(model, "change", row.pk)
    assert staff.get(page(model, "changelist")).status_code == 200
    for text in ("при", "'\"&|!()<->:*\\", "x" * 10_000, "😀", "\x00", "%00", "-1", "or"):
        assert staff.get(page(model, "changelist"), {"q": text}).status_code == 200, text
    before = model.objects.filter(pk=row.pk).values().get()
    accept(staff, url)
    after = model.objects.filter(pk=row.pk).values().get()
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"updated_at"}
    delete = page(model, "delete", row.pk)
    if model is Profile:  # people are erased
        assert staff.get(delete)["Location"] == page(model, "erase", row.pk)
        return
    assert staff.get(delete).status_code == 200
    assert staff.post(delete, {"post": "yes"}).status_code == 302
    assert not model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", ROWS)
def test_an_empty_form_says_what_it_needs(staff, model):
    errors = staff.post(page(model, "add"), {}).context["adminform"].form.errors
    assert errors
    assert "position" not in errors


@pytest.mark.parametrize("missing", ["not-an-id", "01a1fdf1-8a0a-783c-8f80-cbfa4bf2f91d"])
@pytest.mark.parametrize("model", ROWS)
def test_a_row_that_is_not_there(staff, model, missing):
    assert staff.get(page(model, "change", missing)).status_code == 302


@pytest.mark.parametrize("model", [Profile, Conversation, Message, BotMetric])
def test_the_bot_of_a_row_cannot_be_changed(staff, model, bob_bot):
    row = ROWS[model]()
    accept(staff, page(model, "change", row.pk), bot=str(bob_bot.pk))
    assert model.objects.get(pk=row.pk).bot_id == row.bot_id


class TestBots:
    def test_a_token_is_stored_encrypted_and_shown_masked(self, staff):
        accept(staff, page(Bot, "add"), name="Anna", token=f" {TOKEN} ")
        bot = Bot.objects.get()
        assert bot.reveal_token() == TOKEN
        for url in (page(Bot, "changelist"), page(Bot, "change", bot.pk)):
            html = staff.get(url).content.decode()
            assert "123456789:…AAAA" in html
            assert TOKEN not in html
            assert bot.telegram_token.ciphertext not in html

    def test_an_empty_token_keeps_the_present_one(self, staff):
        bot = BotFactory()
        accept(staff, page(Bot, "change", bot.pk), name="Renamed")
        again = Bot.objects.get(pk=bot.pk)
        assert (again.name, again.reveal_token()) == ("Renamed", bot.reveal_token())

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"token": "nonsense"}, "not a Telegram token"),
            ({"token": TOKEN + "A"}, "not a Telegram token"),
            ({"token": "\x00"}, "Null characters"),
            ({"name": ""}, "required"),
            ({"name": "a\x00b"}, "Null characters"),
            ({"username": "@anna"}, "5 to 32 letters"),
            ({"username": "anna_bot\n"}, "5 to 32 letters"),
            ({"owner_telegram_id": str(2**63)}, "less than or equal to"),
            ({"config": "{"}, "valid JSON"),
            ({"config": "[]"}, "JSON object"),
            ({"config": '{"a": "\\u0000"}'}, "NUL"),
            ({"config": '{"a": "\\ud800"}'}, "surrogate"),
            ({"config": '{"a": NaN}'}, "NaN"),
            ({"config": "9" * 140_000}, "valid JSON"),
            ({"config": "[" * 3_000}, "valid JSON"),
            ({"config": '{"a":' * 5_000}, "valid JSON"),
        ],
    )
    def test_bad_values(self, staff, change, message):
        bot = BotFactory()
        if change.get("username", "").endswith("\n"):
            accept(staff, page(Bot, "change", bot.pk), **change)
            assert Bot.objects.get().username == "anna_bot"
            return
        errors = refusals(staff, page(Bot, "change", bot.pk), **change)
        assert message in str(errors)
        token = change.get("token")
        assert not token or len(token) < 20 or token not in str(errors)

    def test_a_status_there_is_not(self, staff):
        errors = refusals(staff, page(Bot, "add"), name="Anna", status="asleep")
        assert "not one of the available choices" in str(errors)

    def test_name_and_token_of_another_bot(self, staff):
        BotFactory(name="Anna", token=TOKEN)
        assert "name exists already" in str(refusals(staff, page(Bot, "add"), name="ANNA"))
        errors = refusals(staff, page(Bot, "add"), name="Other", token=TOKEN)
        assert "uses this token already" in str(errors)


class TestTenantRows:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"age": "17"}, "greater than or equal to 18"),
            ({"age": "101"}, "less than or equal to 100"),
            ({"age": "40000"}, "less than or equal to"),
            ({"telegram_id": "1e9"}, "whole number"),
            ({"telegram_id": str(10**19)}, "less than or equal to"),
            ({"interests": "{}"}, "JSON array"),
            ({"additional_data": json.dumps([1])}, "JSON object"),
            ({"name": "\x00"}, "Null characters"),
        ],
    )
    def test_profiles(self, staff, change, message):
        profile = ProfileFactory()
        assert message in str(refusals(staff, page(Profile, "change", profile.pk), **change))

    def test_ids_that_are_taken(self, staff):
        profile, chat = ProfileFactory(), ConversationFactory()
        other_profile = ProfileFactory(bot=profile.bot)
        other_chat = ConversationFactory(bot=chat.bot)
        url = page(Profile, "change", other_profile.pk)
        assert "with this Telegram id already" in str(
            refusals(staff, url, telegram_id=profile.telegram_id)
        )
        url = page(Conversation, "change", other_chat.pk)
        assert "with this chat id already" in str(refusals(staff, url, chat_id=chat.chat_id))
        message = MessageFactory(conversation=chat, telegram_message_id=5)
        twin = MessageFactory(conversation=chat)
        url = page(Message, "change", twin.pk)
        assert "this Telegram message already" in str(
            refusals(staff, url, telegram_message_id=message.telegram_message_id)
        )

    def test_relations_to_another_bots_rows(self, staff, alice_bot, bob_bot):
        his_profile = ProfileFactory(bot=bob_bot)
        his_chat = ConversationFactory(bot=bob_bot)
        hers = {"bot": str(alice_bot.pk)}
        errors = refusals(
            staff, page(Conversation, "add"), **hers, chat_id="1", profile_id=str(his_profile.pk)
        )
        assert "This bot has no profile with this id" in str(errors)
        errors = refusals(
            staff,
            page(Message, "add"),
            **hers,
            conversation_id=str(his_chat.pk),
            sender_type="user",
        )
        assert "This bot has no conversation with this id" in str(errors)

    def test_a_forged_bot(self, staff):
        response = staff.post(page(Profile, "add"), {"bot": "zz", "telegram_id": "1"}, follow=True)
        assert response.status_code == 200
        assert not Profile.objects.exists()

    def test_one_id_under_two_bots(self, staff, alice_bot, bob_bot):
        row = ProfileFactory(bot=alice_bot)
        ProfileFactory(bot=bob_bot, id=row.pk)
        assert staff.get(page(Profile, "change", row.pk)).status_code == 302

    def test_deleting_a_bot_says_what_goes_with_it(self, staff):
        chat = MessageFactory().conversation
        html = staff.get(page(Bot, "delete", chat.bot_id)).content.decode()
        for what in ("Bots: 1", "Profiles: 1", "Conversations: 1", "Messages: 1"):
            assert what in html

    def test_a_message_gets_its_position(self, staff):
        chat = ConversationFactory()
        values = {"bot": str(chat.bot_id), "conversation_id": str(chat.pk), "sender_type": "user"}
        for text in ("one", "two"):
            accept(staff, page(Message, "add"), **values, content=text)
        assert list(chat.messages.values_list("position", "content").order_by("position")) == [
            (1, "one"),
            (2, "two"),
        ]

    @pytest.mark.parametrize("value", ["NaN", "Infinity", "1e", "x", ""])
    def test_metrics_that_are_no_numbers(self, staff, value):
        metric = BotMetricFactory()
        url = page(BotMetric, "change", metric.pk)
        assert "metric_value" in refusals(staff, url, metric_value=value)

    def test_a_date_that_never_was(self, staff, alice_bot):
        errors = refusals(
            staff,
            page(BotMetric, "add"),
            bot=str(alice_bot.pk),
            metric_name="errors",
            metric_value="1",
            recorded_at_0="31.02.2024",
        )
        assert "valid date" in str(errors)

    def test_a_metric_keeps_every_digit(self, staff):
        metric = BotMetricFactory()
        number = "12345678901234567890.123456789012345678901234567890"
        accept(staff, page(BotMetric, "change", metric.pk), metric_value=number)
        assert str(BotMetric.objects.get().metric_value) == number


def test_what_only_the_database_can_refuse_is_said_too(staff, monkeypatch):
    """Two people save the same at once: the second one's check ran before the first one's save."""
    BotFactory(name="Anna")
    monkeypatch.setattr(Bot, "validate_constraints", lambda self, exclude=None: None)
    told = ("Nothing was saved: A bot with this name", "Nothing was saved: the database refused")
    for said in told:
        response = staff.post(
            page(Bot, "add"), {**form_data(staff, page(Bot, "add")), "name": "Anna"}, follow=True
        )
        assert response.status_code == 200
        assert said in response.content.decode()
        monkeypatch.setattr(Bot._meta, "constraints", [])
    assert Bot.objects.count() == 1
