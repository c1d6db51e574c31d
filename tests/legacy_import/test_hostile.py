"""Whatever lies in the tree, an import ends, and accounts for it."""

import os
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.legacy_import.tree import Tree, line, query

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_kind_of_dirt(workspace: Path) -> None:
    root = workspace / "dirty"
    call_command("make_legacy_sample", str(root), "--bots", "2", "--conversations", "6",
                 "--messages", "120", "--dirt", "-v", "0")  # fmt: skip
    tree = Tree(root)
    report = tree.imported(bot=None)
    assert report.counts.total("rejected") > 30
    assert report.counts.total("repaired") > 10
    codes = {code for (code,) in query("SELECT DISTINCT code FROM import_rejects")}
    assert {"truncated", "symlink", "unknown-file", "age-out-of-range"} <= codes
    again = tree.imported(bot=None)
    assert again.outcome.unchanged_files + 1 >= again.outcome.files - again.outcome.rejected.number
    assert again.counts.total("inserted") == again.counts.total("changed") == 0
    for name in ("source", "rejected"):
        assert again.counts.total(name) == report.counts.total(name)


def test_what_is_no_file(tree: Tree) -> None:
    tree.old_chat(1, line(1))
    folder = tree.root / "conversations"
    secret = tree.root.parent / "secret.json"
    secret.write_text('[{"ts": "2024-05-01T12:00:00Z", "direction": "in", "text": "secret"}]')
    (folder / "2.json").symlink_to(secret)
    os.mkfifo(folder / "3.json")
    (tree.root / "backups").mkdir()
    (tree.root / "backups/4").mkdir()
    (tree.root / "backups/4/2024-05-01.json").symlink_to(secret)
    (tree.root / "metrics.json").symlink_to(secret)
    tree.write("backups/4/notes.json", b"notes")
    tree.write("backups/x/2024-05-01.json", b"{}")
    report = tree.imported()
    assert query("SELECT content FROM messages") == [("line 1",)]
    rejects = {reject["file"]: reject["code"] for reject in report.outcome.rejects}
    assert rejects == {
        "conversations/2.json": "symlink",
        "conversations/3.json": "not-a-file",
        "backups/4/2024-05-01.json": "symlink",
        "backups/4/notes.json": "unknown-file",
        "backups/x/2024-05-01.json": "name-not-a-number",
        "metrics.json": "symlink",
    }


def test_names_that_are_no_text(tree: Tree) -> None:
    tree.old_chat(1, line(1))
    for name in (b"a\nb.json", b"\xff\xfe.json"):
        Path(os.fsdecode(os.fsencode(tree.root / "conversations") + b"/" + name)).write_bytes(b"x")
    report = tree.imported()
    assert report.counts.total("rejected") == 2
    assert all(name.isprintable() for name in (r["file"] for r in report.outcome.rejects))


def test_a_reason_that_quotes_what_cannot_be_stored(tree: Tree) -> None:
    for n, direction in enumerate((r"\u0000a", r"\ude00\ud83d", r"\ud83d"), 1):
        record = b'[{"ts": "2024-05-01T12:00:00Z", "text": "x", "direction": "DIRECTION"}]'
        tree.write(f"conversations/{n}.json", record.replace(b"DIRECTION", direction.encode()))
    report = tree.imported()
    assert report.counts["messages"].rejected == 3
    assert {reject["code"] for reject in report.outcome.rejects} == {"direction-unknown"}
