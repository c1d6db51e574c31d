"""What all pages share: signing in, the way around, light and dark, phones, the keyboard."""

from base64 import b32decode
from typing import Any

import pytest
from django.contrib import admin
from django.urls import NoReverseMatch, reverse
from django_otp.oath import totp
from playwright.sync_api import Page, expect

from tests.browser.checks import assert_fine, axe, sideways
from tests.browser.conftest import MODES, OpenPage, Staff
from tests.factories import BotMetricFactory, MessageFactory
from tests.isolation.world import PASSWORD


@pytest.fixture
def rows() -> None:
    """One of what the pages show."""
    message = MessageFactory()
    BotMetricFactory(bot=message.bot)


def addresses() -> list[str]:
    """Of all pages of all models: the list, a new row, the newest one, and its history."""
    found = [reverse("admin:index"), reverse("admin:password_change")]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        newest: Any = model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
        for page, arguments in (
            ("changelist", []),
            ("add", []),
            ("change", [newest]),
            ("history", [newest]),
            ("delete", [newest]),
        ):
            try:
                if None not in arguments:
                    found.append(reverse(f"{name}_{page}", args=arguments))
            except NoReverseMatch:
                continue
    return found


@pytest.mark.parametrize("mode", MODES)
def test_signing_in(open_page: OpenPage, staff: Staff, mode: str) -> None:
    user = staff(username="anna")
    page = open_page(mode=mode)
    assert_fine(page)
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url("/admin/")
    expect(page.locator("html.dark")).to_have_count(int(mode == "dark"))
    assert_fine(page)


@pytest.mark.parametrize("mode", MODES)
def test_all_pages(open_page: OpenPage, staff: Staff, rows: None, mode: str) -> None:
    """Also: none of them breaks the content security policy, for which open_page looks."""
    page = open_page(staff(), mode, expected=(403,))
    found = []
    for address in addresses():
        page.goto(address)
        expect(page.locator("main")).to_have_count(1)
        wrong = [*axe(page), *(["sideways"] if sideways(page) else [])]
        found += [f"{address}: {finding}" for finding in wrong]
    assert not found, "\n".join(found)


def focused(page: Page) -> str:
    name: str = page.evaluate(
        "(document.activeElement.ariaLabel || document.activeElement.innerText).trim()"
    )
    return name


def test_the_keyboard(open_page: OpenPage, staff: Staff) -> None:
    page = open_page(staff(username="anna"))
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    expect(page.get_by_text("Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "MAIN"
    user_links = page.get_by_role("button", name="anna")
    user_links.focus()
    page.keyboard.press("Enter")
    dark = page.get_by_role("button", name="Dark")
    expect(dark).to_be_visible()
    dark.focus()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("html.dark")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(dark).to_be_hidden()


def test_the_menu_on_a_phone(open_page: OpenPage, staff: Staff) -> None:
    page = open_page(staff(), "phone")
    expect(page.locator("#nav-sidebar")).to_be_hidden()
    page.get_by_role("button", name="Menu").press("Enter")
    expect(page.locator("#nav-sidebar")).to_be_visible()
    page.locator("#nav-sidebar").get_by_role("link", name="Bots").press("Enter")
    expect(page).to_have_url(reverse("admin:tenants_bot_changelist"))


def test_own_settings(open_page: OpenPage, staff: Staff) -> None:
    page = open_page(staff(username="anna"), "phone", at="/admin/settings/")
    assert_fine(page)
    page.get_by_label("Time zone").fill("Mars")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("There is no such time zone")).to_be_visible()
    page.get_by_label("Time zone").fill("europe/moscow")
    page.get_by_label("Language").select_option("ru")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Настройки сохранены")).to_be_visible()
    expect(page.get_by_label("Часовой пояс")).to_have_value("Europe/Moscow")
    assert_fine(page)
    page.get_by_role("button", name="Меню").click()
    page.get_by_role("button", name="anna").click()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="My settings")).to_be_visible()


@pytest.mark.parametrize("mode", MODES)
def test_an_error(open_page: OpenPage, staff: Staff, mode: str) -> None:
    page = open_page(mode=mode, at="/nothing/here", expected=(404,))
    assert_fine(page)
    number = page.locator("code").inner_text()
    assert len(number) >= 8
    page.get_by_role("link", name="To the start page").click()
    expect(page).to_have_url("/admin/login/?next=/admin/")


@pytest.mark.parametrize("mode", MODES)
def test_a_second_factor(open_page: OpenPage, staff: Staff, mode: str) -> None:
    page = open_page(staff(username="anna"), mode, at="/admin/two-factor/")
    expect(page.locator("svg.bo-qr")).to_be_visible()
    assert_fine(page)
    secret = page.locator("main code").inner_text()
    page.get_by_label("The code that the app shows").fill(f"{totp(b32decode(secret)):06}")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_text("From now on the code is asked for")).to_be_visible()
    assert_fine(page)
