"""The command: its options, what it prints, and the status it exits with."""

import json
import os
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings

from conversations.models import Conversation, Message
from legacy_import.management.commands import verify_migration
from legacy_import.verify.checks import CHECKS, OF_FILES
from legacy_import.verify.findings import Findings
from legacy_import.verify.of_bot import Comparison
from legacy_import.verify.report.result import as_json, as_text, status
from legacy_import.verify.self_test import breaks
from legacy_import.verify.verification import Silent, Verification
from tenants.context import bot_context
from tests.factories import BotFactory
from tests.legacy_import.tree import line, message
from tests.legacy_import.verify.verifying import SNAPSHOT, everything, passed, verified

pytestmark = pytest.mark.django_db(transaction=True)

CHAT = "conversation_id = (SELECT id FROM conversations WHERE chat_id = 7)"
OTHER_TEXT = f"UPDATE messages SET content = '<script>' WHERE {CHAT} AND position = 2"
OTHER_JSON = f"UPDATE messages SET metadata = '{{}}' WHERE {CHAT} AND position = 2"


def ran(tree: Any, capsys: Any, **options: Any) -> tuple[int, str]:
    """Its exit status and what it printed."""
    try:
        call_command("verify_migration", str(tree.root), **{"bot": "Emma", **options})
    except SystemExit as left:
        return int(left.code or 0), capsys.readouterr().out
    return 0, capsys.readouterr().out


def test_it_passes_and_fails(imported, by_hand, capsys):
    code, out = ran(imported, capsys, format="json")
    assert (code, json.loads(out)["status"]) == (0, "passed")
    by_hand(OTHER_TEXT)
    code, out = ran(imported, capsys)
    assert code == 3
    assert "conversations/7.json, record 2, content: differs: expected 'message 2'" in out
    assert "To do: " in out


def test_what_cannot_be_run(imported, capsys):
    with pytest.raises(CommandError, match="is no folder") as error:
        ran(replaced(imported, imported.root / "nothing"), capsys)
    assert error.value.returncode == 1
    with pytest.raises(CommandError, match=r"no check colour\. There are: accounting, content"):
        ran(imported, capsys, only="colour,content")
    with pytest.raises(CommandError, match="at least 1"):
        ran(imported, capsys, sample=0)
    with pytest.raises(CommandError, match="--limit: at least 0"):
        ran(imported, capsys, limit=-1)
    with pytest.raises(CommandError, match="with --run RUN"):
        ran(imported, capsys, only="rollback")
    with pytest.raises(CommandError, match="no zone"):
        ran(imported, capsys, source_tz="Mars")


def replaced(tree: Any, root: Any) -> Any:
    return type(tree)(root)


@pytest.mark.parametrize("check", CHECKS)
def test_each_check_by_its_name(imported, by_hand, capsys, check):
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(number) FROM import_runs")
        (run,) = cursor.fetchone()
    by_hand(OTHER_TEXT)
    only = {"only": check, "run": run if check == "rollback" else None}
    code, out = ran(imported, capsys, format="json", **only)
    checks = json.loads(out)["checks"]
    made = {name for name, one in checks.items() if one["result"] != "not asked for"}
    assert made == {check, "freshness", "self-test"}
    assert checks["self-test"]["figures"]["breaks"] == (12 if check in OF_FILES else 5)
    assert (code == 3) == (check in ("content", "rollback"))


def test_only_json(imported, by_hand):
    by_hand(OTHER_JSON)
    assert verified(imported, findings=Findings(checks={"json", "self-test"})).total["json"] == 1
    assert passed(verified(imported, findings=Findings(checks={"content", "self-test"})))


