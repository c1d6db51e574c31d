"""Pages of the import: for managers of the bot and superusers, and for nobody else."""

import ast
import base64
import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from legacy_import.backoffice import results
from legacy_import.models import ImportFile, ImportRun, Job, Reject, Repair
from legacy_import.runs.status import runs as statuses
from legacy_import.verify.checks import CHECKS
from legacy_import.verify.report import page_words
from legacy_import.verify.report.result import NEXT
from tenants.ids import uuid7
from tenants.models import AuditEntry, Bot
from tests.factories import BotAccessFactory, BotFactory, UserFactory
from tests.legacy_import.jobs import asked, run_once
from tests.legacy_import.tree import Tree, line, query

pytestmark = pytest.mark.django_db(transaction=True)
HOSTILE = "<script>alert(1)</script>\u202e\u0007".encode()
SignIn = Callable[..., Client]


@pytest.fixture
def tree(workspace: Path) -> Tree:
    return Tree(workspace / "legacy")


@pytest.fixture
def run(tree: Tree) -> ImportRun:
    """Of Emma, with a reject that is hostile."""
    tree.old_chat(7, line(1), line(2, "a\0b"), line(3))
    tree.write("notes.txt", HOSTILE)
    tree.imported()
    return ImportRun.objects.get(bot__name="Emma")


@pytest.fixture
def sign_in() -> SignIn:
    def sign_in(role: str, *bots: Bot) -> Client:
        user = UserFactory(is_superuser=role == "superuser")
        for bot in bots:
            BotAccessFactory(user=user, bot=bot, role=role)
        client = Client()
        client.force_login(user)
        client.user = user
        return client

    return sign_in


def address(page: str, *arguments: Any, **query: Any) -> str:
    return reverse(f"admin:legacy_import_{page}", args=arguments, query=query or None)


def pages(run: ImportRun) -> dict[str, str]:
    """Of each page the address, and its object's id."""
    file = ImportFile.objects.filter(run=run.pk).earliest("id")
    reject, repair = Reject.objects.earliest("id"), Repair.objects.earliest("id")
    verified = Job.objects.get(report__isnull=False)
    found: dict[str, str] = {}
    for row, names in (
        (run, ("importrun_change", "importrun_live", "importrun_ask", "importrun_history")),
        (file, ("importfile_change", "importfile_history")),
        (reject, ("reject_change", "reject_bytes")),
        (repair, ("repair_change", "repair_bytes")),
        (verified, ("job_change", "job_live", "job_report")),
    ):
        found |= {address(name, row.pk): str(row.pk) for name in names}
    return found


@pytest.fixture
def verified(run: ImportRun) -> ImportRun:
    asked(UserFactory(is_superuser=True), run, "verify")
    run_once()
    return run


def answered(client: Client, at: str, pk: str) -> tuple[Any, ...]:
    """Without the id, which comes back in the message, and the number of the request."""
    client.cookies.pop("messages", None)
    answer = client.get(at)
    told = [str(message) for message in answer.wsgi_request._messages]
    body = b"".join(answer) if answer.streaming else answer.content
    return (
        answer.status_code,
        answer.get("Location"),
        body.replace(answer["X-Request-ID"].encode(), b""),
        [text.replace(pk, "ID") for text in told],
    )


@pytest.mark.parametrize("role", ["viewer", "operator", "manager elsewhere", "none"])
def test_to_others_it_is_as_if_it_were_not_there(
    verified: ImportRun, sign_in: SignIn, role: str
) -> None:
    elsewhere = BotFactory(name="elsewhere")
    client = sign_in("manager", elsewhere) if "else" in role else sign_in("none")
    if role != "none":
        staff_role = "operator" if "else" in role else role
        BotAccessFactory(user=client.user, bot=verified.bot, role=staff_role)
    missing = str(uuid7())
    for at, pk in pages(verified).items():
        there, not_there = (
            answered(client, at, pk),
            answered(client, at.replace(pk, missing), missing),
        )
        assert there == not_there, at
        assert there[0] in (302, 404)
    posted = client.post(address("importrun_ask", verified.pk), {"action": "retry"})
    assert posted.status_code in (302, 404)
    assert Job.objects.count() == 1
    lists = [address(f"{name}_changelist") for name in ("importrun", "importfile", "reject", "job")]
    lists += [address("reject_download", "csv")]
    for at in lists:
        answer = client.get(at)
        if "else" in role:
            body = b"".join(answer) if answer.streaming else answer.content
            assert b"Emma" not in body
            assert b"notes.txt" not in body
        else:
            assert answered(client, at, "-") == answered(client, "/admin/no-such-page/", "-")
            assert answer.status_code == 404
    if "else" not in role:
        assert b"/legacy_import/" not in client.get("/admin/").content
    else:
        assert b"No legacy files were imported" in client.get("/admin/").content


