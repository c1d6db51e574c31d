"""A person's page, export and erasure, and the audit log, as somebody uses them."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from conversations.models import Profile
from tenants.models import AuditEntry
from tests.backoffice.people import MARKER, TELEGRAM_ID, person
from tests.browser.checks import assert_fine
from tests.factories import BotFactory


@pytest.fixture
def profile() -> Profile:
    return person(BotFactory(name="Emma"))


def downloaded(page: Page, link: str) -> dict[str, Any]:
    url = page.get_by_role("link", name=link).get_attribute("href")
    return page.request.get(url).json()


def test_from_the_list_to_the_receipt(profile, staff, open_page) -> None:
    page: Page = open_page(staff("manager", profile.bot), at="/admin/conversations/profile/")
    assert_fine(page)
    page.get_by_role("link", name=f"{MARKER} name").click()
    assert_fine(page)
    # The tree by the keyboard alone.
    branch = page.locator("summary", has_text="summary").last
    branch.focus()
    expect(page.get_by_text(f"{MARKER} <b>bold</b>").first).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{MARKER} <b>bold</b>").first).to_be_visible()
    exported = downloaded(page, "Export everything")
    assert len(exported["messages"]) == 3
    page.get_by_role("link", name="Erase this person").click()
    assert_fine(page)
    typed = page.get_by_label("Type this person's Telegram id")
    typed.fill("somebody")
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was erased")
    assert_fine(page)
    typed.fill(str(TELEGRAM_ID))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What was erased")).to_be_visible()
    assert_fine(page)
    assert MARKER not in page.content()
    assert downloaded(page, "Download the receipt")["erased"]["messages"] == 3
    assert not Profile.objects.exists()


@pytest.mark.parametrize("mode", ["dark", "phone"])
def test_the_pages_in_the_dark_and_on_a_phone(profile, staff, open_page, mode) -> None:
    profile.name, profile.additional_data = "New", {"a": {"b": "x" * 3000}}
    profile.save()
    page: Page = open_page(staff("manager", profile.bot), mode, at="/admin/conversations/profile/")
    assert_fine(page)
    for path in ("change", "erase"):
        page.goto(f"/admin/conversations/profile/{profile.pk}/{path}/")
        assert_fine(page)
    entry = AuditEntry.objects.get(operation="UPDATE", row_key=str(profile.pk))
    page.goto("/admin/tenants/auditentry/")
    assert_fine(page)
    page.goto(f"/admin/tenants/auditentry/{entry.pk}/change/")
    expect(page.locator("ins", has_text="New")).to_be_visible()
    assert_fine(page)


def test_a_viewer_reads_and_is_offered_no_more(profile, staff, open_page) -> None:
    at = f"/admin/conversations/profile/{profile.pk}/change/"
    page: Page = open_page(staff("viewer", profile.bot), at=at)
    expect(page.get_by_role("heading", name="Chats")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Erase|Export"))).to_have_count(0)
    assert_fine(page)


def test_the_filter_of_bots_is_typed_into(profile, staff, open_page) -> None:
    page: Page = open_page(staff("viewer", profile.bot), at="/admin/conversations/profile/")
    page.get_by_text("Filters", exact=False).first.click()
    page.locator(".select2-selection").first.click()
    page.locator(".select2-search__field").fill("Emm")
    page.get_by_role("option", name="Emma").click()
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url(re.compile(f"bot__id__exact={profile.bot_id}"))
    expect(page.get_by_role("link", name=f"{MARKER} name")).to_be_visible()
