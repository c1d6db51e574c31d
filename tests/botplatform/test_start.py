"""`make run` after its installation: manage.py start, as a newcomer and as Ctrl-C see it."""

import contextlib
import http.cookiejar
import re
import signal
import stat
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode

import psutil
import pytest

from tests.clusters import ROOT, clean_environment, free_port, manage, processes_of

PATIENCE_SECONDS = 120


class BackOffice:
    """A running `manage.py start` in a session of its own, like a terminal's."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.address = f"http://127.0.0.1:{(port := free_port())}"
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "start", "--port", str(port)],
            env=clean_environment(DATA_DIR=str(data)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said = self._read_until_served()

    def _read_until_served(self) -> str:
        lines: list[str] = []
        timer = threading.Timer(PATIENCE_SECONDS, self.process.kill)
        timer.start()
        assert self.process.stdout
        for line in self.process.stdout:
            lines.append(line)
            if "Listening at" in line:
                break
        timer.cancel()
        # Nobody reads on; an unread pipe would block the server.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        return "".join(lines)

    def word_after(self, label: str) -> str:
        found = re.search(rf"^{label} +(\S+)", self.said, re.MULTILINE)
        assert found, self.said
        return found[1]

    def services(self) -> list[psutil.Process]:
        """The jobs' runner, and who keeps the rollups current."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [
            next(child for child in children if command in child.cmdline())
            for command in ("run_jobs", "roll_up_metrics")
        ]

    def signal_group(self, number: int) -> None:
        for member in psutil.Process(self.process.pid).children(recursive=True):
            if member.username() == psutil.Process(self.process.pid).username():
                member.send_signal(number)
        self.process.send_signal(number)

    def stop(self) -> None:
        self.signal_group(signal.SIGINT)
        self.process.wait(30)


class Browser:
    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> str:
        return self.opener.open(self.address + path, timeout=30).read().decode()

    def log_in(self, user: str, password: str) -> str:
        self.get("/admin/login/")
        token = next(cookie.value for cookie in self.cookies if cookie.name == "csrftoken")
        fields = {"username": user, "password": password, "csrfmiddlewaretoken": token}
        body = urlencode(fields).encode()
        return self.opener.open(f"{self.address}/admin/login/?next=/admin/", body).read().decode()


@pytest.fixture
def start(workspace: Path) -> Iterator[Callable[[], BackOffice]]:
    started: list[BackOffice] = []

    def begin() -> BackOffice:
        started.append(BackOffice(workspace / "data"))
        return started[-1]

    yield begin
    for office in started:
        if office.process.poll() is None:
            office.stop()


def test_a_newcomer_gets_a_back_office_and_ctrl_c_leaves_nothing(start, workspace):
    office = start()
    assert "embedded PostgreSQL 18" in office.said
    password = office.word_after("Password")
    assert office.word_after("User") == "admin"
    assert office.word_after("Back office") == f"{office.address}/"

    browser = Browser(office.address)
    assert "Log in" in browser.get("/")
    assert "Dashboard" in browser.log_in("admin", password)
    for page in (
        *("tenants/bot", "conversations/profile", "conversations/conversation"),
        *("metrics/botmetric", "auth/user"),
    ):
        listed = browser.get(f"/admin/{page}/")
        assert 'id="result_list"' in listed, page
        form = re.search(rf'href="(/admin/{page}/[^"/]+/change/[^"]*)"', listed)
        assert form, page
        address = form[1].replace("&amp;", "&")
        if page == "conversations/conversation":  # opened, it is a transcript
            address = address.replace("/change/", "/edit/")
        assert 'name="_save"' in browser.get(address)
    assert 'id="result_list"' in browser.get(
        "/admin/conversations/message/?q=%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82"
    )

    keys = office.data / "keys.json"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    for file in office.data.glob("*"):
        if file.is_file():
            assert password not in file.read_text(errors="replace")

    services = office.services()
    office.stop()
    assert processes_of(workspace) == []
    assert not any(service.is_running() for service in services)

    again = start()
    assert "up to date" in again.said
    assert "Demo fleet" not in again.said
    assert password not in again.said
    assert "as shown at the first start" in again.said
    assert "Dashboard" in Browser(again.address).log_in("admin", password)


