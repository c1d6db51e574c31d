"""What all pages share: signing in, the way around, light and dark, phones, the keyboard."""

import pytest
from playwright.sync_api import expect

from tests.browser.checks import assert_fine
from tests.browser.conftest import MODES, OpenPage, Staff
from tests.isolation.world import PASSWORD


@pytest.mark.parametrize("mode", MODES)
def test_signing_in(open_page: OpenPage, staff: Staff, mode: str) -> None:
    user = staff("superuser", username="anna")
    page = open_page(mode=mode)
    assert_fine(page)
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url("/admin/")
    dark = page.evaluate("document.documentElement.classList.contains('dark')")
    assert dark == (mode == "dark")
    assert_fine(page)
