"""What operators see and what their shells get."""

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import time
from contextlib import suppress
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from botplatform.embedded import EmbeddedServer
from botplatform.planes import OPS
from tenants.models import Bot
from tests.clusters import ROOT, clean_environment, manage
from tests.factories import BotAccessFactory
from tests.legacy_import.tree import Tree, line, message, query

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: str, **options: Any) -> tuple[str, str, int]:
    out, err, status = StringIO(), StringIO(), 0
    try:
        call_command(*arguments, stdout=out, stderr=err, **options)
    except SystemExit as end:
        status = int(str(end.code))
    return out.getvalue(), err.getvalue(), status


def imported(tree: Tree, *arguments: str) -> tuple[str, str, int]:
    return run("import_legacy_json", str(tree.root), "--bot", "Emma", "--min-age", "0", *arguments)


def test_text(tree: Tree) -> None:
    tree.old_chat(7, line(1), line(2))
    out, _, status = imported(tree)
    assert status == 0
    assert "3 source = 3 inserted + 0 unchanged + 0 changed + 0 rejected" in out
    assert "Next: manage.py import_status 1" in out
    assert imported(tree, "-v", "0")[0] == ""


def test_json_of_rejects(tree: Tree) -> None:
    tree.old_chat(7, line(1), "lost", "lost too")
    out, _, status = imported(tree, "--format", "json", "--limit-rejects", "1")
    assert status == 3
    figures = json.loads(out)
    assert figures["kinds"]["messages"]["source"] == 3
    assert figures["rejects"] == [
        {"file": "conversations/7.json", "position": 2, "code": "not-an-object"}
    ]
    assert {"run_id", "status", "dry_run", "bots", "files", "kinds", "rejects", "seconds",
            "rows_per_second", "peak_rss_mb"} <= figures.keys()  # fmt: skip
    assert str(tree.root) not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "girls"], "there is no girls"),
        (["--workers", "0"], "at least 1"),
        (["--source-tz", "Mars/Base"], "no zone Mars/Base"),
        (["--source-tz", "Europe"], "no zone Europe"),
        (["--source-tz", "../etc"], "no zone"),
        (["--only", ","], "--only: some of profiles"),
        (["--watch", "-1"], "--watch: seconds, 0 or more"),
        (["--watch", "nan"], "--watch: seconds, 0 or more"),
        (["--min-age", "-1"], "--min-age: seconds, 0 or more"),
        (["--limit-rejects", "-1"], "--limit-rejects: 0 or more"),
        (["--bot", ""], "--bot: a name of 1 to 200 printable"),
        (["--bot", "x\ny"], "--bot: a name"),
        (["--bot", "n" * 300], "--bot: a name"),
        (["--all-bots"], "not allowed with argument --bot"),
    ],
)
def test_wrong_arguments(tree: Tree, arguments: list[str], said: str) -> None:
    tree.old_chat(7, line(1))
    with pytest.raises(CommandError, match=said):
        imported(tree, *arguments)
    assert query("SELECT count(*) FROM bots") == [(0,)]


def test_json_of_an_import_that_fails(tree: Tree, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="is no folder") as failed:
        call_command("import_legacy_json", str(tree.root / "nowhere"), "--format", "json")
    assert json.loads(capsys.readouterr().out) == {"status": "failed", "error": str(failed.value)}


def test_an_export_to_where_nobody_writes(tree: Tree) -> None:
    tree.old_chat(7, line(1))
    imported(tree)
    with pytest.raises(CommandError, match=r"^/proc/x: No such file or directory\.$"):
        run("export_legacy_json", "/proc/x", bot="Emma")


def test_status(tree: Tree) -> None:
    assert "Nothing was imported yet" in run("import_status")[0]
    tree.old_chat(7, line(1), "lost")
    imported(tree)
    assert "Emma: done, 1 files read: 2 inserted" in run("import_status")[0]
    out, _, _ = run("import_status", "1")
    assert "1 rejected: not-an-object" in out
    [figures] = json.loads(run("import_status", "1", format="json")[0])
    assert figures["bots"][0]["kinds"]["messages"]["rejected"] == 1
    with pytest.raises(CommandError, match="no run 9"):
        run("import_status", "9")


def test_retry_and_export(tree: Tree, workspace: Path) -> None:
    tree.old_chat(7, line(1), "lost")
    imported(tree)
    out, _, status = run("retry_rejects", "1")
    assert (status, out) == (3, "1 records tried, 0 placed. Run 2.\n")
    out, _, status = run("export_legacy_json", str(workspace / "back"), "--bot", "Emma")
    assert out.startswith("1 files with 1 messages written.")
    assert json.loads((workspace / "back/conversations/7.json").read_bytes()) == [line(1)]