@pytest.mark.slow
def test_sigterm_stops_everything_too(start, workspace):
    office = start()
    services = office.services()
    office.process.terminate()
    office.process.wait(30)
    assert processes_of(workspace) == []
    assert not any(service.is_running() for service in services)


@pytest.mark.slow
def test_a_server_that_is_killed_leaves_no_service(start):
    office = start()
    services = office.services()
    office.process.kill()
    for service in services:
        service.wait(10)


@pytest.mark.slow
def test_kill_9_is_recovered_from_at_the_next_start(start, workspace):
    office = start()
    password = office.word_after("Password")
    office.signal_group(signal.SIGKILL)
    office.process.wait(30)
    again = start()
    assert "Dashboard" in Browser(again.address).log_in("admin", password)
    again.stop()
    assert processes_of(workspace) == []


@pytest.mark.slow
def test_a_killed_server_comes_back_under_a_running_office(start, workspace):
    office = start()
    password = office.word_after("Password")
    postmaster = int((office.data / "postgres" / "postmaster.pid").read_text().split()[0])
    psutil.Process(postmaster).kill()
    page = ""
    for _ in range(20):
        with contextlib.suppress(HTTPError):
            page = Browser(office.address).log_in("admin", password)
            break
    assert "Dashboard" in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "0"], "0 is not a port"),
        (["--port", "70000"], "70000 is not a port"),
        (["--host", "256.0.0.1"], "Cannot listen on 256.0.0.1"),
    ],
)
def test_an_address_that_cannot_be_is_said_before_anything_is_made(workspace, arguments, message):
    result = manage("start", *arguments, DATA_DIR=str(workspace / "data"))
    assert result.returncode == 1
    assert message in result.stderr
    assert not (workspace / "data" / "postgres").exists()


@pytest.mark.slow
def test_a_taken_port(start, workspace):
    office = start()
    port = office.address.rpartition(":")[2]
    result = manage("start", "--port", port, DATA_DIR=str(office.data))
    assert result.returncode == 1
    assert f"PORT={int(port) + 1}" in result.stderr


@pytest.mark.slow
def test_reset_asks_refuses_while_in_use_and_deletes(start, workspace):
    office = start()
    data = {"DATA_DIR": str(office.data)}
    assert "Nothing was deleted" in manage("reset", stdin="no\n", **data).stdout
    assert "Nothing was deleted" in manage("reset", **data).stdout
    refused = manage("reset", stdin="yes\n", **data)
    assert refused.returncode == 1
    assert "Other processes use" in refused.stderr
    office.stop()
    stranger = office.data / "file"
    stranger.write_text("not ours")
    assert "Deleted" in manage("reset", stdin="yes\n", **data).stdout
    assert list(office.data.iterdir()) == [stranger]
    stranger.unlink()
    assert "Deleted" in manage("reset", "--no-input", **data).stdout
    assert not office.data.exists()
    elsewhere = manage("reset", "--no-input", DATABASE_URL="postgresql://x@127.0.0.1:1/y")
    assert "never another" in elsewhere.stderr


@pytest.mark.slow
def test_dbshell_starts_the_server_with_a_psql_of_its_own(workspace):
    result = manage("dbshell", "--", "-Atc", "SELECT current_user", DATA_DIR=str(workspace / "d"))
    assert result.stdout.strip() == "botplatform_migrator", result.stderr
    assert processes_of(workspace) == []


def test_a_folder_that_cannot_be_written(workspace):
    (workspace / "file").write_text("")
    result = manage("start", DATA_DIR=str(workspace / "file" / "data"))
    assert result.returncode == 1
    assert "choose another one with DATA_DIR" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("plane", ["migrator", "ops", "runtime"])
def test_the_back_office_runs_under_its_own_login(workspace, plane):
    port = str(free_port())
    result = manage("start", "--port", port, DATA_DIR=str(workspace), BOTPLATFORM_PLANE=plane)
    assert result.returncode == 1
    assert "under the login botplatform_office" in result.stderr


@pytest.mark.parametrize("command", [["--help"], ["check"], ["pgmakemigrations", "--check"]])
def test_commands_that_need_no_database_start_none(workspace, command):
    result = manage(*command, DATA_DIR=str(workspace / "data"))
    assert result.returncode == 0, result.stderr
    assert "Warning" not in result.stderr
    assert not (workspace / "data" / "postgres").exists()
