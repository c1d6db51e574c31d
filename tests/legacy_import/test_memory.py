"""At most 300 MB, whatever the tree: the commands themselves, measured."""

import sys
from pathlib import Path

import pytest

from tests.legacy_import.measured import append, in_bounds, measured
from tests.legacy_import.tree import Tree, line

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc"),
]


def test_a_conversation_of_300_mb(tree: Tree, cluster: Path) -> None:
    path = tree.old_chat(1)
    said = b'{"ts": "2024-05-01T12:00:00Z", "direction": "in", "text": "' + b"word " * 400 + b'"}'
    append(path, b"[", said, 150_000, b"]")
    assert path.stat().st_size > 300_000_000
    bot = ("--bot", "Emma")
    first = in_bounds(
        measured(cluster, "import_legacy_json", str(tree.root), *bot, "--format", "json")
    )
    assert first.json["kinds"]["messages"]["inserted"] == 150_001
    # Performance is another matter, on a machine that does something else.
    verified = in_bounds(measured(cluster, "verify_migration", str(tree.root), *bot), 0, 3)
    assert "150,001 messages, 1 conversations" in verified.out
    in_bounds(measured(cluster, "export_legacy_json", str(tree.root.parent / "back"), *bot))
    assert (tree.root.parent / "back/conversations/1.json").stat().st_size > 300_000_000
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"," + said + b"]")
    again = in_bounds(
        measured(cluster, "import_legacy_json", str(tree.root), *bot, "--min-age", "0",
                 "--format", "json")
    )  # fmt: skip
    assert again.json["kinds"]["messages"]["inserted"] == 1
    in_bounds(measured(cluster, "rollback_import", str(again.json["run_id"])))
    in_bounds(measured(cluster, "rollback_import", str(first.json["run_id"])))


def test_many_small_files(tree: Tree, cluster: Path) -> None:
    for chat in range(1, 10_001):
        tree.old_chat(chat, line(1))
    command = ("import_legacy_json", str(tree.root), "--bot", "Emma", "--min-age", "0")
    first = in_bounds(measured(cluster, *command, "--format", "json")).json
    assert first["kinds"]["messages"]["inserted"] == 10_000
    again = in_bounds(measured(cluster, *command, "--format", "json")).json
    assert again["unchanged_files"] == 10_000
    in_bounds(measured(cluster, "rollback_import", str(first["run_id"])))


@pytest.mark.parametrize("name", ["notes.bin", "conversations/7.json"])
def test_300_mb_that_are_nothing(tree: Tree, cluster: Path, name: str) -> None:
    append(tree.write(name, b""), b"", b"nothing " * 1000, 38_000, b"")
    tree.old_chat(1, line(1))
    command = ("import_legacy_json", str(tree.root), "--bot", "Emma", "--min-age", "0")
    report = in_bounds(measured(cluster, *command, "--format", "json"), 3).json
    assert report["rejects"][0]["file"] == name
    assert (tree.root / name).stat().st_size > 300_000_000
    in_bounds(measured(cluster, "export_legacy_json", str(tree.root.parent / "back"),
                       "--bot", "Emma"))  # fmt: skip
    assert (tree.root.parent / "back" / name).read_bytes() == (tree.root / name).read_bytes()


def test_a_history_of_measurements(tree: Tree, cluster: Path) -> None:
    entry = b'{"timestamp": "2024-05-01T12:00:00", "metrics": {"a": 1, "b": 2, "c": true}}'
    append(tree.write("metrics.json", b""), b'{"history": [', entry, 100_000, b"]}")
    command = ("import_legacy_json", str(tree.root), "--bot", "Emma", "--format", "json")
    report = in_bounds(measured(cluster, *command)).json
    assert report["kinds"]["metrics"]["inserted"] == 300_003


@pytest.mark.parametrize(
    ("path", "begin", "entry", "end"),
    [
        ("conversations/1.json", "[", '1, {{"ts": "0", "direction": "in", "text": "{}"}}', "]"),
        ("girls_data.json", '{"girls": {', '"{}": {{"name": "Anna", "age": "30"}}', "}}"),
    ],
    ids=["rejects and repairs", "people"],
)
def test_verification_of_many_takes_no_more(
    tree: Tree, cluster: Path, path: str, begin: str, entry: str, end: str
) -> None:
    peaks = []
    for bot, number in (("Few", 10), ("Many", 40_000)):
        own = Tree(tree.root.parent / bot, bot)
        entries = ", ".join(entry.format(n) for n in range(1, number + 1))
        own.write(path, f"{begin}{entries}{end}".encode())
        command = (str(own.root), "--bot", bot)
        in_bounds(measured(cluster, "import_legacy_json", *command, "--min-age", "0"), 0, 3)
        peaks.append(in_bounds(measured(cluster, "verify_migration", *command), 0, 3).peak_mb)
    assert peaks[1] < peaks[0] + 15
