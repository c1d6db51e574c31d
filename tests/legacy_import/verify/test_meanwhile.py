"""Files that may not be read, and an import that goes on in another process meanwhile."""

import json
import os
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from legacy_import.verify.report.result import as_text, status
from tests.clusters import ROOT
from tests.factories import BotFactory
from tests.legacy_import.tree import Tree, line, message, query
from tests.legacy_import.verify.verifying import SNAPSHOT, passed, verified

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SOCKET = ".s.PGSQL.5432"
IMPORT_AND_VERIFY = """
import json, os, sys
from pathlib import Path
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
django.setup()
from django.conf import settings
from django.db import connection
settings.EMBEDDED_SERVER = None  # runs: its folder is somebody else's
from legacy_import.runs.options import Options, Silent
from legacy_import.runs.run import import_tree
from legacy_import.verify.checks import ALWAYS, OF_FILES
from legacy_import.verify.findings import Findings
from legacy_import.verify.report.result import as_text, status
from legacy_import.verify.verification import Verification
connection.settings_dict.update(json.loads(sys.argv[1]))
root = Path(sys.argv[2])
report = import_tree(Options(root, bot="Emma", min_age=0, listed=100), Silent())
findings = Findings(checks=OF_FILES | ALWAYS)
Verification(root, "Emma", findings=findings).run()
print(json.dumps([sorted(code for *_, code in report.outcome.rejected.kept),
                  status(findings), as_text(findings)]))
"""


def database() -> str:
    known = connection.settings_dict
    return json.dumps({name: known[name] for name in ("NAME", "USER", "HOST", "PORT")})


class _Forwarding(socketserver.BaseRequestHandler):
    """To the server's own socket, in whose folder not everybody may look."""

    def handle(self) -> None:
        with socket.socket(socket.AF_UNIX) as there:
            there.connect(f"{connection.settings_dict['HOST']}/{SOCKET}")
            back = threading.Thread(target=_pump, args=(there, self.request))
            back.start()
            _pump(self.request, there)
            back.join()


def _pump(one: socket.socket, other: socket.socket) -> None:
    while data := one.recv(65536):
        other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)


@contextmanager
def forwarded(folder: Path) -> Iterator[str]:
    if not Path(connection.settings_dict["HOST"]).is_dir():
        yield connection.settings_dict["HOST"]
        return
    folder.mkdir(exist_ok=True)
    (folder / SOCKET).unlink(missing_ok=True)
    with socketserver.ThreadingUnixStreamServer(str(folder / SOCKET), _Forwarding) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield str(folder)
        finally:
            server.shutdown()


def as_nobody(tree: Tree) -> tuple[list[str], str, str]:
    """Permissions hold for root only where it has given up overriding them."""
    without: list[str] = []
    if os.geteuid() == 0:
        none = "-dac_override,-dac_read_search"
        without = ["setpriv", f"--bounding-set={none}", f"--inh-caps={none}"]
    with forwarded(tree.root.parent / "forwarded") as host:
        known = json.dumps(json.loads(database()) | {"HOST": host})
        done = subprocess.run(
            [*without, sys.executable, "-c", IMPORT_AND_VERIFY, known, str(tree.root)],
            cwd=ROOT, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    codes, result, text = json.loads(done.stdout)
    return codes, result, text


CLOSED = [
    *("conversations/8.json", "girls_data/9.json", "metrics.json", "strange.txt"),
    *("girls_data.json", "backups/7/2024-05-01.json"),
]


def test_what_may_not_be_read(tree: Tree) -> None:
    """Each is a reject, also for the verifier; and imported once it can be read."""
    BotFactory(name="Emma")
    tree.chat(7, message(1), message(2))
    tree.old_chat(8, line(1), line(2))
    tree.person(9)
    tree.write("girls_data.json", {"girls": {"11": {"name": "a"}}})
    tree.write("metrics.json", {"history": [SNAPSHOT]})
    tree.write("strange.txt", "what")
    tree.write("backups/7/2024-05-01.json", {"messages": []})
    for folder in ("conversations/12.json", "girls_data/13.json", "backups/7/2024-05-02.json"):
        tree.write(f"{folder}/14.json", [line(1)])
    (tree.root / "conversations/15.json").mkdir()
    (tree.root / "conversations/folder").mkdir()
    tree.write("conversations/folder/16.json", [line(1)])
    closed = [tree.root / path for path in (*CLOSED, "conversations/folder")]
    for path in closed:
        path.chmod(0)
    try:
        codes, result, text = as_nobody(tree)
    finally:
        for path in closed:
            path.chmod(0o755)
    assert codes.count("unreadable") == len(closed)
    assert result == "passed", text
    assert status(verified(tree)) in ("differences", "stale")
    codes, result, text = as_nobody(tree)
    assert "unreadable" not in codes
    assert result == "passed", text


@contextmanager
def importing(tree: Tree) -> Iterator["subprocess.Popen[str]"]:
    """In another process, in many small batches."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.legacy_import.killed", database(), str(tree.root),
         "--after", "600"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def fill(tree: Tree, version: int) -> int:
    """So many messages."""
    history: list[Any] = [{**SNAPSHOT, "metrics": {"a": n, "b": version}} for n in range(300)]
    tree.write("metrics.json", {"history": history})
    for n in range(1, 6):
        tree.person(n, name=f"{version}", conversation_stats={"total": version})
        said = [message(i, f"{i} of {version if i % 9 == 0 else 0}") for i in range(900 * version)]
        tree.chat(n, *said, title=f"{version}")
    tree.old_chat(6, *(line(i) for i in range(1000 * version)))
    return 5500 * version


def test_an_import_goes_on_meanwhile(tree: Tree) -> None:
    """First of all, then of what is new: each verification ends, and passes at the end only."""
    BotFactory(name="Emma")
    results = []
    for version in (1, 2):
        messages = fill(tree, version)
        with importing(tree) as process:
            while process.poll() is None:
                findings = verified(tree)
                results.append(status(findings))
                if results[-1] == "passed":
                    assert query("SELECT count(*) FROM messages") == [(messages,)]
                else:
                    assert results[-1] in ("differences", "stale", "incomplete"), as_text(findings)
            assert process.returncode == 0, process.communicate()
        assert passed(verified(tree))
    print(results)
    assert len(results) >= 4