@pytest.mark.parametrize("check", sorted({*CHECKS} - {"rollback"}))
def test_what_was_never_compared_counts_whatever_is_asked_for(imported, capsys, check):
    imported.chat(12, message(1), message(2))
    code, out = ran(imported, capsys, only=check)
    assert code == 3
    assert "conversations/12.json: was not imported" in out
    with_folders = imported.root.parent / "all"
    with_folders.mkdir()
    imported.root.rename(with_folders / "Nobody")
    only_one = Findings(checks={check, "freshness", "self-test"})
    findings = Verification(with_folders, findings=only_one).run()
    assert status(findings) == "differences"
    assert "Nobody: the bot is not in the database" in map(str, everything(findings))


@pytest.mark.parametrize("check", ["content", "performance"])
def test_a_bot_whose_folder_is_gone(imported, check):
    """Its rows are held against the ledger."""
    with_folders = imported.root.parent / "all"
    with_folders.mkdir()
    imported.root.rename(with_folders / "Emma")
    only_one = {check, "freshness", "self-test"}
    assert passed(Verification(with_folders, findings=Findings(checks=only_one)).run())
    (with_folders / "Emma").rename(with_folders / "Olga")
    BotFactory(name="Olga")
    findings = Verification(with_folders, findings=Findings(checks=only_one)).run()
    assert "files that were imported for Emma are not in the tree" in findings.not_made["freshness"]


def test_a_bot_that_is_not_there(imported, capsys):
    with pytest.raises(CommandError, match="There is no bot Nobody in the database") as error:
        ran(imported, capsys, bot="Nobody")
    assert error.value.returncode == 1
    with_folders = imported.root.parent / "all"
    with_folders.mkdir()
    imported.root.rename(with_folders / "Olga")
    with pytest.raises(CommandError, match=r"has no folder Emma\. It has the trees of Olga"):
        ran(replaced(imported, with_folders), capsys)


def test_what_the_page_says_was_looked_at(imported, capsys, tmp_path):
    page = tmp_path / "report.html"

    def says(**options: Any) -> str:
        assert ran(imported, capsys, report=page, **options)[0] == 0
        return page.read_text()

    assert "Everything is there" in says()
    sampled, some = says(sample=2), says(only="content")
    assert "Everything" not in sampled + some
    assert "Only a sample of the files was read" in sampled
    assert "not asked for: accounting, order, integrity, json" in some
    assert "Only a sample" not in some
    assert "Всё на месте" in says(report_language="ru")


def test_a_page_that_cannot_be_written_is_told_before_the_work(imported, capsys, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(verify_migration.Verification, "run", lambda _: pytest.fail("it began"))
        for page in (imported.root, imported.root / "none" / "x.html"):
            with pytest.raises(CommandError, match="--report: "):
                ran(imported, capsys, report=page)

    def full(*args: Any, **options: Any) -> None:
        raise OSError("No space left on device")

    page = imported.root.parent / "x.html"
    monkeypatch.setattr(type(page), "write_text", full)
    with pytest.raises(CommandError, match="No space left"):
        ran(imported, capsys, report=page)
    assert "Result: passed" in capsys.readouterr().out


@pytest.mark.parametrize("limit", [0, 1, 20])
def test_the_limit_is_of_what_is_listed_only(imported, by_hand, limit):
    by_hand("UPDATE conversations SET last_position = 0, last_message_at = '2000-01-01'")
    findings = verified(imported, findings=Findings(limit))
    assert findings.total["integrity"] == 6
    assert len(findings.first["integrity"]) == min(limit, 6)


def test_text_and_json_carry_the_same(imported, by_hand):
    by_hand(OTHER_TEXT)
    findings = verified(imported)
    text, figures = as_text(findings), as_json(findings)
    for name, check in figures["checks"].items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"{name} ")]
        assert check["result"] in line
        assert all(f"{count:,} {what}" in line for what, count in check["figures"].items())
        assert all(one["what"] in text for one in check["first"])
        assert check["to_do"] is None or check["to_do"] in text


