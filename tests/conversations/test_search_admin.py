"""Search in the back office, through the middleware and the changelist."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from conversations.models import Conversation
from tenants.models import Bot
from tests.conversations.test_search_odd_input import ODD
from tests.factories import BotAccessFactory, ConversationFactory, MessageFactory, UserFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/conversations/message/"


@pytest.fixture
def chats(alice_bot: Bot, bob_bot: Bot) -> list[Conversation]:
    chats = [ConversationFactory(bot=bot) for bot in (alice_bot, bob_bot)]
    for chat in chats:
        MessageFactory(conversation=chat, content="про борщ")
        MessageFactory(conversation=chat, content="борщ, ещё борщ и опять борщ")
        MessageFactory(conversation=chat, content="плов")
    return chats


def shown(user: User, **parameters: str) -> list[tuple[str, int]]:
    client = Client()
    client.force_login(user)
    response = client.get(LIST, parameters)
    assert response.status_code == 200
    return [(row.bot.name, row.position) for row in response.context["cl"].result_list]


def test_the_newest_first_of_the_bots_given(chats: list[Conversation], alice_bot: Bot) -> None:
    viewer = BotAccessFactory(bot=alice_bot).user
    assert shown(viewer, q="борщ") == [("Alice's bot", 2), ("Alice's bot", 1)]
    assert shown(viewer, q="борщ", o="0") == [("Alice's bot", 2), ("Alice's bot", 1)]


def test_a_superuser_searches_all_or_one(chats: list[Conversation], bob_bot: Bot) -> None:
    superuser = UserFactory(is_superuser=True)
    assert len(shown(superuser, q="борщ")) == 4
    assert shown(superuser, q="борщ", bot__id__exact=str(bob_bot.pk)) == [
        ("Bob's bot", 2),
        ("Bob's bot", 1),
    ]


@pytest.mark.parametrize("text", [t for t in ODD.values() if len(t) < 1000])
def test_odd_input_is_a_page(chats: list[Conversation], text: str) -> None:
    shown(UserFactory(is_superuser=True), q=text.encode("utf-8", "ignore").decode())


def test_ten_thousand_characters_are_a_page(chats: list[Conversation]) -> None:
    assert shown(UserFactory(is_superuser=True), q="борщ " * 2_000) != []


def test_it_searches_once(chats: list[Conversation]) -> None:
    with CaptureQueriesContext(connection) as queries:
        shown(UserFactory(is_superuser=True), q="борщ")
    assert sum("find_messages" in query["sql"] for query in queries) == 1
