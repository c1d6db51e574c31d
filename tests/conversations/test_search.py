"""What is found, and in which order."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from conversations.models import Conversation, Message
from tenants.context import bot_context
from tenants.models import Bot
from tests.factories import ConversationFactory, MessageFactory

pytestmark = pytest.mark.django_db

TEXTS = (
    "Приготовила борщ с чесноком",
    "Борща осталось на завтра, и ещё борщ в морозилке",
    "Купила чеснок",
    "Плов с мясом и рисом",
    "Мясо отдельно, плов отдельно",
    "We are travelling to Lisbon",
    "She travels by train",
    "Смотри example.com/menu или напиши на chef@example.com",
)


@pytest.fixture
def chat(alice_bot: Bot) -> Conversation:
    chat: Conversation = ConversationFactory(bot=alice_bot)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    for n, text in enumerate(TEXTS):
        MessageFactory(conversation=chat, content=text, sent_at=start + timedelta(hours=n))
    return chat


@pytest.fixture(autouse=True)
def inside(chat: Conversation, bob_bot: Bot) -> Iterator[None]:
    with bot_context(chat.bot_id):
        yield


def found(text: str, **options: Any) -> list[str]:
    return [message.content for message in Message.objects.search(text, **options)]


def numbers(text: str) -> set[int]:
    return {TEXTS.index(content) for content in found(text)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("борщ", {0, 1}),
        ("БОРЩОМ", {0, 1}),
        ("борщ чеснок", {0}),
        ("чеснок борщи", {0}),
        ("travel", {5, 6}),
        ("travelled", {5, 6}),
        ("train travelling", {6}),
        ('"плов с мясом"', {3}),
        ("«плов с мясом»", {3}),
        ('"мясо плов"', set()),
        ("плов мясо", {3, 4}),
        ('"плов с мясом', {3}),
        ("борщ -морозилка", {0}),
        ('плов -"плов с мясом"', {4}),
        ("-борщ", set()),
        ("морозилка OR lisbon", {1, 5}),
        ("морозилка или lisbon", {1, 5}),
        ("плов рис OR чеснок -борщ", {2, 3}),
        ("OR", set()),
        ("борщ OR", {0, 1}),
        ("чесн", {0, 2}),
        ("чесн ", set()),
        ("чесн* борщ", {0}),
        ("чесн борщ", set()),
        ("lisb", {5}),
        ("м* ", set()),
        ("мя* ", {3, 4}),
        ("example.com ", {7}),
        ("chef@example.com ", {7}),
        ("и с в", set()),
        ("борщ и", {0, 1}),
        ("борщ 😀", {0, 1}),
    ],
)
def test_finds(text: str, expected: set[int]) -> None:
    assert numbers(text) == expected


def test_the_best_or_the_newest_first(chat: Conversation) -> None:
    MessageFactory(conversation=chat, content="про борщ", sent_at=datetime(2025, 2, 1, tzinfo=UTC))
    assert found("борщ") == [TEXTS[1], "про борщ", TEXTS[0]]
    assert found("борщ", newest_first=True) == ["про борщ", TEXTS[1], TEXTS[0]]


def test_the_limit_keeps_the_first() -> None:
    assert found("борщ", limit=1) == [TEXTS[1]]
    assert found("борщ", limit=1, newest_first=True) == [TEXTS[1]]
    assert found("чеснок", limit=1, newest_first=True) == [TEXTS[2]]
    assert found("борщ", limit=0) == found("борщ", limit=-5) == []
    assert len(found("борщ", limit=10**6)) == 2


def test_filters_on_the_outside(chat: Conversation) -> None:
    assert Message.objects.search("борщ").filter(position=1).get().content == TEXTS[0]
    assert Message.objects.filter(position=1).search("борщ").get().content == TEXTS[0]
    assert chat.messages.search("борщ").count() == 2
    assert Message.objects.search("борщ").select_related("conversation", "bot").count() == 2
    assert list(Message.objects.search("борщ")[1:]) == list(Message.objects.search("борщ"))[1:]


def test_of_many_the_newest_are_ranked(chat: Conversation) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    Message.objects.bulk_create(
        Message(
            conversation=chat,
            sender_type="user",
            content="борщ",
            sent_at=start + timedelta(minutes=n),
        )
        for n in range(1000)
    )
    best = Message.objects.search("борщ").first()
    assert best is not None
    assert best.sent_at == start + timedelta(minutes=999), "equal ranks: the newest"
    assert TEXTS[1] not in found("борщ", limit=1000)


def test_several_bots_are_searched_together(chat: Conversation, bob_bot: Bot) -> None:
    assert found("борщ", bots=[bob_bot.pk]) == []
    assert len(found("борщ", bots=[chat.bot_id, bob_bot.pk])) == 2
