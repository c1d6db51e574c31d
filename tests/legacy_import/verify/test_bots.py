"""Bots of bots.json: what the import does not take of them as it is written is no difference."""

import pytest

from tests.legacy_import.tree import Tree, line
from tests.legacy_import.verify.verifying import everything, passed, verified

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "AAF-secret_secret_secret_secret_sec"
TOKEN = f"123456789:{SECRET}"
OTHER = "987654321:BBF-secret_secret_secret_secret_sec"
HOOKS = {"hook": f"https://example.com/{TOKEN}", "fallback": [OTHER, 12], "keys": {SECRET: 1}}


@pytest.mark.parametrize(
    "entry",
    [
        {"telegram_token": TOKEN, "status": "active", "config": HOOKS},
        {"status": "active"},
        {"owner_telegram_id": 0},
        {"owner_telegram_id": 5.5, "username": "emma_bot"},
        {"status": "maintenance"},
        {"telegram_token": "of no form", "status": "active"},
        {"telegram_token": TOKEN, "username": "no user name", "status": "active"},
    ],
)
def test_a_bot_as_it_is_described(tree: Tree, by_hand, entry) -> None:
    tree.write("bots.json", {"bots": [{"name": "Emma", **entry}]})
    tree.old_chat(7, line(1), line(2))
    tree.imported()
    findings = verified(tree)
    assert passed(findings)
    assert not findings.notes
    # Which time it was updated at is no excuse.
    by_hand("UPDATE bots SET updated_at = updated_at + interval '1 second'")
    assert passed(verified(tree))
    by_hand("UPDATE bots SET status = 'error', config = config || '{\"more\": 1}'")
    assert {one.field for one in everything(verified(tree))} == {"status", "config"}


def test_a_bot_that_is_described_twice(tree: Tree) -> None:
    described = ({"name": "Emma", "owner_telegram_id": 5}, {"name": "EMMA", "owner_telegram_id": 6})
    tree.write("bots.json", {"bots": [*described]})
    tree.old_chat(7, line(1), line(2))
    tree.imported()
    assert passed(verified(tree))


def test_a_token_that_another_bot_has(tree: Tree) -> None:
    described = {"telegram_token": TOKEN, "status": "active"}
    tree.write("bots.json", {"bots": [
        {"name": name, **described} for name in ("Anna", "Emma", "E" * 201)
    ]})  # fmt: skip
    for bot in ("Anna", "Emma"):
        tree.write(f"{bot}/conversations/7.json", [line(1), line(2)])
    tree.bot = None  # type: ignore[assignment]
    tree.imported()
    findings = verified(tree)
    assert passed(findings)
    assert findings.notes == [
        "bots.json: its record 3 was not compared: the bot's name is too long",
        "bots.json: Emma's token is another bot's, and was not taken",
    ]


def test_a_bot_that_got_its_token_from_a_later_import(tree: Tree) -> None:
    tree.old_chat(7, line(1), line(2))
    tree.write("bots.json", {"bots": [{"name": "Emma"}]})
    tree.imported()
    entry = {"name": "Emma", "telegram_token": TOKEN, "username": "emma_bot", "config": {"a": 1}}
    tree.write("bots.json", {"bots": [{**entry, "owner_telegram_id": 5, "status": "active"}]})
    tree.imported()
    assert passed(verified(tree))


@pytest.fixture
def fleet(tree: Tree) -> Tree:
    """Two bots with tokens."""
    tree.write("bots.json", {"bots": [
        {"name": name, "telegram_token": token, "status": "active"}
        for name, token in (("Anna", OTHER), ("Emma", TOKEN))
    ]})  # fmt: skip
    for bot in ("Anna", "Emma"):
        tree.write(f"{bot}/conversations/7.json", [line(1), line(2)])
    tree.bot = None  # type: ignore[assignment]
    tree.imported()
    return tree


@pytest.mark.parametrize(
    "change",
    [
        "telegram_token = o.telegram_token",
        "telegram_token = 'gAAAA'",
        "telegram_token = NULL, token_fingerprint = NULL, token_masked = ''",
        "token_masked = '123456789:…xxxx'",
        "token_fingerprint = 'x' || b.token_fingerprint",
    ],
)
def test_another_token(fleet: Tree, changed_back, change: str) -> None:
    """Also where no bots.json says which one it was."""
    assert passed(verified(fleet))
    with changed_back(f"UPDATE bots AS b SET {change} FROM bots AS o WHERE b.id <> o.id"):
        assert verified(fleet).total.total()
        if "NULL" not in change:
            (fleet.root / "bots.json").unlink()
            assert {one.file for one in everything(verified(fleet))} == {"Anna", "Emma"}


@pytest.mark.parametrize("content", [None, b"{broken", b'{"bots": [{"name": "Anna"'])
def test_bots_that_nothing_describes_any_more(fleet: Tree, content: bytes | None) -> None:
    (fleet.root / "bots.json").unlink()
    if content:
        fleet.write("bots.json", content)
    notes = verified(fleet).notes
    for bot in ("Anna", "Emma"):
        assert any(note.startswith(f"{bot}: no bots.json") for note in notes)
    assert len(notes) == 2 + (content is not None)
