"""Files of people who were erased are left out: nothing is kept of them, and they are named."""

import json
from pathlib import Path
from typing import Any

import pytest

from conversations.models import Profile
from conversations.personal import erase
from legacy_import.export import export
from legacy_import.models import FilePart, ImportFile
from legacy_import.runs import report as reports
from tenants.context import staff_context
from tenants.models import Bot
from tests.factories import UserFactory
from tests.legacy_import.tree import Tree, contents, line, query
from tests.legacy_import.verify.verifying import passed, verified

pytestmark = pytest.mark.django_db(transaction=True)
ERASED, NEIGHBOUR = 70_000_007, 70_000_009
STRAYS = ("conversations/Anna {}.json", "girls_data/{}.json.tmp", "old/{}-2.txt")
FILES = sorted(
    [
        *(f"{folder}/{ERASED}.json" for folder in ("conversations", "girls_data")),
        *(f"backups/{ERASED}/2024-05-01.json", *(stray.format(ERASED) for stray in STRAYS)),
    ]
)


@pytest.fixture
def erased(tree: Tree) -> Tree:
    for person in (ERASED, NEIGHBOUR):
        tree.person(person, name=f"Person {person}", conversation_stats={"total_messages": 5})
        tree.old_chat(person, line(1), line(2))
        tree.write(f"backups/{person}/2024-05-01.json", {"messages": [line(3)]})
        for stray in STRAYS:
            tree.write(stray.format(person), b"words")
    tree.imported()
    bot = Bot.objects.get(name=tree.bot)
    with staff_context(UserFactory(is_superuser=True)):
        erase(Profile.objects.get(bot=bot, telegram_id=ERASED))
    return tree


@pytest.mark.parametrize("options", [{}, {"salvage_backups": True}, {"dry_run": True}])
def test_nothing_comes_back(erased: Tree, options: dict[str, Any]) -> None:
    report = erased.imported(**options)
    assert sorted(report.outcome.erased.kept) == FILES
    assert json.loads(json.dumps(reports.as_json(report)))["files_of_erased_people"] == 6
    assert "6 files of erased people: left out. Delete them." in reports.as_text(report)
    assert contents(ERASED) == []
    assert query("SELECT telegram_id FROM profiles") == [(NEIGHBOUR,)]
    assert not ImportFile.objects.filter(path__contains=str(ERASED)).exists()


def test_the_verification_names_them_and_passes(erased: Tree) -> None:
    findings = verified(erased)
    assert passed(findings)
    assert all(any(file in note for note in findings.notes) for file in FILES)


def test_also_when_they_were_deleted(erased: Tree) -> None:
    for file in FILES:
        (erased.root / file).unlink()
    assert passed(verified(erased))


OLDER = "girls_data.json"
STRANGER = 70_000_011


@pytest.fixture
def older(tree: Tree) -> Tree:
    """One file of three people, of whom one is erased after its import."""
    people = (STRANGER, ERASED, NEIGHBOUR)
    tree.write(OLDER, girls(*people))
    tree.old_chat(NEIGHBOUR, line(1), line(2))
    tree.imported()
    bot = Bot.objects.get(name=tree.bot)
    with staff_context(UserFactory(is_superuser=True)):
        erase(Profile.objects.get(bot=bot, telegram_id=ERASED))
    return tree


def girls(*people: int, **more: Any) -> dict[str, Any]:
    stats = {"total_messages": 5}
    return {
        "girls": {
            str(id): {"telegram_id": id, "name": f"N{id}", "conversation_stats": stats, **more}
            for id in people
        }
    }


def traces() -> list[Any]:
    return query("SELECT id FROM profiles WHERE telegram_id = %s", ERASED) + query(
        "SELECT id FROM bot_metrics WHERE metric_tags::text LIKE %s", f"%{ERASED}%"
    )


@pytest.mark.parametrize("options", [{}, {"dry_run": True}])
def test_an_entry_in_a_common_file_does_not_come_back(older: Tree, options: dict[str, Any]) -> None:
    report = older.imported(**options)
    assert report.outcome.erased_entries.kept == [(OLDER, ERASED)]
    assert reports.as_json(report)["entries_of_erased_people"] == 1
    text = reports.as_text(report)
    assert "1 entries of erased people: left out. Take them out of their file." in text
    assert f"Of erased people: {OLDER}, {ERASED}" in text
    assert report.counts["profiles"].source == 2
    assert report.counts.total("vanished") == 0
    assert traces() == []
    assert not FilePart.objects.exists()


def test_a_pass_that_finds_nothing_new_names_it_again(older: Tree) -> None:
    older.imported()
    versions = ImportFile.objects.filter(path=OLDER).count()
    report = older.imported()
    assert report.outcome.unchanged_files == 2
    assert report.outcome.erased_entries.kept == [(OLDER, ERASED)]
    assert ImportFile.objects.filter(path=OLDER).count() == versions
    assert traces() == []


def test_whoever_is_erased_later_is_left_out_as_well(older: Tree) -> None:
    older.imported()
    with staff_context(UserFactory(is_superuser=True)):
        erase(Profile.objects.get(telegram_id=STRANGER))
    report = older.imported()
    assert report.outcome.erased_entries.kept == [(OLDER, ERASED), (OLDER, STRANGER)]
    assert report.counts["profiles"].source == 1
    assert query("SELECT telegram_id FROM profiles") == [(NEIGHBOUR,)]
    assert passed(verified(older))


def test_in_a_file_that_changed_and_in_one_that_is_new(older: Tree) -> None:
    """Also a rejected entry keeps nothing of them, whatever stands in it."""
    older.write(OLDER, girls(STRANGER, ERASED, NEIGHBOUR, age=200))
    older.imported()
    assert not query("SELECT 1 FROM import_rejects WHERE raw LIKE %s", f"%{ERASED}%".encode())
    older.write("metrics.json", {"current": {}, "history": []})
    older.write(OLDER, girls(ERASED, STRANGER, NEIGHBOUR, age="30"))
    older.imported()
    assert traces() == []
    assert not query("SELECT 1 FROM import_repairs WHERE original LIKE %s", f"%{ERASED}%".encode())
    assert passed(verified(older))


def test_once_it_is_taken_out_the_file_is_kept_again(older: Tree, tmp_path: Path) -> None:
    older.imported()
    without = export(older.bot, tmp_path / "without")
    assert [OLDER in problem for problem in without.problems] == [True]
    older.write(OLDER, girls(STRANGER, NEIGHBOUR))
    report = older.imported()
    assert report.outcome.erased_entries.number == 0
    assert passed(verified(older))
    assert export(older.bot, tmp_path / "with").problems == []


def test_the_verification_names_the_entry_and_passes(older: Tree) -> None:
    older.imported()
    findings = verified(older)
    assert passed(findings)
    assert any(OLDER in note and str(ERASED) in note for note in findings.notes)
    # Bytes with the person in them would be a difference.
    FilePart.objects.create(
        bot=Bot.objects.get(), file=ImportFile.objects.latest("id"), number=0, data=b"x"
    )
    with pytest.raises(AssertionError, match="its bytes are kept"):
        passed(verified(older))


def test_a_first_import(older: Tree) -> None:
    """With a record after theirs that takes a repair."""
    query("DELETE FROM import_files RETURNING 1")
    query("DELETE FROM profiles RETURNING 1")
    query("DELETE FROM conversations RETURNING 1")
    query("DELETE FROM bot_metrics RETURNING 1")
    older.write(OLDER, girls(ERASED, NEIGHBOUR, age="30"))
    older.imported()
    assert traces() == []
    assert passed(verified(older))
