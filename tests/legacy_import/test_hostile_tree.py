"""A tree made to harm, through the real commands: they end, in bounds, and all is accounted for."""

import json
import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from tests.legacy_import.measured import in_bounds, measured
from tests.legacy_import.tree import Tree, line

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc"),
]

GOOD = json.dumps(line(1)).encode()
SECRET = "of somebody else"
# Between two good records of a conversation.
RECORDS = {
    2: b'{"a": ' * 1_000_000 + b"1" + b"}" * 1_000_000,
    3: GOOD[:-1] + b', "x": ' + b"[" * 3_000_000,
    4: GOOD[:-1] + b', "n": ' + b"9" * 1_000_000 + b"}",
    5: b'{"id": ' + b"9" * 1_000_000 + b', "content": "x", "timestamp": ' + b"9" * 1_000_000 + b"}",
    6: GOOD[:-2] + b"y" * 100_000_000 + b'"}',
    7: GOOD[:-2] + "\U0001f600".encode() * 1_900_000 + b'"}',
    8: GOOD[:-2] + b'\xff\xfe\xc0\x80"}',
    9: GOOD[:-2] + b'\\u0000\\ud83d"}',
    10: GOOD[:-1] + b', "v": [' + b"{}," * 2_000_000 + b"0]}",
    11: GOOD[:-1] + b', "n": [NaN, -Infinity, 1e999999999, -0.0]}',
    12: b'"' + b"\\" * 5_000_000,
}
FILES = {
    20: b"",
    21: b" \n" * 1_000_000,
    22: b"\0" * 1_000_000,
    23: b"\xff\xfe" + "жжж".encode("utf-16-le") * 1_000_000,
    24: b'{"messages": ' * 200_000,
    25: b'{"messages": [], "title": ' + b'"' + b"t" * 20_000_000 + b'"}',
    26: b"[" + b"{}," * 20_000 + b"{}]",
}


def bytes_path(folder: Path, name: bytes) -> bytes:
    return os.path.join(os.fsencode(folder), name)


@pytest.fixture
def hostile(tree: Tree) -> Tree:
    root, outside = tree.root / "Emma", tree.root.parent / "outside"
    tree.write("../outside/conversations/1.json", [line(1, SECRET)])
    emma = Tree(root)
    emma.old_chat(1, line(1, "good"))
    for chat, record in RECORDS.items():
        emma.write(f"conversations/{chat}.json", b"[" + GOOD + b", " + record + b", " + GOOD + b"]")
    for chat, whole in FILES.items():
        emma.write(f"conversations/{chat}.json", whole)
    folder = root / "conversations"
    (folder / "30.json").symlink_to(outside / "conversations/1.json")
    (folder / "31.json").symlink_to(folder / "1.json")
    (folder / "32.json").symlink_to("nowhere")
    (folder / "33.json").symlink_to("/dev/zero")
    os.mkfifo(folder / "34.json")
    (folder / "35.json").mkdir()
    emma.write("conversations/35.json/1.json", b"[]")
    with socket.socket(socket.AF_UNIX) as listening:
        # The path of a socket may not be long.
        here = os.open(folder, os.O_RDONLY)
        listening.bind(f"/proc/self/fd/{here}/36.json")
        os.close(here)
    if os.geteuid() == 0:
        os.mknod(folder / "37.json", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    emma.old_chat(38, line(1)).chmod(0)
    for name in (b"a\nb.json", b"\xff\xfe.json", b"x" * 250 + b".json", "\u202e1.json".encode()):
        with open(bytes_path(folder, name), "wb") as file:
            file.write(b"odd")
    emma.write("girls_data/1.json", b'{"name": ' * 500_000)
    emma.write("girls_data/2.json", b'{"age": ' + b"9" * 1_000_000 + b"}")
    emma.write("girls_data.json", b'{"girls": ' + b"[" * 1_000_000)
    emma.write("metrics.json", b'{"history": [{"timestamp": "2024-05-01", "metrics": {"a": '
               + b"9" * 1_000_000 + b', "b": 1}}]}')  # fmt: skip
    (root / "backups").mkdir()
    (root / "backups/1").symlink_to(outside)
    emma.write("backups/2/2024-05-01.json", os.urandom(20_000_000))
    emma.write("strange.bin", bytes(30_000_000))
    # Beside the bot: a link that looks like another one, and what should describe the bots.
    (tree.root / "Other").symlink_to(outside)
    os.mkfifo(tree.root / "config.json")
    tree.write("bots.json", b'{"bots": ' + b'[{"name": ' * 300_000)
    for path, _, names in os.walk(os.fsencode(tree.root)):
        for name in names:
            os.utime(os.path.join(path, name), (1_700_000_000,) * 2, follow_symlinks=False)
    return tree


def files_of(root: Path) -> int:
    return sum(len(names) for _, _, names in os.walk(os.fsencode(root))) + sum(
        os.path.islink(os.path.join(path, name))
        for path, folders, _ in os.walk(os.fsencode(root))
        for name in folders
    )


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_ends_and_accounts_for_all(hostile: Tree, cluster: Path, workers: str) -> None:
    command = ("import_legacy_json", str(hostile.root), "--all-bots", "--workers", workers,
               "--format", "json", "--limit-rejects", "1000")  # fmt: skip
    if workers == "2":
        in_bounds(measured(cluster, *command, "--dry-run"), 3)
    done = in_bounds(measured(cluster, *command), 3)
    report = done.json
    assert report["status"] == "done"
    assert report["peak_rss_mb"] < 300
    # All but bots.json and config.json, which describe bots.
    assert report["files"] == files_of(hostile.root) - 2
    for tally in report["kinds"].values():
        assert tally["source"] == sum(
            tally[what] for what in ("inserted", "unchanged", "changed", "rejected")
        )
    assert report["kinds"]["messages"]["inserted"] > 20_000
    rejected = [reject["file"] for reject in report["rejects"]]
    assert len(rejected) == sum(tally["rejected"] for tally in report["kinds"].values())
    assert all(name.isascii() for name in rejected)
    assert not any(name.startswith("/") or "\n" in name for name in rejected)
    assert {"Emma/conversations/30.json", "Emma/conversations/34.json", "Other"} <= {*rejected}
    assert SECRET not in done.out + done.err
    again = in_bounds(measured(cluster, *command), 3).json
    assert all(again["kinds"][kind][what] == 0 for kind in again["kinds"]
               for what in ("inserted", "changed"))  # fmt: skip
    root = str(hostile.root)
    if workers == "1":
        verified = in_bounds(measured(cluster, "verify_migration", root, "--all-bots"), 0, 3).out
        for check in ("accounting", "content", "order", "repairs", "backups"):
            assert f"{check:12} passed" in verified, verified
        back = hostile.root.parent / "back"
        # Not written, and said so: what nothing was kept of.
        in_bounds(measured(cluster, "export_legacy_json", str(back), "--bot", "Emma"), 3)
        assert not any(
            SECRET.encode() in path.read_bytes() for path in back.rglob("*.json") if path.is_file()
        )
        in_bounds(measured(cluster, "rollback_import", str(report["run_id"])))
