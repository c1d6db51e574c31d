"""A real Chromium against the back office as it is served. All of these tests are slow ones.

Their rows are committed, for the server to see them, and gone when a test ends.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Response

from tenants.models import Bot
from tests.browser.quiet import make_current, quiet_playwright
from tests.browser.server import back_office
from tests.emptied import empty_tables
from tests.factories import BotAccessFactory, UserFactory
from tests.isolation.world import PASSWORD

MODES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 800}},
}

OpenPage = Callable[..., Page]
Staff = Callable[..., User]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with quiet_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.fail("No Chromium here: `apt-get install chromium`, or say where: CHROMIUM=/path")
    # Chromium has no sandbox for root.
    started = playwright.chromium.launch(
        executable_path=program, chromium_sandbox=bool(os.geteuid())
    )
    yield started
    started.close()


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """Of the module: it runs jobs and rolls up metrics, which tests of these would meet."""
    with django_db_blocker.unblock(), back_office() as address:
        yield address


@pytest.fixture(autouse=True)
def db(server: str, django_db_blocker: Any) -> Iterator[None]:
    """In place of pytest-django's, which rolls back; no mark `django_db` is needed here."""
    with django_db_blocker.unblock():
        yield
        empty_tables()
        connection.close()


@pytest.fixture
def staff() -> Staff:
    """`staff("viewer", bot, other_bot)`, `staff("superuser")`; the password is PASSWORD."""

    def staff(role: str = "superuser", *bots: Bot, **fields: Any) -> User:
        password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1000)
        user = UserFactory(password=password, is_superuser=role == "superuser", **fields)
        for bot in bots:
            BotAccessFactory(user=user, bot=bot, role=role)
        return user

    return staff


@pytest.fixture
def open_page(server: str, playwright: Playwright, browser: Browser) -> Iterator[OpenPage]:
    """`open_page(user, "dark", at="/admin/")`: a page of a browser of its own, signed in.

    The test fails when a page it opened logged a warning or an error (what the content security
    policy refused is one), raised an exception in a script, or got an answer of 400 or more that
    is not among `expected`.
    """
    make_current(playwright)
    problems: list[str] = []
    contexts = []

    def open_page(
        user: User | None = None,
        mode: str = "light",
        *,
        at: str = "/admin/",
        expected: tuple[int, ...] = (),
        **options: Any,
    ) -> Page:
        context = browser.new_context(base_url=server, **{**MODES[mode], **options})
        contexts.append(context)
        if user is not None:
            context.add_cookies([{"url": server, **session_of(user)}])
        page = context.new_page()

        def console(message: ConsoleMessage) -> None:
            # An answer of 400 or more is one of these, too.
            if message.type in ("error", "warning") and "Failed to load" not in message.text:
                problems.append(f"{page.url}: {message.type}: {message.text}")

        def response(answer: Response) -> None:
            if answer.status >= 400 and answer.status not in expected:
                problems.append(f"{page.url}: {answer.status} from {answer.url}")

        page.on("console", console)
        page.on("response", response)
        page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
        page.goto(at)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


def session_of(user: User) -> Any:
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value}