def test_a_sample(imported, by_hand):
    findings = verified(imported, sample=2)
    assert passed(findings)
    # metrics.json is always one of them.
    assert findings.figures["accounting"]["files read as a sample"] in (2, 3)
    assert findings.figures["accounting"]["files"] == 7
    assert any("only a sample was read" in note for note in findings.notes)
    assert passed(whole := verified(imported, sample=1000))
    assert not any("sample" in note for note in whole.notes)
    by_hand(OTHER_TEXT)
    assert status(verified(imported, sample=7)) == "differences"


def test_a_sample_of_people_has_their_measurements(tree):
    for n in range(1, 6):
        tree.person(n, conversation_stats={"total_messages": n})
    tree.imported()
    findings = verified(tree, sample=2)
    assert not findings.total, as_text(findings)
    assert findings.figures["content"]["metrics"] == 2


def test_what_a_sample_does_not_read_is_still_accounted_for(imported):
    imported.chat(7, *(message(n, width=n) for n in range(1, 9)), title="Us")
    imported.chat(12, message(1), message(2))
    findings = verified(imported, sample=1)
    assert status(findings) == "stale"
    assert "conversations/12.json: was not imported" in map(str, everything(findings))


@pytest.mark.parametrize("options", [{}, {"sample": 1}, {"only": "performance"}])
@pytest.mark.parametrize("blind_to", breaks.BREAK)
def test_a_verifier_that_is_blind_says_so(imported, capsys, monkeypatch, options, blind_to):
    monkeypatch.setitem(breaks.BREAK, blind_to, "SELECT 1")
    code, out = ran(imported, capsys, **options)
    assert code == 3
    assert f"{blind_to} was not noticed" in out
    assert "Result: error" in out


def test_a_self_test_that_finds_nothing_to_break_is_no_pass(imported, by_hand):
    by_hand("UPDATE messages SET content = content || '.'")
    findings = verified(imported, findings=Findings(checks={"performance", "self-test"}))
    assert status(findings) == "incomplete"


def test_interrupted(imported, capsys, monkeypatch):
    def interrupt(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Comparison, "read", interrupt)
    with pytest.raises(CommandError, match="The same command begins again") as error:
        ran(imported, capsys)
    assert error.value.returncode == 130


def test_while_an_import_runs(imported, by_hand, capsys):
    assert "has not ended" not in ran(imported, capsys)[1]
    by_hand("UPDATE import_runs SET status = 'running'")
    code, out = ran(imported, capsys)
    assert "has not ended: " in out
    by_hand("UPDATE import_files SET status = 'partial' WHERE path = 'conversations/7.json'")
    code, out = ran(imported, capsys)
    assert code == 3
    assert "conversations/7.json: was imported in part" in out


def test_what_to_do_next(imported, by_hand, capsys):
    assert "Next: nothing differs: the bots may be switched over." in ran(imported, capsys)[1]
    assert "Next: nothing differs in the part" in ran(imported, capsys, only="content")[1]
    by_hand(OTHER_TEXT)
    assert "Next: do not switch over" in ran(imported, capsys)[1]


def test_how_far_it_is(imported, monkeypatch):
    class Bar(verify_migration.Bar):
        def advance(self, size: int) -> None:
            super().advance(size)
            bars[:] = [self]

    bars: list[Any] = []
    monkeypatch.setattr(verify_migration, "Bar", Bar)
    call_command("verify_migration", str(imported.root), bot="Emma", verbosity=0)
    assert bars[0].done == bars[0].size > 0


def test_within_a_large_file(imported, emma):
    class Steps(Silent):
        def __init__(self) -> None:
            self.size, self.steps = 0, []

        def begin(self, size: int) -> None:
            self.size = size

        def advance(self, size: int) -> None:
            self.steps.append(size)

    imported.write("bots.json", {"bots": [{"name": "Other"}]})
    path = imported.chat(12, *(message(n, "long " * 100_000) for n in range(1, 9)))
    imported.imported()
    progress = Steps()
    assert passed(verified(imported, progress=progress))
    assert sum(progress.steps) == progress.size
    assert max(progress.steps) < path.stat().st_size / 2


