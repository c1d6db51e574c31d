"""Playwright whose event loop nobody sees between its calls.

Its sync API leaves its loop running in this thread while the test's own code runs: there Django
refuses to query and asyncio.run to start. Here the loop runs within the calls only.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright._impl import _sync_base
from playwright.sync_api import Playwright, sync_playwright

_wait_for_future = _sync_base.wait_for_future


def _wait_and_hide(loop: asyncio.AbstractEventLoop, *arguments: Any) -> None:
    # Within a handler of an event there is one, and stays.
    outer = asyncio._get_running_loop()
    asyncio._set_running_loop(loop)
    try:
        _wait_for_future(loop, *arguments)
    finally:
        asyncio._set_running_loop(outer)


@contextmanager
def quiet_playwright() -> Iterator[Playwright]:
    _sync_base.wait_for_future = _wait_and_hide
    playwright = sync_playwright().start()
    loop = asyncio.get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield playwright
    finally:
        asyncio._set_running_loop(loop)
        playwright.stop()
        asyncio._set_running_loop(None)
        asyncio.set_event_loop(None)
        _sync_base.wait_for_future = _wait_for_future


def make_current(playwright: Playwright) -> None:
    """`expect_...` use the thread's loop, which asyncio.run of another test takes away."""
    asyncio.set_event_loop(playwright._loop)
