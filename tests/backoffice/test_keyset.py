"""Pages by keyset: all rows once, in order, also where times are equal or missing."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conversations.models import Conversation, Message
from legacy_import.models import ImportFile, ImportRun, Reject, Repair
from metrics.models import BotMetric
from tenants.backoffice.keyset import Place, page_of
from tenants.context import maintenance_context, staff_context
from tenants.models import AuditEntry, Bot
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


@pytest.fixture
def ledger(bots: list[Bot]) -> None:
    for bot in bots:
        for n in range(4):
            run = ImportRun.objects.create(bot=bot, number=n, action="import")
            made = {"kind": "conversation", "status": "done", "size": 1, "mtime_ns": 1}
            file = ImportFile.objects.create(bot=bot, run=run, path=f"{n}", **made)
            Reject.objects.create(bot=bot, file=file, place=n, code="x", reason="", raw=b"x")
            Repair.objects.create(bot=bot, file=file, place=n, code="x", pointer="", original=b"")
            BotMetric.objects.create(bot=bot, metric_name=f"{n}", metric_value=n)


@pytest.mark.parametrize("model", [AuditEntry, ImportRun, ImportFile, Reject, Repair, BotMetric])
def test_lists_of_one_order(
    ledger: None, bots: list[Bot], model: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Down and up: each row once, each page without OFFSET and for as many queries."""
    monkeypatch.setattr("tenants.backoffice.lists.LargeList.list_per_page", 5)
    user = BotAccessFactory(bot=bots[0], role="manager").user
    BotAccessFactory(bot=bots[1], user=user, role="manager")
    client = Client()
    client.force_login(user)
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    client.get(address)

    def page(link: str) -> tuple[Any, list[uuid.UUID], int]:
        with CaptureQueriesContext(connection) as asked:
            shown = client.get(address + link).context["cl"]
        assert not any(" OFFSET " in query["sql"] for query in asked)
        return shown, [row.pk for row in shown.result_list], len(asked)

    rows = model._default_manager.filter(bot_id__in=[bot.pk for bot in bots[:2]])
    order = ("-logged_at", "-pk") if model is AuditEntry else ("-pk",)
    expected = [*rows.order_by(*order).values_list("pk", flat=True)]
    found, counts, link = [], [], ""
    while link is not None:
        shown, ids, queries = page(link)
        link, found, counts = shown.older_link, [*found, ids], [*counts, queries]
    assert [pk for ids in found for pk in ids] == expected
    # Those with a place in their address.
    assert len({*counts[1:]}) == 1
    for ids in reversed(found[:-1]):
        shown, back, _ = page(shown.newer_link)
        assert back == ids
    assert shown.newer_link is None
