"""Every file of a tree is one of the known kinds, or named as a stranger."""

import ast
import os
from collections import Counter

import pytest

from botplatform.legacy_sample.dirt import KINDS
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.rows import Reject
from legacy_import.verify.source.tree import Kind, files, id_in, printable
from tests.legacy_import.source.test_inventory import as_nobody
from tests.legacy_import.verify.reading import written
from tests.legacy_sample.trees import SMALL, made

BOT = {
    "girls_data/7.json": Kind.PROFILE,
    "girls_data/-7.json": Kind.PROFILE,
    "girls_data/7.tmp": Kind.STRANGER,
    "girls_data/7.backup.2025-08-10T12:00:00.json": Kind.STRANGER,
    "girls_data/emma.json": Kind.STRANGER,
    "girls_data/deep/7.json": Kind.STRANGER,
    "conversations/7.json": Kind.CONVERSATION,
    "conversations/07.json": Kind.STRANGER,
    "conversations/9223372036854775808.json": Kind.STRANGER,
    "conversations/7.json.gz": Kind.STRANGER,
    "backups/7/2025-07-01.json": Kind.BACKUP,
    "backups/7/2025-02-30.json": Kind.BACKUP,
    "backups/7/yesterday.json": Kind.BACKUP,
    "backups/7/notes.txt": Kind.STRANGER,
    "backups/emma/2025-07-01.json": Kind.STRANGER,
    "backups/2025-07-01.json": Kind.STRANGER,
    "metrics.json": Kind.METRICS,
    "girls_data.json": Kind.OLDER_PROFILES,
    "notes.txt": Kind.STRANGER,
}


def found(root, bot=None):
    return {file.path: (file.bot, file.kind) for file in files(root, bot)}


def test_the_tree_of_one_bot(tmp_path):
    for path in (*BOT, "bots.json"):
        written(tmp_path, path, "{}")
    assert found(tmp_path, "Emma") == {
        path: ("Emma", kind) for path, kind in (BOT | {"bots.json": Kind.BOTS}).items()
    }


def test_a_tree_of_several(tmp_path):
    for path in (*BOT, "bots.json", "config.json"):
        written(tmp_path, f"Emma/{path}", "{}")
    for path in ("Анна/metrics.json", "bots.json", "config.json", "empty/x.json", "readme"):
        written(tmp_path, path, "{}")
    assert found(tmp_path) == {
        **{f"Emma/{path}": ("Emma", kind) for path, kind in BOT.items()},
        "Emma/bots.json": ("Emma", Kind.BOTS),
        "Emma/config.json": ("Emma", Kind.BOTS),
        "Анна/metrics.json": ("Анна", Kind.METRICS),
        "bots.json": (None, Kind.BOTS),
        "config.json": (None, Kind.BOTS),
        "empty/x.json": (None, Kind.STRANGER),
        "readme": (None, Kind.STRANGER),
    }


def test_nothing_outside_is_looked_at(tmp_path):
    written(tmp_path, "outside/7.json", "{}")
    tree = tmp_path / "tree"
    written(tree, "conversations/1.json", "[]")
    (tree / "conversations" / "7.json").symlink_to("../../outside/7.json")
    (tree / "girls_data").symlink_to("../outside")
    os.mkfifo(tree / "metrics.json")
    assert found(tree, "Emma") == {
        "conversations/1.json": ("Emma", Kind.CONVERSATION),
        "conversations/7.json": ("Emma", Kind.NO_FILE),
        "girls_data": ("Emma", Kind.NO_FILE),
        "metrics.json": ("Emma", Kind.NO_FILE),
    }


LISTING = """
import pathlib, sys
from legacy_import.verify.source.tree import files
print({file.path: file.kind.value for file in files(pathlib.Path(sys.argv[1]), None)})
"""


@pytest.mark.parametrize(
    ("mode", "folder", "seen"),
    [
        (0, "anna", ["anna"]),
        (0, "anna/conversations", ["anna/conversations"]),
        (0, "anna/backups", ["anna/backups"]),
        (0, "anna/backups/3", ["anna/backups/3"]),
        (0, "anna/odd/deep", ["anna/odd/deep"]),
        (0o100, "anna", ["anna"]),
        (0o400, "anna/conversations", ["anna/conversations/1.json"]),
    ],
)
def test_folders_that_cannot_be_read(tmp_path, mode, folder, seen):
    """Each is a reject of its own; as somebody who is not root."""
    for bot in ("anna", "bob"):
        for path in ("conversations/1.json", "backups/3/2024-01-01.json", "odd/deep/x"):
            written(tmp_path, f"{bot}/{path}", "{}")
    everything = set(found(tmp_path))
    (tmp_path / folder).chmod(mode)
    try:
        listed = ast.literal_eval(as_nobody(LISTING, tmp_path))
    finally:
        (tmp_path / folder).chmod(0o755)
    assert [path for path, kind in listed.items() if kind == "no file"] == seen
    below = {path for path in everything if path.startswith(folder)}
    assert listed.keys() | below == everything | {*seen}


@pytest.mark.parametrize(
    ("name", "number"),
    [("0", 0), ("-1", -1), ("9223372036854775807", 2**63 - 1), ("-9223372036854775808", -(2**63))],
)
def test_ids(name, number):
    assert id_in(name) == number


@pytest.mark.parametrize(
    "name",
    ["", "-", "-0", "00", "07", "+7", "7 ", "7.0", "٣", "1e3", "9223372036854775808", "1" * 99],
)
def test_names_that_are_no_ids(name):
    assert id_in(name) is None


def test_paths_can_be_printed():
    assert printable(os.fsdecode(b"a/\xd0\xb6 \xff\n.json")) == r"a/ж \xff\n.json"


def test_a_clean_sample_has_as_many_records_as_asked_and_no_reject(tmp_path):
    counts: Counter[str] = Counter()
    for file in files(made(tmp_path / "tree"), None):
        if file.kind not in (Kind.BOTS, Kind.BACKUP):
            counts.update(type(row).__name__ for row in Expected(file, tmp_path / "tree"))
    assert counts["MessageRow"] == SMALL.messages
    assert not counts["Reject"]
    assert set(counts) == {"MessageRow", "ProfileRow", "MetricRow"}


# Kind of dirt -> whether something is refused, and whether something is repaired.
CONSEQUENCES = {
    "empty": (True, True),
    "truncated": (True, False),
    "garbage": (True, False),
    "encodings": (True, True),
    "nul": (False, True),
    "surrogates": (False, True),
    "not_numbers": (False, True),
    "huge_numbers": (True, True),
    "deep_nesting": (True, False),
    "duplicate_keys": (False, True),
    "wrong_types": (True, True),
    "long_text": (False, False),
    "rich_text": (False, True),
    "missing_fields": (False, True),
    "duplicate_ids": (False, True),
    "ages": (True, False),
    "counters": (False, False),
    "bad_timestamps": (False, True),
    "time_formats": (False, True),
    "backwards": (False, False),
    "names_differ": (True, False),
    "odd_names": (True, False),
    "leftovers": (True, False),
    "lost_history": (False, False),
    "strangers": (True, False),
    "hostile_files": (True, False),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_dirt_has_its_consequence(tmp_path, kind):
    root = made(tmp_path / "tree", kind)
    rejected = repaired = False
    for file in files(root, None):
        if file.kind in (Kind.BOTS, Kind.BACKUP):
            continue
        for row in Expected(file, root):
            if isinstance(row, Reject):
                rejected = True
            elif row.repairs:
                repaired = True
    assert (rejected, repaired) == CONSEQUENCES[kind]
