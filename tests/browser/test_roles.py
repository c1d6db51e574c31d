"""Each role in each page: what is there for it, and nothing of another bot's anywhere."""

import re
import uuid
from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.urls import reverse
from playwright.sync_api import Page, expect

from conversations.models import Message, Profile
from tenants.models import Bot
from tests.backoffice.people import MARKER, person
from tests.browser.conftest import OpenPage, Staff
from tests.factories import BotFactory

SECRET = "Чужая-тайна-4411"
PAGES = ("change", "history", "delete")
# Role, the entries of the menu it is not shown, and whether it may add messages.
ROLES = {
    "viewer": ({"Import runs", "Staff access", "Users"}, False),
    "operator": ({"Import runs", "Staff access", "Users"}, True),
    "manager": ({"Users"}, True),
}


@pytest.fixture
def bots() -> tuple[Bot, Bot]:
    own, other = BotFactory(name="Own bot"), BotFactory(name=f"{SECRET} bot")
    person(own)
    person(other, SECRET, 4_411_000_001)
    return own, other


def rows_of(bot: Bot) -> list[models.Model]:
    models_ = (model for model in admin.site._registry if hasattr(model, "bot_id"))
    found = (
        model._default_manager.filter(bot_id=bot.pk).order_by("-pk").first() for model in models_
    )
    return [bot, *(row for row in found if row is not None)]


def address(row: Any, page: str, pk: Any = None) -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}"
    return reverse(name, args=[pk or row.pk] if page in PAGES else [])


def read(page: Page, at: str, pk: Any) -> tuple[int, str]:
    """What somebody sees there: nothing of others, whatever it is."""
    answer = page.goto(at)
    assert answer is not None
    assert SECRET not in page.content(), at
    text = page.locator("body").inner_text().replace(str(pk), "ID")
    return answer.status, re.sub(r"[0-9a-f]{32}", "REQUEST", text)


@pytest.mark.parametrize("role", ROLES)
def test_own_pages(open_page: OpenPage, staff: Staff, bots: tuple[Bot, Bot], role: str) -> None:
    hidden, may_add = ROLES[role]
    page = open_page(staff(role, bots[0]), expected=(403, 404))
    names = set(page.locator("#nav-sidebar-apps a, nav a, aside a").all_inner_texts())
    shown = {name.split("\n")[-1].strip() for name in names}
    assert "Messages" in shown
    assert not hidden & shown
    for row in rows_of(bots[0]):
        for name in (*PAGES, "changelist", "add"):
            status, _ = read(page, address(row, name), row.pk)
            assert status in (200, 403, 404)
    for model in (Message, Profile):
        assert read(page, address(model, "changelist"), "")[0] == 200
        assert MARKER in page.locator("main").inner_text()
    assert (read(page, address(Message, "add"), "")[0] == 200) == may_add


@pytest.mark.parametrize("role", ROLES)
def test_others_rows_are_as_missing_ones(
    open_page: OpenPage, staff: Staff, bots: tuple[Bot, Bot], role: str
) -> None:
    page = open_page(staff(role, bots[0]), expected=(403, 404))
    rows = rows_of(bots[1])
    assert len(rows) > 4
    for row in rows:
        nobody = uuid.uuid4() if isinstance(row.pk, uuid.UUID) else 987_654_321
        for name in PAGES:
            others = read(page, address(row, name), row.pk)
            assert others == read(page, address(row, name, nobody), nobody), (row, name)


@pytest.mark.parametrize("role", ROLES)
def test_searches_find_nothing_of_others(
    open_page: OpenPage, staff: Staff, bots: tuple[Bot, Bot], role: str
) -> None:
    page = open_page(staff(role, bots[0]))
    asked = "app_label=conversations&model_name=message&field_name=bot"
    for at in (
        f"{address(Message, 'changelist')}?q=тайна",
        f"{address(Profile, 'changelist')}?q=4411000001",
        f"{address(bots[1], 'changelist')}?q=4411",
        "/admin/search/?s=4411",
        f"/admin/autocomplete/?{asked}&term=4411&filter=1",
    ):
        page.goto(at)
        assert str(bots[1].pk) not in page.content()
        shown = page.locator("body").inner_text()
        assert SECRET not in shown
        assert "Own bot" not in shown


def test_without_scripts(open_page: OpenPage, staff: Staff, bots: tuple[Bot, Bot]) -> None:
    page = open_page(staff("viewer", bots[0]), java_script_enabled=False)
    page.goto(f"{address(Message, 'changelist')}?q=says")
    page.locator("main table a").first.click()
    expect(page.get_by_text(f"{MARKER} says 2")).to_be_visible()