@pytest.mark.parametrize("role", ["manager", "superuser"])
def test_pages_are_there_for(verified: ImportRun, sign_in: SignIn, role: str) -> None:
    client = sign_in(role, *([verified.bot] if role == "manager" else []))
    for at in pages(verified):
        status = client.get(at).status_code
        assert status == {"ask": 302}.get(at.strip("/").split("/")[-1], 200), at
    panel = client.get("/admin/").content.decode().split('aria-labelledby="latest-runs"')[1]
    assert re.findall(r"<td>(\d+)</td>", panel)[:2] == ["5", "1"]


def test_progress_is_the_ledgers(run: ImportRun, sign_in: SignIn) -> None:
    """Also of a run that is still running: as import_status counts it from the files."""
    client, at = sign_in("manager", run.bot), address("importrun_live", run.pk)
    for status in ("running", "done"):
        query("UPDATE import_runs SET status = %s RETURNING 1", status)
        if status == "running":
            query("UPDATE import_runs SET counts = '{}' RETURNING 1")
        answer = client.get(at)
        text = answer.content.decode()
        assert ("data-running" in text) == (status == "running")
        [bot] = statuses(run.number)[0].bots
        for kind, tally in bot.counts.kinds.items():
            row = re.search(rf'<tr data-kind="{kind}">(.*?)</tr>', text, re.DOTALL)
            assert bool(row) == bool(tally.source)
            if row:
                numbers = [int(number) for number in re.findall(r"<td[^>]*>(\d+)</td>", row[1])]
                assert numbers == [
                    *(tally.source, tally.inserted, tally.unchanged, tally.changed),
                    *(tally.rejected, tally.repaired),
                ]
        assert f">{bot.files}</a>" in text
        again = client.get(at, headers={"If-None-Match": answer["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_queries_do_not_grow(
    run: ImportRun, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    client = sign_in("manager", run.bot)
    ImportRun.objects.bulk_create(
        ImportRun(bot=run.bot, number=n, action="import", status="running") for n in range(2, 40)
    )
    for at, most in (
        (address("importrun_changelist"), 14),
        (address("importrun_change", run.pk), 14),
        (address("importrun_live", run.pk), 11),
        (address("reject_changelist", run=run.number), 13),
        (address("importfile_changelist", run=run.number), 13),
    ):
        with django_assert_max_num_queries(most):
            assert client.get(at).status_code == 200


def test_bytes_are_shown_and_given_as_they_are(run: ImportRun, sign_in: SignIn) -> None:
    client, reject = sign_in("manager", run.bot), Reject.objects.get()
    page = client.get(address("reject_change", reject.pk)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202e\\x07" in page
    assert HOSTILE[:16].hex(" ") in page
    answer = client.get(address("reject_bytes", reject.pk))
    assert b"".join(answer) == HOSTILE
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment; ")
    paths = [e.after["path"] for e in AuditEntry.objects.filter(operation="DOWNLOAD")]
    assert paths == [address("reject_bytes", reject.pk)]


def test_bytes_in_lists_are_base64(run: ImportRun, sign_in: SignIn) -> None:
    client = sign_in("manager", run.bot)
    files = {
        form: b"".join(client.get(address("reject_download", form))).decode("utf-8-sig")
        for form in ("csv", "json")
    }
    [row] = csv.DictReader(io.StringIO(files["csv"]))
    assert base64.b64decode(row["raw"]) == HOSTILE
    [record] = json.loads(files["json"])
    assert base64.b64decode(record["raw"]) == HOSTILE


def test_a_rollback_from_its_plan_to_its_end(run: ImportRun, sign_in: SignIn) -> None:
    client, ask = sign_in("manager", run.bot), address("importrun_ask", run.pk)
    page = client.get(address("importrun_change", run.pk)).content.decode()
    assert "manage.py run_jobs" in page
    confirmed = {"action": "rollback", "number": "1"}
    client.post(ask, confirmed)
    client.post(ask, {**confirmed, "plan": "nonsense"})
    assert not Job.objects.exists()
    plan = client.post(ask, {"action": "plan"})["Location"]
    assert "Undo this run" not in client.get(plan).content.decode()
    waiting = client.post(ask, {"action": "verify"})
    assert waiting["Location"] == plan
    run_once()
    page = client.get(plan).content.decode()
    assert "3 messages would go" in page
    assert "Type the number of the run, 1, to confirm" in page
    [planned] = Job.objects.all()
    for number in ("", "2", "1 or 1"):
        client.post(ask, {**confirmed, "plan": str(planned.pk), "number": number})
    assert Job.objects.count() == 1
    going = client.post(ask, {**confirmed, "plan": str(planned.pk)})["Location"]
    run_once()
    assert "Run 1 is undone by run 2." in client.get(going).content.decode()
    assert query("SELECT count(*) FROM messages") == [(0,)]
    client.post(ask, {"action": "plan"})
    assert Job.objects.count() == 2


def test_what_came_of_jobs_is_said_in_words(run: ImportRun, sign_in: SignIn) -> None:
    client = sign_in("manager", run.bot)

    def told(action: str, **how: bool) -> str:
        job_id = asked(client.user, run, action, **how)
        run_once()
        page = client.get(address("job_change", job_id)).content.decode()
        return page.split("What came of it</h3>")[1].split("What the command said")[0]

    def row(*cells: str) -> str:
        first, *others = cells
        return f'<th scope="row">{first}</th>' + "".join(f"<td>{each}</td>" for each in others)

    verified = told("verify")
    assert "Nothing differs" in verified
    assert row("Every record is accounted for", "passed") in verified
    assert row("The run could be undone", "not asked for") in verified
    assert "Records tried: 1. Placed: 0, by run 2." in told("retry")
    plan = told("plan")
    assert row("messages", "3", "0") in plan
    assert "somebody wrote" not in plan
    query("UPDATE messages SET content = 'mine' WHERE position = 1 RETURNING 1")
    differs = told("verify")
    assert "do not switch over" in differs
    assert row("Every value is the same", "1 difference") in differs
    assert "stop it unless they are left" in told("plan")
    assert "Nothing was undone: somebody wrote" in told("rollback")
    done = told("rollback", keep_written=True)
    assert "The run is undone, by run 4." in done
    assert "Rows that somebody wrote to since" in done
    assert row("messages", "2", "0") in done
    assert "It was not done" in told("plan")


def test_what_came_of_jobs_in_russian(run: ImportRun, sign_in: SignIn) -> None:
    client = sign_in("manager", run.bot)
    for action in ("verify", "retry", "plan", "rollback"):
        job_id = asked(client.user, run, action)
        run_once()
        at = address("job_change", job_id)
        page = client.get(at, headers={"Accept-Language": "ru"}).content.decode()
        told = page.split("Что получилось</h3>")[1].split("Что сообщила команда")[0]
        assert not re.search("[A-Za-z]", re.sub("<[^>]*>", "", told)), action


def test_each_result_has_words() -> None:
    assert results.CHECKS.keys() == CHECKS.keys()
    assert results.STATUSES.keys() == {*NEXT, "passed"}


def test_a_report_in_russian(run: ImportRun, sign_in: SignIn) -> None:
    """But the names of files and checks, and what is said of single records."""
    client = sign_in("manager", run.bot)
    query("UPDATE messages SET content = 'mine' WHERE position = 1 RETURNING 1")
    job_id = asked(client.user, run, "verify")
    run_once()
    answer = client.get(address("job_report", job_id), headers={"Accept-Language": "ru"})
    page = answer.content.decode()
    assert '<html lang="ru">' in page
    for text in ("Есть различия", "Что сделать:", "запись 1", "В базе данных:", "1 различие"):
        assert text in page
    assert "Об отдельных файлах и записях и об измеренном сказано по-английски." in page
    body = re.sub(r"(?s)<style>.*</style>|<bdi>.*?</bdi>|<span.*?</span>|<[^>]*>", " ", page)
    assert not re.search(
        "[A-Za-z]{2}", re.sub(r"manage\.py \w+|VACUUM ANALYZE|--[a-z-]+", "", body)
    )


def test_what_is_counted_has_words() -> None:
    """But what has values in it, and the codes of rejects."""
    counted = set()
    for path in Path(page_words.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if getattr(getattr(node, "func", None), "attr", None) == "count":
                counted |= {each.value for each in node.args[1:2] if hasattr(each, "value")}
    assert {what for what in counted if isinstance(what, str)} <= {*page_words.FIGURES}


def test_a_report_that_an_earlier_version_kept(run: ImportRun, sign_in: SignIn) -> None:
    client = sign_in("manager", run.bot)
    job_id = asked(client.user, run, "verify")
    Job.objects.filter(pk=job_id).update(report="<!doctype html>Kept")
    answer = client.get(address("job_report", job_id))
    assert answer.content == b"<!doctype html>Kept"


def test_a_report_has_an_origin_of_its_own(verified: ImportRun, sign_in: SignIn) -> None:
    client, [done] = sign_in("manager", verified.bot), Job.objects.all()
    page = client.get(address("job_change", done.pk)).content.decode()
    assert re.search(r"<iframe[^>]* sandbox ", page)
    answer = client.get(address("job_report", done.pk))
    assert "Everything is there" in answer.content.decode()
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none';")
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    given = client.get(address("job_report", done.pk) + "?download")
    assert given["Content-Disposition"].startswith("attachment; ")


def test_a_filter_that_is_odd(run: ImportRun, sign_in: SignIn) -> None:
    client = sign_in("manager", run.bot)
    for odd in ("x", "-1", "9" * 30, "\0", "١"):
        answer = client.get(address("reject_changelist", run=odd))
        assert answer.status_code in (200, 302), odd