def test_the_page_has_no_markup_but_its_own(imported, by_hand, capsys, tmp_path):
    by_hand(OTHER_TEXT)
    page = tmp_path / "report.html"
    ran(imported, capsys, report=page)
    text = page.read_text()
    assert "Something differs" in text
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert "http://" not in text
    assert "https://" not in text


def test_each_bot_is_probed(imported, superuser):
    other = BotFactory(name="Other")
    with bot_context(other.pk):
        chat = Conversation.objects.create(chat_id=1)
        Message.objects.create(conversation=chat, sender_type="user", content="secret")
    findings = verified(imported)
    assert passed(findings)
    assert findings.figures["isolation"]["bots probed"] == 1


@pytest.mark.parametrize(
    ("policy", "what"),
    [
        ("FOR SELECT TO bot USING (true)", "the bot sees rows of other bots"),
        ("AS RESTRICTIVE FOR SELECT TO bot USING (position <> 2)", "another number of its rows"),
    ],
)
def test_a_leak_is_seen_by_the_probe(imported, by_hand, policy, what):
    other = BotFactory(name="Other")
    with bot_context(other.pk):
        chat = Conversation.objects.create(chat_id=1)
        Message.objects.create(conversation=chat, sender_type="user", content="secret")
    by_hand(f"CREATE POLICY planted ON messages {policy}")
    try:
        findings = verified(imported)
    finally:
        by_hand("DROP POLICY planted ON messages")
    (found,) = [one for one in findings.first["isolation"] if one.file == "Emma"]
    assert what in found.what
    assert found.field == "messages"


def test_without_the_bots_login_nothing_is_said_to_be_isolated(imported, capsys):
    with override_settings(RUNTIME_DATABASE=None):
        code, out = ran(imported, capsys)
    assert code == 3
    assert "set RUNTIME_DATABASE_URL" in out
    (line,) = [line for line in out.splitlines() if line.startswith("isolation")]
    assert "not made" in line
    assert "passed" not in line
    assert "Result: incomplete" in out


def test_rows_edited_live_are_differences(imported):
    with bot_context(imported_bot()):
        Message.objects.filter(content="message 3").update(content="edited")
    (found,) = everything(verified(imported))
    assert (found.file, found.place, found.field) == ("conversations/7.json", 3, "content")


def imported_bot() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM bots WHERE name = 'Emma'")
        return cursor.fetchone()[0]


def test_the_time_zone_is_that_of_the_import(tree, capsys):
    tree.write("metrics.json", {"history": [SNAPSHOT]})
    tree.imported(source_tz=ZoneInfo("Europe/Moscow"))
    assert ran(tree, capsys)[0] == 0
    assert ran(tree, capsys, source_tz="Europe/Moscow")[0] == 0
    with pytest.raises(CommandError, match="was imported with --source-tz Europe/Moscow") as error:
        ran(tree, capsys, source_tz="UTC")
    assert error.value.returncode == 1


@pytest.mark.parametrize("bot", [None, r"\xff"])
def test_folders_whose_names_are_no_utf8(tree, capsys, bot):
    """The bot has its printable name, by which it may also be asked for alone."""
    for folder in (os.fsdecode(b"\xff"), "Emma"):
        tree.write(f"{folder}/conversations/7.json", [line(1), line(2)])
        tree.write(f"{folder}/backups/7/2024-05-01.json", {"messages": [line(1), line(9)]})
        tree.write(f"{folder}/bots.json", {"bots": [{"name": r"\xff", "config": {"a": 1}}]})
    tree.bot = bot
    tree.imported()
    code, out = ran(tree, capsys, bot=bot, format="json", report=tree.root / "page.html")
    assert code == 0, out
    isolation = json.loads(out)["checks"]["isolation"]
    assert isolation["figures"]["bots probed"] == (2 if bot is None else 1)