def test_all_bots_is_what_happens_without_a_name(tree: Tree) -> None:
    tree.write("Emma/conversations/1.json", [line(1)])
    out, _, status = run("import_legacy_json", str(tree.root), "--all-bots", "--min-age", "0")
    assert (status, "Bots made: Emma." in out) == (0, True)
    with pytest.raises(CommandError, match="not both"):
        call_command("import_legacy_json", str(tree.root), bot="Emma", all_bots=True)
    tree.old_chat(1, line(1))
    with pytest.raises(CommandError, match="the tree of one bot: say which with --bot"):
        run("import_legacy_json", str(tree.root), "--all-bots", "--min-age", "0")


def on_a_terminal(cluster: Path, answer: bytes, *command: str) -> tuple[int, str]:
    """What is typed is there before it is asked for."""
    ours, its = pty.openpty()
    os.write(ours, answer)
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "import_legacy_json", *command],
        env=clean_environment(DATA_DIR=str(cluster)), cwd=ROOT, stdin=its, text=True,
        capture_output=True, timeout=180,
    )  # fmt: skip
    os.close(ours)
    os.close(its)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "arguments", "asked", "status"),
    [
        (b"y\n", [], True, 0),
        (b"n\n", [], True, 1),
        (b"\n", [], True, 1),
        (b"\x04", [], True, 1),
        (b"", ["--no-input"], False, 0),
        (b"", ["--dry-run"], False, 0),
    ],
)
def test_asks_on_a_terminal(
    tree: Tree, cluster: Path, answer: bytes, arguments: list[str], asked: bool, status: int
) -> None:
    tree.old_chat(7, line(1), line(2))
    command = [str(tree.root), "--bot", "Emma", "--min-age", "0", *arguments]
    found, said = on_a_terminal(cluster, answer, *command)
    assert found == status, said
    assert ("Go on? [y/N]" in said) == asked
    if asked:
        assert f"1 files (0.0 MB) of {tree.root}\n  of the bots Emma\n" in said
        assert "(to be made: Emma)\n  into the database botplatform on " in said
    assert ("Nothing was imported." in said) == (status == 1)
    made = (not arguments and status == 0) or "--no-input" in arguments
    assert len(listed_runs(cluster)) == made


def wait_for_rows(cluster: Path) -> None:
    socket = EmbeddedServer(cluster / "postgres").socket_dir
    for _ in range(600):
        with (
            suppress(psycopg.Error),
            psycopg.connect(
                host=str(socket), port=5432, dbname="botplatform", user=OPS.login
            ) as session,
        ):
            session.execute("SET ROLE super_admin")
            if session.execute("SELECT FROM import_chunks LIMIT 1").fetchone() is not None:
                return
        time.sleep(0.05)
    raise AssertionError("No row was committed.")


def test_under_the_ops_login_and_ctrl_c(tree: Tree, cluster: Path) -> None:
    """As an operator does it, in a cluster of its own: interrupted, shown, gone on with."""
    for chat in range(1, 101):
        tree.chat(chat, *(message(n) for n in range(1, 401)))
    command = ["import_legacy_json", str(tree.root), "--bot", "Emma", "--source-tz",
               "Europe/Moscow", "--min-age", "0", "--salvage-backups"]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), *command],
        env=clean_environment(DATA_DIR=str(cluster)), cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_for_rows(cluster)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    again = f"manage.py {shlex.join(command)}"
    assert f"What was committed is kept; to go on: {again}\n" in err
    done = manage(*command, "--workers", "2", "--format", "json", DATA_DIR=str(cluster))
    assert done.returncode == 0, done.stderr
    messages = json.loads(done.stdout)["kinds"]["messages"]
    assert messages["source"] == 40_000 == messages["inserted"] + messages["unchanged"]
    doctor = manage("check_isolation", DATA_DIR=str(cluster))
    assert doctor.returncode == 0, doctor.stdout
    undone = manage("rollback_import", str(json.loads(done.stdout)["run_id"]),
                    DATA_DIR=str(cluster))  # fmt: skip
    assert undone.returncode == 0, undone.stderr


def watching(tree: Tree, cluster: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "import_legacy_json", str(tree.root), "--bot",
         "Emma", "--min-age", "0", "--watch", "0.3", *arguments],
        env=clean_environment(DATA_DIR=str(cluster)), cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def listed_runs(cluster: Path) -> list[tuple[int, str]]:
    status = manage("import_status", "--format", "json", DATA_DIR=str(cluster))
    return [(run["run_id"], run["bots"][0]["status"]) for run in json.loads(status.stdout)]


