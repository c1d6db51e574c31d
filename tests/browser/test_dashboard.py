"""The dashboard, a bot's page and the metrics in a browser, by keyboard as well."""

import re
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tenants.models import Bot
from tests.browser.checks import assert_fine
from tests.browser.conftest import MODES, OpenPage, Staff
from tests.factories import BotFactory, BotMetricFactory, ConversationFactory, MessageFactory
from tests.metrics.rollups.world import rolled_up, talk


@pytest.fixture
def fleet() -> list[Bot]:
    bots = [BotFactory(name=name) for name in ("Anna", "Мария", "Quiet")]
    for n, bot in enumerate(bots[:2], 1):
        chat = ConversationFactory(bot=bot)
        talk(Random(n), chat, 60 * n, timezone.now() - timedelta(days=20))
        MessageFactory(conversation=chat, sent_at=timezone.now())
        for day in range(10):
            at = timezone.now() - timedelta(days=day)
            BotMetricFactory(bot=bot, metric_name="tokens", metric_value=day, recorded_at=at)
    rolled_up()
    return bots


@pytest.mark.parametrize("mode", MODES)
def test_the_dashboard(open_page: OpenPage, staff: Staff, fleet: list[Bot], mode: str) -> None:
    page = open_page(staff(), mode)
    bars = page.locator(".bo-bar")
    assert bars.count() > 4
    # Side by side: no bar stands where another one does.
    found = [bar.bounding_box() for bar in bars.all()]
    boxes = sorted((box["x"], box["x"] + box["width"]) for box in found if box)
    assert all(left[1] <= right[0] + 0.1 for left, right in pairwise(boxes))
    assert_fine(page)
    page.get_by_text("Messages a day: the numbers").click()
    assert page.get_by_role("table").first.get_by_role("row").count() == 31
    assert_fine(page)


def test_one_bot_is_chosen_by_typing(open_page: OpenPage, staff: Staff, fleet: list[Bot]) -> None:
    page = open_page(staff("viewer", *fleet[:2]))
    choose(page, "Мар", "Мария")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(f"bot={fleet[1].pk}"))
    expect(page.get_by_role("link", name="All bots")).to_be_visible()
    assert_fine(page)


@pytest.mark.parametrize("mode", MODES)
def test_a_bot_is_set_to_maintenance(
    open_page: OpenPage, staff: Staff, fleet: list[Bot], mode: str
) -> None:
    page = open_page(
        staff("manager", fleet[0]), mode, at=f"/admin/tenants/bot/{fleet[0].pk}/change/"
    )
    assert_fine(page)
    page.get_by_role("link", name="Set to maintenance").press("Enter")
    assert_fine(page)
    page.get_by_role("button", name="Set to maintenance").press("Enter")
    expect(page.get_by_text("1 bot is now “Maintenance”.")).to_be_visible()
    assert Bot.objects.get(pk=fleet[0].pk).status == "maintenance"


@pytest.mark.parametrize("mode", MODES)
def test_a_metric(open_page: OpenPage, staff: Staff, fleet: list[Bot], mode: str) -> None:
    page = open_page(staff("viewer", fleet[0]), mode, at="/admin/metrics/botmetric/explore/")
    assert_fine(page)
    choose(page, "Ann", "Anna")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("tokens, average by day", exact=True)).to_be_visible()
    assert page.locator(".bo-line").count() == 9
    page.get_by_label("Value").select_option("sum")
    page.get_by_role("button", name="Show").click()
    assert page.locator(".bo-bar").count() == 9
    assert_fine(page)
    page.get_by_label("From").fill("2020-01-01")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("a chart has at most 750")).to_be_visible()
    assert_fine(page)


def choose(page: Page, typed: str, name: str) -> None:
    page.get_by_role("combobox", name="Bot").press("Enter")
    page.get_by_role("searchbox").fill(typed)
    expect(page.get_by_role("option")).to_have_text([name])
    page.keyboard.press("Enter")
