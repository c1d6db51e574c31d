"""The files of a tree: each once, in one order, whatever stands there."""

import ast
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from legacy_import.source.inventory import NoBots, inventory, is_gone
from legacy_import.source.reading import read
from legacy_import.source.records import Kind, Reject, SourceFile
from tests.clusters import ROOT


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
        "\u202e\x7f ж".encode(): "\\u202e\\x7f ж",
        b"5\n.json": "5\\n.json",
    }
    make(workspace, *(b"conversations/" + name for name in names))
    files = list(inventory(workspace, "main"))
    assert {file.path for file in files} == {f"conversations/{name}" for name in names.values()}
    for file in files:
        assert file.path.encode().decode().isprintable()
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
        "conversations/3.json": "too-fresh",
    }
    time.sleep(0.3)  # it was written long ago, whatever it says
    assert set(problems(list(inventory(workspace, "main", min_age=0.2))).values()) == {None}
    assert set(problems(list(inventory(workspace, "main"))).values()) == {None}


def test_a_file_that_is_written_during_a_long_walk(workspace: Path) -> None:
    """Its age is that of the moment when the walk comes to it."""
    make(workspace, "conversations/1.json", "conversations/2.json", "conversations/3.json")
    time.sleep(0.3)
    walk = inventory(workspace, "main", min_age=0.2)
    assert next(walk).problem is None
    time.sleep(0.5)
    make(workspace, "conversations/2.json")
    assert problems(list(walk)) == {
        "conversations/2.json": "too-fresh",
        "conversations/3.json": None,
    }


def test_a_name_that_is_no_bots(workspace: Path) -> None:
    make(workspace, "anna/metrics.json", "Бот/metrics.json", "bots.json", "notes/todo")
    with pytest.raises(NoBots, match=r"no bot's folder anaa here\. Did you mean anna.*anna, Бот"):
        list(inventory(workspace, "anaa"))
    with pytest.raises(NoBots, match=r"Did you mean Бот\?"):
        list(inventory(workspace, "бот"))
    with pytest.raises(NoBots, match=r"here. There are: anna, Бот\."):
        list(inventory(workspace, "notes"))


def test_an_empty_folder_is_no_bots_tree(workspace: Path) -> None:
    with pytest.raises(NoBots, match=r"Is the disk mounted\?"):
        list(inventory(workspace, "anna"))


@pytest.mark.parametrize(
    ("mode", "folder", "seen"),
    [
        (0, "anna", ["anna"]),
        (0, "anna/conversations", ["anna/conversations"]),
        (0, "anna/backups", ["anna/backups"]),
        (0, "anna/backups/1", ["anna/backups/1"]),
        (0, "anna/odd/deep", ["anna/odd/deep"]),
        (0o100, "anna", ["anna"]),
        (0o400, "anna/conversations", ["anna/conversations/1.json"]),
    ],
)
def test_folders_that_cannot_be_read(
    workspace: Path, mode: int, folder: str, seen: list[str]
) -> None:
    """Each is a problem of its own, and everything else is found. As somebody who is not root."""
    for bot in ("anna", "bob"):
        make(workspace, *(f"{bot}/{path}" for path in (
            "conversations/1.json", "backups/1/2024-01-01.json", "odd/deep/x")))  # fmt: skip
    everything = set(problems(list(inventory(workspace))))
    (workspace / folder).chmod(mode)
    workspace.chmod(0o755)
    try:
        listed = ast.literal_eval(as_nobody(LISTING, workspace))
    finally:
        (workspace / folder).chmod(0o755)
    assert [path for path, problem in listed.items() if problem] == seen
    assert all(listed[path] == "unreadable" for path in seen)
    assert listed.keys() | {p for p in everything if p.startswith(folder)} == everything | {*seen}


def test_a_root_that_cannot_be_read(workspace: Path) -> None:
    make(workspace, "metrics.json")
    for mode in (0, 0o100, 0o400):
        workspace.chmod(mode)
        try:
            assert "cannot be read: Permission denied." in as_nobody(LISTING, workspace)
        finally:
            workspace.chmod(0o755)


LISTING = """
import pathlib, sys
from legacy_import.source.inventory import NoBots, inventory, is_gone
try:
    print({file.path: file.problem for file in inventory(pathlib.Path(sys.argv[1]))})
except NoBots as error:
    print(error)
"""


def as_nobody(code: str, *arguments: object) -> str:
    """Permissions hold for root only where it has given up overriding them."""
    without: list[str] = []
    if os.geteuid() == 0:
        none = "-dac_override,-dac_read_search"
        without = ["setpriv", f"--bounding-set={none}", f"--inh-caps={none}"]
    command = [*without, sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    "name", [b"a", "жук \u202e".encode(), b"a\nb\\n", b"\xff\x85", "\x85".encode(), b"\\x41"]
)
def test_what_is_gone(workspace: Path, name: bytes) -> None:
    make(workspace, b"conversations/" + name)
    [file] = inventory(workspace, "main")
    assert not is_gone(workspace, file.path)
    os.unlink(os.path.join(os.fsencode(workspace), b"conversations", name))
    assert is_gone(workspace, file.path)


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


@pytest.mark.slow
def test_many_files(workspace: Path) -> None:
    folder = workspace / "conversations"
    folder.mkdir()
    for number in range(20_000):
        os.close(os.open(folder / f"{number}.json", os.O_CREAT | os.O_WRONLY))
    began = time.process_time()
    assert sum(1 for _ in inventory(workspace, "main")) == 20_000
    assert time.process_time() - began < 4
