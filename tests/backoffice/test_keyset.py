"""Pages by keyset: all rows once, in order, also where times are equal or missing."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from conversations.models import Conversation, Message
from tenants.backoffice.keyset import Place, page_of
from tenants.context import maintenance_context, staff_context
from tenants.models import Bot
from tests.factories import (
    BotAccessFactory,
    BotFactory,
    ConversationFactory,
    MessageFactory,
    UserFactory,
)
from tests.plans import plans

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def bots() -> list[Bot]:
    """Of three bots 21 chats with few different times, and five without a message."""
    bots = BotFactory.create_batch(3)
    chats = [ConversationFactory(bot=bots[n % 3]) for n in range(21)]
    for n, chat in enumerate(chats):
        MessageFactory(conversation=chat, sent_at=NOON + timedelta(hours=n % 4))
    for n in range(5):
        ConversationFactory(bot=bots[n % 2])
    return bots


def in_order() -> list[uuid.UUID]:
    chats = list(Conversation.objects.all())
    timed = [chat for chat in chats if chat.last_message_at]
    timed.sort(key=lambda chat: chat.pk)
    timed.sort(key=lambda chat: chat.last_message_at, reverse=True)
    never = sorted(chat.pk for chat in chats if chat.last_message_at is None)
    return [*(chat.pk for chat in timed), *never]


@pytest.mark.parametrize("size", [1, 4, 7, 26, 50])
def test_down_and_up_again(bots: list[Bot], size: int) -> None:
    with maintenance_context():
        expected = in_order()
        found, at = [], None
        while True:
            page = page_of(Conversation.objects.all(), "last_message_at", size, at)
            found.append([chat.pk for chat in page.rows])
            assert (page.newer is None) == (at is None)
            if page.older is None:
                break
            at = page.older
        assert [pk for pk in found for pk in pk] == expected
        for rows in reversed(found[:-1]):
            assert page.newer
            page = page_of(Conversation.objects.all(), "last_message_at", size, page.newer, True)
            assert [chat.pk for chat in page.rows] == rows
        assert page.newer is None


def test_of_one_s_own_bots(bots: list[Bot]) -> None:
    access = BotAccessFactory(bot=bots[0])
    BotAccessFactory(bot=bots[1], user=access.user)
    with staff_context(access.user):
        page = page_of(Conversation.objects.all(), "last_message_at", 50, None)
        assert [chat.pk for chat in page.rows] == in_order()
        assert {chat.bot_id for chat in page.rows} == {bots[0].pk, bots[1].pk}


def test_a_place_survives_its_address() -> None:
    for time in (None, NOON + timedelta(microseconds=7)):
        place = Place(time, uuid.uuid4())
        assert Place.parse(str(place)) == place
    for text in ("", "x~y", "2026-01-01~" + str(uuid.uuid4()), "2026-01-01T00:00:00+00:00~"):
        with pytest.raises(ValueError):  # noqa: PT011
            Place.parse(text)


@pytest.mark.parametrize(
    ("model", "time", "index"),
    [
        (Conversation, "last_message_at", "bot_id_last_message_at_id"),
        (Message, "sent_at", "bot_id_sent_at"),
    ],
)
def test_the_order_is_an_index(bots: list[Bot], model: type, time: str, index: str) -> None:
    """Also far down, and for superusers; seldom enough rows are there for a plan, so it is told."""
    place = Place(NOON, uuid.UUID(int=0))
    for user in (UserFactory(is_superuser=True), BotAccessFactory(bot=bots[0]).user):
        with staff_context(user):
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute("SET LOCAL enable_bitmapscan = off")
            for at in (None, place):
                with plans() as found:
                    page_of(model._default_manager.all(), time, 5, at)
                assert any(index in name for name in found.indexes)
                assert not any("OFFSET" in statement for statement in found.statements)
