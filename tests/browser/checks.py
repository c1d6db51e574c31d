"""What every page must pass, in the browser."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SEVERE = ("serious", "critical")


def axe(page: Page) -> list[str]:
    """The serious and critical findings of axe-core, each with where it is."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{finding['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for finding in found
        if finding["impact"] in SEVERE
        for node in finding["nodes"]
    ]


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return max(0, wider)


def assert_fine(page: Page) -> None:
    assert axe(page) == []
    assert sideways(page) == 0
