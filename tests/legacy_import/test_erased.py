"""Files of people who were erased are left out: nothing is kept of them, and they are named."""

import json
from typing import Any

import pytest

from conversations.models import Profile
from conversations.personal import erase
from legacy_import.models import ImportFile
from legacy_import.runs import report as reports
from tenants.context import staff_context
from tenants.models import Bot
from tests.factories import UserFactory
from tests.legacy_import.tree import Tree, contents, line, query
from tests.legacy_import.verify.verifying import passed, verified

pytestmark = pytest.mark.django_db(transaction=True)
ERASED, NEIGHBOUR = 70_000_007, 70_000_009
FILES = [
    f"{folder}/{ERASED}{rest}.json"
    for folder, rest in (("backups", "/2024-05-01"), ("conversations", ""), ("girls_data", ""))
]


@pytest.fixture
def erased(tree: Tree) -> Tree:
    for person in (ERASED, NEIGHBOUR):
        tree.person(person, name=f"Person {person}", conversation_stats={"total_messages": 5})
        tree.old_chat(person, line(1), line(2))
        tree.write(f"backups/{person}/2024-05-01.json", {"messages": [line(3)]})
    tree.imported()
    bot = Bot.objects.get(name=tree.bot)
    with staff_context(UserFactory(is_superuser=True)):
        erase(Profile.objects.get(bot=bot, telegram_id=ERASED))
    return tree


@pytest.mark.parametrize("options", [{}, {"salvage_backups": True}, {"dry_run": True}])
def test_nothing_comes_back(erased: Tree, options: dict[str, Any]) -> None:
    report = erased.imported(**options)
    assert report.outcome.erased.kept == FILES
    assert json.loads(json.dumps(reports.as_json(report)))["files_of_erased_people"] == 3
    assert "3 files of erased people: left out. Delete them." in reports.as_text(report)
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
