"""The search through all messages, with its filters and pages."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from conversations.models import Conversation, Message
from tenants.context import staff_context
from tenants.models import Bot
from tests.factories import (
    BotAccessFactory,
    BotFactory,
    ConversationFactory,
    MessageFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

LIST = "/admin/conversations/message/"
NOON = datetime(2026, 5, 10, 12, tzinfo=UTC)


@pytest.fixture
def chats(alice_bot: Bot, bob_bot: Bot) -> list[Conversation]:
    """Of either bot 40 messages with few different times, half of them about borscht."""
    chats = [ConversationFactory(bot=bot) for bot in (alice_bot, bob_bot)]
    for chat in chats:
        Message.objects.bulk_create(
            Message(
                bot_id=chat.bot_id,
                conversation_id=chat.pk,
                sender_type="system" if n % 10 == 0 else ("user", "bot")[n // 2 % 2],
                message_type="photo" if n % 8 == 0 else "text",
                content=f"{'варю борщи' if n % 2 == 0 else 'пью tea'} {chat.bot.name} {n}",
                sent_at=NOON + timedelta(days=n // 10),
            )
            for n in range(40)
        )
    return chats


@pytest.fixture
def client_of() -> Callable[..., Client]:
    def client_of(*bots: Bot) -> Client:
        user = UserFactory(is_superuser=not bots)
        for bot in bots:
            BotAccessFactory(bot=bot, user=user)
        client = Client()
        client.force_login(user)
        return client

    return client_of


def pages(client: Client, **asked: str) -> list[Message]:
    found: list[Message] = []
    address = LIST
    for _ in range(60):
        answer = client.get(address, asked if address == LIST else None)
        assert answer.status_code == 200
        shown = answer.context["cl"]
        found += shown.result_list
        if not shown.older_link:
            return found
        address = LIST + shown.older_link
    raise AssertionError("The pages do not end.")


def newest_first(messages: list[Message]) -> list[Message]:
    messages.sort(key=lambda message: message.pk)
    return sorted(messages, key=lambda message: message.sent_at, reverse=True)


FILTERS: list[tuple[dict[str, str], Callable[[Message], bool]]] = [
    ({}, lambda m: True),
    ({"sender_type__exact": "user"}, lambda m: m.sender_type == "user"),
    ({"sender_type__exact": "system"}, lambda m: m.sender_type == "system"),
    ({"message_type": "photo"}, lambda m: m.message_type == "photo"),
    (
        {"sent_at_from": "2026-05-11", "sent_at_to": "2026-05-12"},
        lambda m: m.sent_at.day in (11, 12),
    ),
    (
        {"sent_at_to": "2026-05-12", "message_type": "text", "sender_type__exact": "bot"},
        lambda m: m.sent_at.day <= 12 and m.message_type == "text" and m.sender_type == "bot",
    ),
    ({"sender_type__exact": "nobody"}, lambda m: False),
]


@pytest.mark.parametrize("words", ["", "борщ"])
@pytest.mark.parametrize(("filters", "fits"), FILTERS)
def test_filters_combine_and_pages_are_complete(
    chats: list[Conversation],
    client_of: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    filters: dict[str, str],
    fits: Callable[[Message], bool],
) -> None:
    monkeypatch.setattr("conversations.backoffice.messages.MessageAdmin.list_per_page", 11)
    asked = {**filters, **({"q": words} if words else {})}
    alice, bob = (chat.bot for chat in chats)
    for client, bots in ((client_of(), [alice, bob]), (client_of(alice), [alice])):
        expected = [
            message
            for message in Message.objects.filter(bot__in=bots)
            if fits(message) and (not words or "борщ" in message.content)
        ]
        assert pages(client, **asked) == newest_first(expected)
    own = client_of(alice, bob)
    found = pages(own, bot__id__exact=str(bob.pk), **asked)
    assert {message.bot_id for message in found} <= {bob.pk}
    assert len(found) == len(expected)


def find(user: Any, **asked: Any) -> list[Message]:
    """The function itself, with more bots or fewer than it plans one by one."""
    values = {"query": "борщ", "most": 1000, "chat": None, "sender": None, "newer": False, **asked}
    with staff_context(user), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM find_messages(to_tsquery('russian', %(query)s), %(most)s, NULL,"
            " %(chat)s, NULL, NULL, %(sender)s, NULL, NULL, NULL, %(newer)s)",
            values,
        )
        ids = [id for (id,) in cursor.fetchall()]
        by_id = Message.objects.in_bulk(ids)
        return [by_id[id] for id in ids]


@pytest.mark.parametrize("more_bots", [0, 98, 100])
def test_every_way_finds_the_same(chats: list[Conversation], more_bots: int) -> None:
    """The latest of each bot, the index of each behind them, and the index of very many bots."""
    boss = UserFactory(is_superuser=True)
    BotFactory.create_batch(more_bots)
    [chat, _] = chats
    Message.objects.bulk_create(
        Message(bot_id=chat.bot_id, conversation_id=chat.pk, sender_type="bot", content="плов")
        for _ in range(150)
    )
    MessageFactory(conversation=chat, content="борщ")
    everything = newest_first(list(Message.objects.filter(content__contains="борщ")))
    assert find(boss) == everything
    assert find(boss, most=7) == everything[:7]
    assert find(boss, most=7, newer=True) == everything[::-1][:7]
    assert find(boss, sender="system") == [m for m in everything if m.sender_type == "system"]
    own = [message for message in everything if message.conversation_id == chat.pk]
    assert find(boss, chat=chat.pk) == own
    assert find(BotAccessFactory(bot=chat.bot).user) == own
    assert find(UserFactory()) == []


def test_hits_are_marked_and_lead_into_the_chat(
    alice_bot: Bot, client_of: Callable[..., Client]
) -> None:
    chat = ConversationFactory(bot=alice_bot)
    MessageFactory(conversation=chat, content="ничего")
    MessageFactory(conversation=chat, content="<img src=x> Борщи & <mark>щи</mark> \ue000x\ue001")
    page = client_of(alice_bot).get(LIST, {"q": "борщ"}).content.decode()
    assert "<mark>Борщи</mark>" in page
    assert page.count("<mark>") == 1
    assert "<img src=x>" not in page
    assert re.search(rf'/conversation/{chat.pk}/change/\?[^"]*around=2#m2"', page)


@pytest.mark.parametrize(
    "query",
    [
        "older=x",
        "newer=~",
        "older=2026-01-01~x",
        "sent_at_from=99999-1-1",
        "older=%00",
        "sent_at_to=%00",
        "q=%00(",
        "q=a&older=~0190c6ba-0000-7000-8000-000000000000",
    ],
)
def test_odd_addresses_lead_back(
    chats: list[Conversation], client_of: Callable[..., Client], query: str
) -> None:
    answer = client_of().get(f"{LIST}?{query}", follow=True)
    assert answer.status_code == 200


def test_queries_do_not_grow(
    chats: list[Conversation],
    client_of: Callable[..., Client],
    django_assert_max_num_queries: Any,
) -> None:
    client = client_of(chats[0].bot)
    for asked in ({}, {"q": "борщ"}, {"bot__id__exact": str(chats[0].bot_id)}):
        with django_assert_max_num_queries(17):
            client.get(LIST, asked)


@pytest.mark.parametrize(
    "words", ["the", "а", "it's don't", "☀️", "?!", "-борщ", "the OR и", "* OR"]
)
def test_what_is_not_searched_for_is_said(
    chats: list[Conversation], client_of: Callable[..., Client], words: str
) -> None:
    chat = chats[0]
    MessageFactory(conversation=chat, content="The sun, it's the ☀️, а don't?!")
    client = client_of(chat.bot)
    in_chat = reverse("admin:conversations_conversation_change", args=[chat.pk])
    for page in (LIST, in_chat):
        assert "no word to look for" in client.get(page, {"q": words}).content.decode()
        of_a_word = client.get(page, {"q": "nowhere the"}).content.decode()
        assert "no word to look for" not in of_a_word
    assert (
        "no word to look for" not in client.get(LIST, {"sender_type__exact": "x"}).content.decode()
    )


def test_no_word_of_another_bot(
    chats: list[Conversation], client_of: Callable[..., Client]
) -> None:
    alice, bob = (chat.bot for chat in chats)
    client = client_of(alice)
    assert pages(client, q="bob") == pages(client, q="борщ", bot__id__exact=str(bob.pk)) == []
    page = client.get(LIST, {"q": "борщ"}).content.decode()
    assert not re.search("Bob", page)
