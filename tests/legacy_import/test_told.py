"""What a pass tells of rejects and of files that are left or gone: the first of many."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from legacy_import.refusal import ImportRefused
from legacy_import.runs import report as reports
from legacy_import.runs.outcome import First
from legacy_import.runs.run import Report
from tests.clusters import manage
from tests.legacy_import.tree import Tree, line, message, query
from tests.legacy_import.undisturbed import small_batches

pytestmark = pytest.mark.django_db(transaction=True)


def told(report: Report) -> list[tuple[str, int, str]]:
    return report.outcome.rejected.kept


def test_the_first_of_many() -> None:
    first = First(3)
    for number in (5, 1, 4, 4, 9, 0):
        first.add(number)
    other = First(3)
    other.add(2)
    first.join(other)
    assert (first.kept, first.number) == ([0, 1, 2], 7)
    nothing = First(0)
    nothing.add(1)
    assert (nothing.kept, nothing.number) == ([], 1)


@pytest.mark.parametrize("workers", [1, 2])
def test_rejects_of_every_batch_and_of_every_pass(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    small_batches(monkeypatch)
    lines: list[Any] = [line(n) for n in range(1, 301)]
    for place in (3, 120, 299):
        lines[place - 1] = "lost"
    tree.old_chat(7, *lines)
    tree.person(9, age=7)
    tree.write("notes.txt", b"?")
    rejects = [
        ("conversations/7.json", 3, "not-an-object"),
        ("conversations/7.json", 120, "not-an-object"),
        ("conversations/7.json", 299, "not-an-object"),
        ("girls_data/9.json", 0, "age-out-of-range"),
        ("notes.txt", 0, "unknown-file"),
    ]
    assert told(tree.imported(dry_run=True, workers=workers)) == rejects
    assert told(tree.imported(workers=workers)) == rejects
    again = tree.imported(workers=workers)
    assert (told(again), again.outcome.unchanged_files) == (rejects, 3)
    assert told(tree.imported(dry_run=True)) == rejects
    few = tree.imported(listed=2)
    assert told(few) == rejects[:2]
    text = reports.as_text(few)
    assert "Rejected: conversations/7.json, record 120: not-an-object\n... and 3 more." in text
    tree.old_chat(7, *lines, line(301), "more")
    tree.person(9, age=17)
    changed = [*rejects[:3], ("conversations/7.json", 302, "not-an-object"), *rejects[3:]]
    assert told(tree.imported(dry_run=True)) == changed
    assert told(tree.imported()) == changed
    lines[2] = line(3)
    tree.old_chat(7, *lines, line(301), "more")
    tree.person(9, age=27)
    left = [changed[1], changed[2], changed[3], changed[5]]
    assert told(tree.imported()) == left
    assert told(tree.imported()) == left


def test_rejects_in_the_folders_of_several_bots(tree: Tree) -> None:
    for bot in ("Emma", "Anna"):
        tree.write(f"{bot}/conversations/1.json", [line(1), "lost"])
    rejects = [(f"{bot}/conversations/1.json", 2, "not-an-object") for bot in ("Anna", "Emma")]
    for _ in range(2):
        assert told(tree.imported(bot=None)) == rejects


def test_files_that_are_gone(tree: Tree) -> None:
    for chat in range(1, 6):
        tree.old_chat(chat, line(1))
    odd = tree.write("conversations/odd \n\\.json", b"[]")
    tree.person(1)
    tree.write("backups/1/2024-05-01.json", {})
    report = tree.imported()
    assert report.vanished == First(10_000)
    for path in ("conversations/2.json", "conversations/4.json", "girls_data/1.json"):
        (tree.root / path).unlink()
    odd.unlink()
    shutil.rmtree(tree.root / "backups")
    gone = [
        "backups/1/2024-05-01.json", "conversations/2.json", "conversations/4.json",
        "conversations/odd \\n\\\\.json", "girls_data/1.json",
    ]  # fmt: skip
    assert tree.imported(dry_run=True).vanished.kept == gone
    report = tree.imported()
    assert report.vanished.kept == gone
    assert query("SELECT count(*) FROM messages") == [(5,)]
    assert tree.imported(only=frozenset({"profiles"})).vanished.kept == gone[-1:]
    few = tree.imported(listed=2)
    assert (few.vanished.number, few.vanished.kept) == (5, gone[:2])
    text = reports.as_text(few)
    assert "5 files that were imported are gone; their rows stay.\nGone: backups/1/" in text
    assert reports.as_json(few)["vanished"] == gone[:2]
    tree.old_chat(2, line(1))
    assert tree.imported().vanished.number == 4


def test_gone_in_one_of_several_folders(tree: Tree) -> None:
    for bot in ("Emma", "Anna"):
        for chat in (1, 2):
            tree.write(f"{bot}/conversations/{chat}.json", [line(1)])
    tree.imported(bot=None)
    (tree.root / "Emma/conversations/2.json").unlink()
    assert tree.imported(bot=None).vanished.kept == ["Emma/conversations/2.json"]
    assert tree.imported(bot="Emma").vanished.kept == ["Emma/conversations/2.json"]


def test_the_folder_of_a_bot_is_gone(tree: Tree) -> None:
    for bot in ("Emma", "Anna"):
        tree.write(f"{bot}/conversations/1.json", [line(1)])
    other = Tree(tree.root.parent / "other", "Kate")
    other.old_chat(1, line(1))
    other.imported()
    assert tree.imported(bot=None).remarks == []
    shutil.rmtree(tree.root / "Emma" / "conversations")
    for dry_run in (True, False):
        assert tree.imported(bot=None, dry_run=dry_run).remarks == [
            "Emma: was imported before, and has no folder with files here. Its rows stay."
        ]
    assert tree.imported(bot="Anna").remarks == []


def test_a_tree_that_lost_all_its_files(tree: Tree) -> None:
    """Of a disk that is not mounted there is a folder, perhaps some empty ones in it."""
    tree.old_chat(1, line(1))
    tree.imported()
    shutil.rmtree(tree.root)
    for folder in (tree.root, tree.root / "conversations"):
        folder.mkdir()
        for dry_run in (True, False):
            with pytest.raises(ImportRefused, match=r"Is the disk mounted\?"):
                tree.imported(dry_run=dry_run)
    assert query("SELECT count(*) FROM import_runs") == [(1,)]
    tree.bot = "Anna"
    assert tree.imported().outcome.files == 0


def test_messages_in_backups_alone(tree: Tree) -> None:
    for chat in (1, 2, 3):
        tree.chat(chat, message(3))
        tree.write(f"backups/{chat}/2024-05-01.json", {"messages": [message(1), message(2)]})
    report = tree.imported(listed=1)
    assert "6 messages of 3 conversations are only in backups" in reports.as_text(report)
    assert reports.as_json(report)["only_in_backups"] == {"conversations/1.json": 2}


@pytest.mark.slow
def test_memory_does_not_grow_with_rejected_files(workspace: Path) -> None:
    server = {"DATA_DIR": str(workspace / "data")}
    assert manage("migrate", "-v", "0", **server).returncode == 0
    peaks = []
    for number in (2_000, 42_000):
        folder = workspace / str(number) / "conversations"
        folder.mkdir(parents=True)
        for n in range(number):
            (folder / f"message_archive_{n:07}.json").touch()
        ran = manage("import_legacy_json", str(folder.parent), "--bot", "Emma", "--min-age", "0",
                     "--dry-run", "--format", "json", **server)  # fmt: skip
        figures = json.loads(ran.stdout)
        assert figures["kinds"]["conversations"]["rejected"] == number
        assert len(figures["rejects"]) == 20
        peaks.append(figures["peak_rss_mb"])
    assert peaks[1] - peaks[0] < 10  # with a list of them it was 19 MB and more
