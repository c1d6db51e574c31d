"""The list of conversations and the transcript of one."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from conversations.models import Conversation, Message
from tenants.models import Bot
from tests.factories import (
    BotAccessFactory,
    ConversationFactory,
    MessageFactory,
    ProfileFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

LIST = "/admin/conversations/conversation/"
BEGUN = datetime(2026, 5, 1, 23, 30, tzinfo=UTC)
ROLES = ("viewer", "operator", "manager")

As = Callable[..., Client]


@pytest.fixture
def chat(alice_bot: Bot) -> Conversation:
    """Of 200 messages, one a minute."""
    person = ProfileFactory(bot=alice_bot, name="Маша")
    chat = ConversationFactory(bot=alice_bot, profile=person)
    Message.objects.bulk_create(
        Message(
            bot=alice_bot,
            conversation_id=chat.pk,
            sender_type=("user", "bot")[n % 2],
            content=f"борщ {n}",
            sent_at=BEGUN + timedelta(minutes=n),
        )
        for n in range(1, 201)
    )
    return chat


@pytest.fixture
def as_role(alice_bot: Bot) -> As:
    def as_role(role: str = "viewer") -> Client:
        user = (
            UserFactory() if role == "nobody" else BotAccessFactory(bot=alice_bot, role=role).user
        )
        client = Client()
        client.force_login(user)
        return client

    return as_role


def address(chat: Any, name: str = "change", query: str = "") -> str:
    pk = getattr(chat, "pk", chat)
    return reverse(f"admin:conversations_conversation_{name}", args=[pk]) + query


def positions(page: str) -> list[int]:
    return [int(n) for n in re.findall(r'id="m(\d+)"', page)]


def read(client: Client, chat: Conversation, query: str = "") -> str:
    answer = client.get(address(chat, query=query))
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_opens_at_the_end_and_goes_on_to_the_beginning(chat: Conversation, as_role: As) -> None:
    client = as_role()
    page = read(client, chat)
    found = positions(page)
    assert found == list(range(121, 201))
    while link := re.search(r'rel="prev" href="([^"]+)"', page):
        page = read(client, chat, link[1].replace("&amp;", "&") + "&part=1")
        assert "<main" not in page
        found = positions(page) + found
    assert found == list(range(1, 201))


def test_it_goes_on_to_the_end(chat: Conversation, as_role: As) -> None:
    client = as_role()
    page = read(client, chat, "?around=1")
    found = positions(page)
    assert 'rel="prev"' not in page
    while link := re.search(r'rel="next" href="([^"]+)"', page):
        page = read(client, chat, link[1].replace("&amp;", "&") + "&part=1")
        found += positions(page)
    assert found == list(range(1, 201))


@pytest.mark.parametrize("query", ["?around=100", "?around=100&q=борщ"])
def test_around_a_position(chat: Conversation, as_role: As, query: str) -> None:
    found = positions(read(as_role(), chat, query))
    assert found == list(range(60, 140))


@pytest.mark.parametrize(
    "query", ["?around=x", "?before=-1", "?after=0", f"?around={2**63}", "?before=%00", "?q=%00("]
)
def test_no_address_is_an_error(chat: Conversation, as_role: As, query: str) -> None:
    read(as_role(), chat, query)


def test_days_are_those_of_the_viewer(chat: Conversation, as_role: As) -> None:
    client = as_role()
    days = re.compile(r'data-day="([^"]+)"')
    assert days.findall(read(client, chat, "?around=1")) == ["2026-05-01", "2026-05-02"]
    client.post(reverse("settings"), {"language": "en", "time_zone": "Europe/Moscow"})
    page = read(client, chat, "?around=1")
    assert days.findall(page) == ["2026-05-02"]
    assert "2:31 a.m." in page


def test_what_is_no_plain_text(chat: Conversation, as_role: As) -> None:
    for said in (
        {"content": "<script>alert(1)</script>", "sender_type": "user"},
        {"message_type": "photo", "content": "", "sender_type": "user"},
        {"message_type": "<b>x", "content": "", "sender_type": "user"},
        {"sender_type": "bot", "metadata": {"edits": [{"content": "до <i>"}]}},
        {"sender_type": "bot", "metadata": {"deleted_at": "2026-05-03T10:00:00+00:00"}},
        {"sender_type": "bot", "metadata": {"repaired": {"content": "стало <u>"}}},
        {"sender_type": "user", "metadata": {"sender": "Аня <s>"}},
        {
            "sender_type": "system",
            "metadata": {"edits": 5, "deleted_at": {"x": 1}, "repaired": [], "sender": [1]},
        },
    ):
        MessageFactory(conversation=chat, **said)
    page = read(as_role(), chat)
    for markup in ("<script>alert", "<b>x", "<i>", "<u>", "<s>"):
        assert markup not in page
    for shown in (
        *("&lt;script&gt;alert(1)&lt;/script&gt;", "Photo", "&lt;b&gt;x", "до &lt;i&gt;"),
        *("Deleted May 3, 2026", "стало &lt;u&gt;", "repaired text", "Аня &lt;s&gt;", "System"),
    ):
        assert shown in page, shown


@pytest.mark.parametrize("role", ROLES)
def test_who_may_edit(chat: Conversation, as_role: As, role: str) -> None:
    client = as_role(role)
    assert ("Edit message 200" in read(client, chat)) == (role != "viewer")
    form = client.get(address(chat, "edit"))
    assert (b"_save" in form.content) == (role != "viewer")
    data = {"title": "Суп", "chat_id": chat.chat_id, "profile_id": chat.profile_id}
    answer = client.post(address(chat, "edit"), data)
    if role == "viewer":
        assert answer.status_code == 403
    else:
        assert (answer.status_code, answer["Location"]) == (302, address(chat))
        assert "Суп" in read(client, chat)


@pytest.mark.parametrize("role", [*ROLES, "nobody"])
def test_anothers_chat_is_a_missing_one(
    chat: Conversation, bob_bot: Bot, as_role: As, role: str
) -> None:
    foreign = MessageFactory(conversation=ConversationFactory(bot=bob_bot, title="Тайна"))
    missing = "0190c6ba-0000-7000-8000-000000000000"
    client = as_role(role)
    for name, query in (
        *(("change", ""), ("change", "?part=1"), ("change", "?around=1"), ("change", "?q=a")),
        ("edit", ""),
    ):
        answers = []
        for pk in (str(foreign.conversation_id), missing):
            answer = client.get(address(pk, name, query))
            shown = client.get(answer["Location"]) if answer.status_code == 302 else answer
            body = shown.content.decode().replace(pk, "ID").replace(shown["X-Request-ID"], "")
            body = re.sub(r'csrfmiddlewaretoken" value="\w+"', "", body)
            own = {"X-Request-ID", "Expires"}
            headers = {k: v.replace(pk, "ID") for k, v in answer.items() if k not in own}
            answers.append((answer.status_code, headers, body))
        assert answers[0] == answers[1]
        assert answers[0][0] == (403 if role == "nobody" else 302)
        assert "Тайна" not in answers[0][2]


def test_find_in_the_chat(chat: Conversation, as_role: As, alice_bot: Bot) -> None:
    client = as_role()
    MessageFactory(
        conversation=chat, content="<b>Рецепт</b> борща", sent_at=BEGUN + timedelta(days=1)
    )
    MessageFactory(conversation=ConversationFactory(bot=alice_bot), content="рецепты")
    page = read(client, chat, "?q=рецепт")
    assert page.count("<mark>") == 1
    assert "<mark>Рецепт</mark>" in page
    assert "around=201#m201" in page.replace("&amp;", "&")
    assert "Nothing found" in read(client, chat, "?q=пельмени")
    found, query = [], "?q=борщ"
    while True:
        page = read(client, chat, query)
        found += re.findall(r"around=(\d+)#m\1\"", page.replace("&amp;", "&").replace("q=", ""))
        if not (link := re.search(r'href="([^"]+)">Older hits', page)):
            break
        query = link[1].replace("&amp;", "&")
    hits = list(dict.fromkeys(int(n) for n in found if 1 <= int(n) <= 201))
    assert set(range(1, 202)) <= set(hits)


def test_the_list(chat: Conversation, as_role: As, bob_bot: Bot) -> None:
    ConversationFactory(bot=bob_bot, title="Тайна")
    photo = ConversationFactory(bot=chat.bot, profile=None, chat_id=4242)
    MessageFactory(conversation=photo, message_type="photo", content="", sent_at=BEGUN)
    client = as_role()
    answer = client.get(LIST)
    assert [row.pk for row in answer.context["cl"].result_list] == [chat.pk, photo.pk]
    page = answer.content.decode()
    assert "борщ 200" in page
    assert "[Photo]" in page
    assert "Тайна" not in page
    assert address(chat) in page
    for words, expected in (("маша", [chat]), ("4242", [photo]), ("Тайна", []), ("маша 42", [])):
        shown = client.get(LIST, {"q": words}).context["cl"].result_list
        assert [row.pk for row in shown] == [row.pk for row in expected]


def test_queries_do_not_grow(
    chat: Conversation, as_role: As, django_assert_max_num_queries: Any
) -> None:
    client = as_role()
    for n in range(30):
        other = ConversationFactory(bot=chat.bot)
        MessageFactory(conversation=other, content=f"суп {n}")
    with django_assert_max_num_queries(16):
        client.get(LIST)
    with django_assert_max_num_queries(16):
        read(client, chat, "?around=100&q=борщ")
    boss = Client()
    boss.force_login(User.objects.create_superuser("boss", password="x"))
    with django_assert_max_num_queries(16):
        boss.get(LIST)
