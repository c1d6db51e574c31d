"""The files of a tree: each once, in one order, whatever stands there."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from legacy_import.source.inventory import NoBots, inventory
from legacy_import.source.reading import read
from legacy_import.source.records import Kind, Reject, SourceFile


def make(root: Path, *paths: str | bytes) -> None:
    for path in paths:
        full = os.path.join(os.fsencode(root), os.fsencode(path))
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as file:
            file.write(b"{}")


def found(root: Path, bot: str | None = None) -> list[tuple[str | None, str, Kind, int | None]]:
    files = list(inventory(root, bot))
    assert files == list(inventory(root, bot))
    return [(file.bot, file.path, file.kind, file.key) for file in files]


def problems(files: list[SourceFile]) -> dict[str, str | None]:
    return {file.path: file.problem for file in files}


def test_one_tree(workspace: Path) -> None:
    make(
        workspace,
        "conversations/10.json", "conversations/-9.json", "conversations/note.txt",
        "conversations/x.json", "conversations/007.json", "conversations/old/1.json",
        "girls_data/10.json", "girls_data/10.tmp",
        "girls_data/10.backup.2025-08-10T12:00:00.json",
        "girls_data.json", "metrics.json", "bots.json", "README",
        "backups/10/2025-08-10.json", "backups/10/x.tmp", "backups/who/2025-08-10.json",
        f"conversations/{-2**63}.json", f"conversations/{2**63}.json",
    )  # fmt: skip
    assert found(workspace, "main") == [
        ("main", path, kind, key)
        for path, kind, key in [
            ("bots.json", Kind.BOTS, None),
            ("girls_data.json", Kind.PROFILES, None),
            ("girls_data/10.backup.2025-08-10T12:00:00.json", Kind.UNKNOWN, 10),
            ("girls_data/10.json", Kind.PROFILE, 10),
            ("girls_data/10.tmp", Kind.UNKNOWN, 10),
            ("metrics.json", Kind.METRICS, None),
            ("conversations/-9.json", Kind.CONVERSATION, -9),
            (f"conversations/{-(2**63)}.json", Kind.CONVERSATION, -(2**63)),
            ("conversations/007.json", Kind.CONVERSATION, None),
            ("conversations/10.json", Kind.CONVERSATION, 10),
            (f"conversations/{2**63}.json", Kind.CONVERSATION, None),
            ("conversations/note.txt", Kind.UNKNOWN, None),
            ("conversations/old/1.json", Kind.UNKNOWN, None),
            ("conversations/x.json", Kind.CONVERSATION, None),
            ("backups/10/2025-08-10.json", Kind.BACKUP, 10),
            ("backups/10/x.tmp", Kind.UNKNOWN, None),
            ("backups/who/2025-08-10.json", Kind.BACKUP, None),
            ("README", Kind.UNKNOWN, None),
        ]
    ]


def test_several_trees(workspace: Path) -> None:
    make(
        workspace,
        "anna/conversations/1.json", "бот/girls_data.json", "bots.json", "notes/todo", "stray",
    )  # fmt: skip
    assert found(workspace) == [
        (None, "bots.json", Kind.BOTS, None),
        ("anna", "anna/conversations/1.json", Kind.CONVERSATION, 1),
        ("бот", "бот/girls_data.json", Kind.PROFILES, None),
        (None, "notes/todo", Kind.UNKNOWN, None),
        (None, "stray", Kind.UNKNOWN, None),
    ]
    assert found(workspace, "anna") == [
        (None, "bots.json", Kind.BOTS, None),
        ("anna", "anna/conversations/1.json", Kind.CONVERSATION, 1),
    ]


def test_which_bot(workspace: Path) -> None:
    with pytest.raises(NoBots, match="neither"):
        list(inventory(workspace))
    make(workspace, "metrics.json")
    with pytest.raises(NoBots, match="--bot"):
        list(inventory(workspace))


def test_what_is_not_followed_or_opened(workspace: Path) -> None:
    make(workspace, "tree/conversations/1.json", "secret/2.json", "secret/conversations/3.json")
    tree, secret = workspace / "tree", workspace / "secret"
    (tree / "conversations/2.json").symlink_to(secret / "2.json")
    (tree / "conversations/9.json").symlink_to("nowhere")
    (tree / "girls_data").symlink_to(secret)
    (tree / "backups").mkdir()
    (tree / "backups/5").symlink_to(secret)
    os.mkfifo(tree / "conversations/4.json")
    files = list(inventory(tree, "main"))
    assert problems(files) == {
        "girls_data": "symlink",
        "conversations/1.json": None,
        "conversations/2.json": "symlink",
        "conversations/4.json": "not-a-file",
        "conversations/9.json": "symlink",
        "backups/5": "symlink",
    }
    for file in files[1:]:
        if file.problem:
            reading = read(tree, file)
            [reject] = reading.records
            assert isinstance(reject, Reject)
            assert (reject.place, reject.code, reject.raw) == (0, file.problem, b"")
            assert reading.source == 1


def test_a_linked_bot_is_no_bot(workspace: Path) -> None:
    make(workspace, "tree/anna/metrics.json", "elsewhere/metrics.json")
    (workspace / "tree/bob").symlink_to(workspace / "elsewhere")
    assert problems(list(inventory(workspace / "tree"))) == {
        "anna/metrics.json": None,
        "bob": "symlink",
    }


def test_names_that_cannot_be_printed(workspace: Path) -> None:
    names = {
        b"line\nbreak": "line\\nbreak",
        b"line\\nbreak": "line\\\\nbreak",
        b"\xff\xfe": "\\xff\\xfe",
        "\u202e\x7f ж".encode(): "\u202e\\x7f ж",
        b"5\n.json": "5\\n.json",
    }
    make(workspace, *(b"conversations/" + name for name in names))
    files = list(inventory(workspace, "main"))
    assert {file.path for file in files} == {f"conversations/{name}" for name in names.values()}
    for file in files:
        assert file.path.encode().decode().isprintable() or "\u202e" in file.path
        [reject] = read(workspace, file).records
        assert isinstance(reject, Reject)
        assert (reject.code, reject.raw) in (
            ("unknown-file", b"{}"),
            ("name-not-a-number", b"{}"),
        )


def test_files_that_may_still_be_written(workspace: Path) -> None:
    make(workspace, "conversations/1.json", "conversations/2.json", "conversations/3.json")
    now = time.time()
    os.utime(workspace / "conversations/1.json", (now - 60, now - 60))
    os.utime(workspace / "conversations/3.json", (now + 3600, now + 3600))  # a wrong clock
    assert problems(list(inventory(workspace, "main", min_age=10))) == {
        "conversations/1.json": None,
        "conversations/2.json": "too-fresh",
        "conversations/3.json": None,
    }


def test_endless_folders(workspace: Path) -> None:
    """Deeper than a path may be long, and than Python may recurse."""
    make(workspace, "metrics.json")
    here = os.getcwd()
    try:
        os.chdir(workspace)
        for _ in range(1200):
            os.mkdir("deeper")
            os.chdir("deeper")
    finally:
        os.chdir(here)
    last = list(inventory(workspace, "main"))[-1]
    assert last.problem == "unreadable"
    assert last.path.startswith("deeper/deeper/")
    subprocess.run(["rm", "-r", workspace / "deeper"], check=True)  # rmtree recurses


def test_many_files(workspace: Path) -> None:
    folder = workspace / "conversations"
    folder.mkdir()
    for number in range(20_000):
        os.close(os.open(folder / f"{number}.json", os.O_CREAT | os.O_WRONLY))
    began = time.process_time()
    assert sum(1 for _ in inventory(workspace, "main")) == 20_000
    assert time.process_time() - began < 4
