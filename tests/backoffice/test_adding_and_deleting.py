"""The pages of all models on which rows are added, and asked for before they are deleted."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from conversations.models import Conversation
from tenants.backoffice import lists, site
from tenants.models import Bot
from tests.factories import BotAccessFactory, ConversationFactory, MessageFactory, UserFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/conversations/conversation/"


@pytest.fixture
def manager(client: Client, alice_bot: Bot) -> Client:
    client.force_login(BotAccessFactory(bot=alice_bot, role="manager").user)
    return client


def test_what_is_added_shows_nothing_of_the_database(client: Client) -> None:
    client.force_login(UserFactory(is_superuser=True))
    added = 0
    for model, model_admin in admin.site._registry.items():
        page = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add"))
        if page.status_code == 200:
            added += 1
            assert "DatabaseDefault" not in page.content.decode(), model_admin
    assert added > 4


def test_a_chat_to_be_deleted_says_what_goes_along(manager: Client, alice_bot: Bot) -> None:
    chat = ConversationFactory(bot=alice_bot)
    for _ in range(3):
        MessageFactory(conversation=chat)
    MessageFactory(conversation=ConversationFactory(bot=alice_bot))
    asked = manager.get(f"{LIST}{chat.pk}/delete/").content.decode()
    assert "Messages: 3" in asked
    chosen = {"action": "delete_selected", "_selected_action": [chat.pk]}
    assert "Messages: 3" in manager.post(LIST, chosen).content.decode()
    manager.post(LIST, {**chosen, "post": "yes"})
    assert not Conversation.objects.filter(pk=chat.pk).exists()


@pytest.mark.parametrize("listed", [LIST, "/admin/metrics/botmetric/", "/admin/tenants/botaccess/"])
def test_an_id_that_is_none_is_one_that_is_not_there(manager: Client, listed: str) -> None:
    for wrong in ("x", "\0", "9" * 30):
        chosen = {"action": "delete_selected", "_selected_action": [wrong], "post": "yes"}
        assert manager.post(listed, chosen, follow=True).status_code == 200


def test_too_many_at_once(manager: Client, alice_bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "MOST", 2)
    chats = [ConversationFactory(bot=alice_bot).pk for _ in range(3)]
    chosen = {"action": "delete_selected", "_selected_action": chats[:1], "select_across": "1"}
    answer = manager.post(LIST, {**chosen, "post": "yes"}, follow=True)
    assert "choose at most 2 at once" in answer.content.decode()
    # So it is not offered.
    monkeypatch.setattr(lists, "MOST", 2)
    monkeypatch.setattr(lists.LargeList, "list_per_page", 1)
    assert "across all pages" not in manager.get(LIST).content.decode()
    monkeypatch.setattr(lists, "MOST", 3)
    assert "across all pages" in manager.get(LIST).content.decode()
    assert Conversation.objects.filter(pk__in=chats).count() == 3