@pytest.mark.parametrize(
    "ended_by", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
def test_watching(tree: Tree, cluster: Path, ended_by: signal.Signals) -> None:
    """Passes that find nothing new leave no run, and it ends well between two of them."""
    tree.old_chat(7, line(1))
    process = watching(tree, cluster, "--format", "json")
    assert process.stdout is not None
    passes = map(json.loads, process.stdout)
    assert next(passes)["kinds"]["messages"]["inserted"] == 1
    for _ in range(4):
        idle = next(passes)
        assert (idle["run_id"], idle["unchanged_files"]) == (None, 1)
    tree.old_chat(7, line(1), line(2))
    changed = next(one for one in passes if one["run_id"])
    assert (changed["run_id"], changed["kinds"]["messages"]["inserted"]) == (2, 1)
    assert next(passes)["run_id"] is None
    os.kill(process.pid, ended_by)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "No longer watching" in err
    last = f"then manage.py import_legacy_json {tree.root} --bot Emma --min-age 0 --format json\n"
    assert last in err
    assert listed_runs(cluster) == [(2, "done"), (1, "done")]


def test_watching_goes_on_when_the_folder_was_away(tree: Tree, cluster: Path) -> None:
    tree.old_chat(7, line(1))
    process = watching(tree, cluster, "--format", "json")
    assert process.stdout is not None
    assert process.stderr is not None
    passes = map(json.loads, process.stdout)
    assert next(passes)["kinds"]["messages"]["inserted"] == 1
    away = tree.root.rename(tree.root.with_name("away"))
    said = next(line for line in process.stderr if "no folder" in line)
    assert str(tree.root) in said
    assert process.stderr.readline() == "The next pass is in 0.3 seconds.\n"
    away.rename(tree.root)
    tree.old_chat(7, line(1), line(2))
    assert next(one for one in passes if one["run_id"])["kinds"]["messages"]["inserted"] == 1
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(("ended_by", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_watching_ended_within_a_pass(
    tree: Tree, cluster: Path, ended_by: signal.Signals, status: int
) -> None:
    for chat in range(1, 201):
        tree.chat(chat, *(message(n) for n in range(1, 401)))
    process = watching(tree, cluster)
    wait_for_rows(cluster)
    os.kill(process.pid, ended_by)
    _, err = process.communicate(timeout=60)
    assert process.returncode == status, err
    assert "Run 1 was interrupted. What was committed is kept; to go on: " in err
    assert listed_runs(cluster) == [(1, "interrupted")]


def test_watching_ended_while_rejects_stand(tree: Tree, cluster: Path) -> None:
    tree.old_chat(7, line(1), "lost")
    process = watching(tree, cluster, "--format", "json")
    assert process.stdout is not None
    for _ in range(2):
        assert json.loads(process.stdout.readline())["rejects"][0]["position"] == 2
    time.sleep(0.1)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, "No longer watching" in err) == (3, True), err


def test_a_line_for_a_pass_with_nothing_new(tree: Tree, cluster: Path) -> None:
    tree.old_chat(7, line(1))
    process = watching(tree, cluster)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(12)]
    os.kill(process.pid, signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert sum("UTC: nothing new in 1 files" in one for one in said) > 3


def test_pages_of_ones_own_bots(tree: Tree) -> None:
    for name in ("Anna", "Emma"):
        tree.write(f"{name}/conversations/1.json", [line(1, f"said by {name} \0"), f"lost {name}"])
    tree.imported(bot=None)
    bot_id = query("SELECT id FROM bots WHERE name = 'Anna'")[0][0]
    anna = BotAccessFactory(bot=Bot.objects.get(pk=bot_id), role="manager").user
    client = Client()
    client.force_login(anna)
    for model in ("importrun", "importfile", "reject", "repair"):
        page = client.get(reverse(f"admin:legacy_import_{model}_changelist"))
        assert page.status_code == 200
        shown = page.context["cl"].result_list
        assert {row.bot_id for row in shown} == {bot_id}
        detail = reverse(f"admin:legacy_import_{model}_change", args=[shown[0].pk])
        text = client.get(detail).content.decode()
        assert "Emma" not in text
    assert "lost Anna" in client.get(
        reverse("admin:legacy_import_reject_change",
                args=[query("SELECT id FROM import_rejects WHERE bot_id = %s", bot_id)[0][0]])
    ).content.decode()  # fmt: skip
    others = query("SELECT id FROM import_rejects WHERE bot_id <> %s", bot_id)
    page = client.get(reverse("admin:legacy_import_reject_change", args=[others[0][0]]))
    assert page.status_code == 302
    client.force_login(User.objects.create(username="nobody", is_staff=True))
    assert client.get(reverse("admin:legacy_import_importrun_changelist")).status_code == 404
