"""bots.json: what it says of the bots is taken over, and each of its problems is told."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from legacy_import.refusal import ImportRefused
from legacy_import.runs.run import Report
from tenants.context import maintenance_context
from tenants.models import Bot
from tests.legacy_import.tree import Tree, line, query

pytestmark = pytest.mark.django_db(transaction=True)


def token(letter: str, number: int = 123456789) -> str:
    return f"{number}:{letter * 35}"


def described(name: str, letter: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "telegram_token": token(letter), "status": "active", **more}


def refused(report: Report) -> list[tuple[str, int, str]]:
    assert report.counts["other"].rejected == len(report.outcome.rejected.kept)
    return report.outcome.rejected.kept


def bots() -> list[tuple[Any, ...]]:
    return query("SELECT name, status, username, token_masked FROM bots ORDER BY name")


@pytest.fixture
def two(tree: Tree) -> Tree:
    for name in ("Anna", "Emma"):
        tree.write(f"{name}/conversations/1.json", [line(1)])
    return tree


TORN = b'{"bots": [{"name": "Emma", "telegram_tok'


def written(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


@pytest.mark.parametrize(
    ("put", "code"),
    [
        (written(TORN), "truncated"),
        (written(b"\xff\xfe\x00"), "damaged"),
        (written(b'{"bots": {"Emma": {}}}'), "unexpected-shape"),
        (lambda path: path.symlink_to("/etc/passwd"), "symlink"),
        (lambda path: os.mkfifo(path), "not-a-file"),
    ],
)
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_list_that_cannot_be_read(
    two: Tree, put: Callable[[Path], object], code: str, dry_run: bool
) -> None:
    put(two.root / "bots.json")
    report = two.imported(bot=None, dry_run=dry_run)
    [(file, _, found)] = refused(report)
    assert (file, found) == ("bots.json", code)
    assert report.new_bots == ["Anna", "Emma"]
    assert query("SELECT count(*) FROM bots") == [(0 if dry_run else 2,)]


ENTRIES = [
    described("Anna", "A", owner_telegram_id=2**70),
    described("Emma", "B", username="first"),
    {"telegram_token": token("C")},
    5,
    described("EMMA", "D", username="emma_bot"),
    described("Ghost", "D"),
    {"name": "Mute", "status": "active"},
    {"name": "Odd", "telegram_token": "odd", "status": "active", "username": "no name"},
]


@pytest.mark.parametrize("dry_run", [True, False])
def test_entries(two: Tree, dry_run: bool) -> None:
    two.write("bots.json", {"bots": ENTRIES})
    report = two.imported(bot=None, dry_run=dry_run)
    assert refused(report) == [
        ("bots.json", 1, "id-too-large"), ("bots.json", 3, "missing-name"),
        ("bots.json", 4, "not-an-object"), ("bots.json", 6, "token-taken"),
        ("bots.json", 8, "not-a-token"),
    ]  # fmt: skip
    said = "\n".join(report.remarks)
    for words in (
        "EMMA stands in it again; the last one counts.",
        "Ghost has no folder here, and no files then.",
        "Ghost: another bot has its token", "Mute: inactive, because it has no token.",
        "Odd: its token has no token's form", "Odd: its user name has no user name's form",
    ):  # fmt: skip
        assert words in said
    assert "DDDD" not in str(report)
    assert sorted(report.new_bots) == ["Anna", "Emma", "Ghost", "Mute", "Odd"]
    if dry_run:
        assert bots() == []
        return
    assert bots() == [
        ("Anna", "inactive", "", ""), ("Emma", "active", "emma_bot", "123456789:…DDDD"),
        ("Ghost", "inactive", "", ""), ("Mute", "inactive", "", ""), ("Odd", "inactive", "", ""),
    ]  # fmt: skip
    assert refused(two.imported(bot=None)) == refused(report)


def test_a_list_that_comes_later(two: Tree) -> None:
    """What was done in the office meanwhile stays."""
    two.write("bots.json", TORN)
    two.imported(bot=None)
    with maintenance_context():
        Bot.objects.filter(name="Anna").update(username="anna_here", status="maintenance")
    two.write("bots.json", {"bots": [
        described("Anna", "A", username="anna_there", owner_telegram_id=5),
        described("Emma", "B", config={"model": "x"}),
    ]})  # fmt: skip
    assert "Emma: had no token, and gets what bots.json says." in "\n".join(
        two.imported(bot=None, dry_run=True).remarks
    )
    assert bots()[1] == ("Emma", "inactive", "", "")
    two.imported(bot=None)
    assert bots() == [
        ("Anna", "maintenance", "anna_here", "123456789:…AAAA"),
        ("Emma", "active", "", "123456789:…BBBB"),
    ]
    with maintenance_context():
        emma = Bot.objects.get(name="Emma")
        assert emma.config == {"model": "x"}
    assert two.imported(bot=None).remarks == []
    two.write("bots.json", {"bots": [described("Emma", "C")]})
    assert two.imported(bot=None).remarks == [
        "Emma: bots.json has another token than the bot, which keeps its."
    ]
    assert bots()[1][3] == "123456789:…BBBB"


def test_the_roots_list_goes_before_a_folders(two: Tree) -> None:
    two.write("bots.json", {"bots": [described("Anna", "A", username="anna_bot")]})
    two.write("Anna/config.json", {"bots": [{"name": "anna"}]})
    two.imported(bot=None)
    assert bots()[0] == ("Anna", "active", "anna_bot", "123456789:…AAAA")


def test_a_list_that_is_being_written(two: Tree) -> None:
    two.write("bots.json", TORN)
    report = two.imported(bot=None, min_age=60)
    assert "bots.json" in report.outcome.left.kept
    assert refused(report) == []


def test_of_one_bot_alone(two: Tree) -> None:
    two.write("bots.json", {"bots": [described("Anna", "A"), described("Ghost", "B")]})
    two.imported(bot="Anna")
    assert [name for name, *_ in bots()] == ["Anna"]
    assert two.imported(bot="Emma").remarks == [
        "Emma: not among the bots described here, but Anna, Ghost."
    ]


@pytest.mark.parametrize("name", ["ΝΙΚΟΣ", "İstanbul", "STRAẞE", "ǅem"])
def test_names_that_python_and_postgresql_write_small_in_two_ways(tree: Tree, name: str) -> None:
    tree.write(f"{name}/conversations/1.json", [line(1)])
    tree.write("bots.json", {"bots": [described(name, "A")]})
    tree.imported(bot=None)
    assert tree.imported(bot=None).outcome.unchanged_files == 1
    assert [row[:2] for row in bots()] == [(name, "active")]


def test_names_alike(tree: Tree) -> None:
    for name in ("Anna", "ANNA"):
        tree.write(f"{name}/conversations/1.json", [line(1)])
    with pytest.raises(ImportRefused, match="named alike"):
        tree.imported(bot=None)


def test_two_first_imports_at_once(tree: Tree) -> None:
    """One makes the bot; the other takes it, and imports after it or is refused."""
    tree.old_chat(1, *(line(n) for n in range(1, 200)))
    together = threading.Barrier(4)
    said: list[str] = []

    def run() -> None:
        try:
            together.wait()
            said.append(str(tree.imported().counts["messages"].inserted))
        except ImportRefused as refused:
            said.append(str(refused))
        finally:
            connections.close_all()

    for name in ("Emma", "Anna", "Kate"):
        tree.bot = name
        said.clear()
        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(said), said.count("199")) == (4, 1)
        assert all(one in ("199", "0") or "is running" in one for one in said), said
    assert len(bots()) == 3
