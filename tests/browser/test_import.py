"""The import's pages in a browser: a run that is watched, a rollback, a verification."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from botplatform.planes import OPS
from legacy_import.models import ImportFile, ImportRun, Job, Reject
from tests.browser.checks import assert_fine
from tests.browser.conftest import MODES, OpenPage, Staff
from tests.clusters import ROOT, clean_environment
from tests.factories import BotFactory
from tests.legacy_import.jobs import database_url, runner, until
from tests.legacy_import.tree import Tree, line

FILES = 1600


@pytest.fixture
def tree(workspace: Path) -> Tree:
    return Tree(workspace / "legacy")


@pytest.fixture
def importing(tree: Tree) -> Iterator[subprocess.Popen[str]]:
    """An import of many files that stands still in the middle."""
    for chat in range(1, FILES + 1):
        tree.old_chat(chat, line(1), "lost", line(3))
    process = subprocess.Popen(
        [
            *(sys.executable, "manage.py", "import_legacy_json", str(tree.root)),
            *("--bot", "Emma", "--min-age", "0", "--no-input", "-v0"),
        ],
        cwd=ROOT,
        env=clean_environment(
            DATABASE_URL=database_url(OPS.login), DATA_DIR=str(settings.DATA_DIR)
        ),
        text=True,
    )
    try:
        until(lambda: ImportFile.objects.exists() or process.poll() is not None)
        process.send_signal(signal.SIGSTOP)
        assert ImportFile.objects.count() < FILES
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.wait(60)


def mark(page: Page) -> None:
    page.evaluate("window.stillTheSame = true")


def assert_not_reloaded(page: Page) -> None:
    assert page.evaluate("window.stillTheSame") is True


def messages_of(page: Page) -> str:
    return page.locator("tr[data-kind=messages] td").first.inner_text()


def test_an_import_is_watched(open_page: OpenPage, staff: Staff, importing: Any) -> None:
    run = ImportRun.objects.get()
    user = staff("manager", run.bot)
    listed = open_page(user, at="/admin/legacy_import/importrun/")
    page = open_page(user, at=f"/admin/legacy_import/importrun/{run.pk}/change/")
    for each in (listed, page):
        mark(each)
        assert_fine(each)
    live = page.locator("#live")
    expect(live).to_contain_text("Running")
    expect(listed.locator("#result_list")).to_contain_text("Running")
    before = messages_of(page)
    assert before != f"{FILES * 3:,}"
    importing.send_signal(signal.SIGCONT)
    assert importing.wait(60) == 3
    expect(page.locator("[data-said]")).to_have_text("Run 1 has ended: Done.", timeout=15_000)
    assert messages_of(page) == f"{FILES * 3:,}"
    expect(page.get_by_role("button", name="Retry the rejects")).to_be_visible()
    expect(page.get_by_role("link", name="not-an-object")).to_be_visible()
    expect(listed.locator("#result_list")).to_contain_text("Done", timeout=15_000)
    for each in (listed, page):
        assert_not_reloaded(each)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(4000)
    assert asked == []


def test_a_rollback_is_planned_and_confirmed(open_page: OpenPage, staff: Staff, tree: Tree) -> None:
    tree.old_chat(7, line(1), line(2))
    tree.imported()
    run = ImportRun.objects.get()
    page = open_page(
        staff("manager", run.bot), at=f"/admin/legacy_import/importrun/{run.pk}/change/"
    )
    expect(page.get_by_text("start manage.py run_jobs on the server")).to_be_visible()
    page.get_by_role("button", name="Plan a rollback").press("Enter")
    expect(page.locator("#live")).to_contain_text("waiting")
    mark(page)
    with runner():
        expect(page.get_by_text("2 messages would go")).to_be_visible(timeout=30_000)
        assert_not_reloaded(page)
        page.get_by_label("Type the number of the run, 1, to confirm:").fill("2")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Nothing was asked for: type 1")).to_be_visible()
        page.get_by_label("Type the number of the run, 1, to confirm:").fill("1")
        page.get_by_role("button", name="Undo this run").click()
        expect(page.get_by_text("Run 1 is undone by run 2.")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Back to run 1").click()
    expect(page.locator("#live")).to_contain_text("Undone")
    assert ImportRun.objects.get(number=1).status == "undone"


@pytest.mark.parametrize("mode", MODES)
def test_how_they_look(open_page: OpenPage, staff: Staff, tree: Tree, mode: str) -> None:
    """No page is wider than a phone, and axe finds nothing serious."""
    tree.old_chat(7, line(1), line(2))
    tree.write("notes.txt", b"<script>alert(1)</script>")
    tree.imported()
    run = ImportRun.objects.get()
    page = open_page(staff(), mode, at=f"/admin/legacy_import/importrun/{run.pk}/change/")
    assert_fine(page)
    page.get_by_role("button", name="Verify").click()
    with runner():
        report = page.frame_locator("iframe")
        expect(report.get_by_role("heading", level=1)).to_be_visible(timeout=30_000)
    assert_fine(page)
    job, reject = Job.objects.get(), Reject.objects.get()
    opened = (f"reject/{reject.pk}/change", f"importfile/{reject.file_id}/change")
    for at in (*opened, "importrun", "job", "reject", "importfile"):
        page.goto(f"/admin/legacy_import/{at}/")
        assert_fine(page)
    page.goto(f"/admin/legacy_import/job/{job.pk}/report/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("window.origin") == "null"


@pytest.mark.slow
def test_a_run_that_begins_while_the_list_is_open(open_page: OpenPage, staff: Staff) -> None:
    bot = BotFactory(name="Emma")
    page = open_page(staff("manager", bot), at="/admin/legacy_import/importrun/")
    expect(page.get_by_text("Nothing was imported yet")).to_be_visible()
    mark(page)
    ImportRun.objects.create(bot=bot, number=1, action="import")
    expect(page.locator("#runs").get_by_text("Running")).to_be_visible(timeout=40_000)
    assert_not_reloaded(page)
    ImportRun.objects.update(status="done")
    expect(page.locator("#runs").get_by_text("Done")).to_be_visible(timeout=20_000)
