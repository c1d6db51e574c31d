"""A list without rows says where they come from, and what to do."""

import pytest
from django.contrib import admin
from django.test import Client

from tenants.backoffice.lists import LargeList
from tenants.models import Bot
from tests.factories import BotAccessFactory, ConversationFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/conversations/conversation/"


def test_each_list_of_rows_says_where_they_come_from() -> None:
    for model_admin in admin.site._registry.values():
        assert isinstance(model_admin, LargeList)
        if model_admin.model._meta.app_label != "auth":
            assert model_admin.list_empty_text, model_admin


def test_nothing_there_and_nothing_found(client: Client, alice_bot: Bot) -> None:
    client.force_login(BotAccessFactory(bot=alice_bot, role="operator").user)
    empty = client.get(LIST).content.decode()
    assert "They come from bots that are running" in empty
    assert f'href="{LIST}add/"' in empty
    ConversationFactory(bot=alice_bot, title="tea")
    assert "Nothing fits the search" in client.get(LIST, {"q": "coffee"}).content.decode()
