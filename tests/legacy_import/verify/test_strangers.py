"""Files that belong nowhere: what is kept of them has no token, and the verifier knows that."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legacy_import.verify.report.result import status
from legacy_import.verify.source import strangers
from legacy_import.verify.source.strangers import MASKED, WITHHELD
from tests.factories import BotFactory
from tests.legacy_import.tree import Tree, line
from tests.legacy_import.verify.verifying import everything, passed, verified

SECRET = "AAF-secret_secret_secret_secret_sec"
TOKEN = f"123456789:{SECRET}"
LISTS = (
    *("bots.json.bak", "config.json~", "old/Bots (copy).JSON", "conversations/config.json"),
    *("backups/5/bots.json", "girls_data/config.json"),
)
pieces = st.one_of(
    st.binary(max_size=6),
    st.sampled_from([b"12345:", b"1234567%3A", TOKEN.encode(), SECRET.encode(), b"A" * 250]),
    st.sampled_from(["utf-16-le", "utf-16-be", "utf-32"]).map(TOKEN.encode),
)


@given(st.lists(pieces, max_size=12).map(b"".join), st.integers(1, 400))
def test_wherever_one_block_ends_and_the_next_begins(content, block):
    strangers.BLOCK, usual = block, strangers.BLOCK
    try:
        found = strangers.stranger("notes", io.BytesIO(content))
    finally:
        strangers.BLOCK = usual
    whole = strangers.stranger("notes", io.BytesIO(content))
    assert (found.size, found.sha256) == (whole.size, whole.sha256)
    assert whole.size < len(content) or whole.reason != MASKED


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32-be"])
def test_tokens_in_strangers(tree: Tree, by_hand, encoding) -> None:
    BotFactory(name="Emma")
    tree.old_chat(7, line(1), line(2))
    filler = "слово " * 20_000
    text = f"a {TOKEN} "
    while len(text.encode(encoding)) < 2_500_000:
        text += f"{TOKEN.replace(':', '%3A')}; sha256:{'ab' * 20} {filler[: len(text) % 977]}"
    tree.write("notes/env", text.encode(encoding))
    tree.write("notes/plain", b"12:30")
    tree.write("backups/7/yesterday.json", {"token": TOKEN})
    tree.imported()
    findings = verified(tree)
    assert passed(findings)
    assert findings.figures["repairs"][MASKED] == 1
    by_hand("UPDATE import_rejects SET raw = replace(raw::text, '6d', '6e')::bytea WHERE place = 0")
    assert {one.file for one in everything(verified(tree))} == {
        "notes/env", "backups/7/yesterday.json"
    }  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", LISTS)
def test_what_may_be_a_list_of_bots_is_withheld(tree: Tree, by_hand, path) -> None:
    BotFactory(name="Emma")
    tree.old_chat(7, line(1), line(2))
    tree.write(path, {"bots": [{"name": "Anna", "telegram_token": TOKEN}]})
    tree.imported()
    findings = verified(tree)
    assert passed(findings)
    assert findings.figures["repairs"].get(WITHHELD, 0) == (not path.startswith("backups/"))
    by_hand("UPDATE import_rejects SET raw = raw || '!'::bytea")
    assert {one.file for one in everything(verified(tree))} == {path}


@pytest.mark.django_db(transaction=True)
def test_lists_of_bots_beside_the_folders_and_in_them(tree: Tree, by_hand) -> None:
    """What is said last counts, in the one beside the folders; none is a stranger."""
    described = {"telegram_token": TOKEN, "status": "active"}
    tree.write("bots.json", {"bots": [
        {"name": "Emma", "username": "older_bot", **described},
        {"name": "Emma", "username": "emma_bot", **described},
    ]})  # fmt: skip
    tree.write("Emma/config.json", {"bots": [
        {"name": "Emma", "username": "old_bot", **described},
    ]})  # fmt: skip
    tree.write("Emma/conversations/7.json", [line(1), line(2)])
    tree.bot = None  # type: ignore[assignment]
    tree.imported()
    findings = verified(tree)
    assert status(findings) == "passed", everything(findings)
    assert findings.figures["content"]["bots"] == 1
    by_hand("UPDATE bots SET username = 'old_bot'")
    (found,) = everything(verified(tree))
    assert (found.file, found.place, found.field) == ("bots.json", 2, "username")
