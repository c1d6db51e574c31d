"""Memory stays flat whatever a file holds; measured in a process of its own."""

import json
import subprocess
import sys

import pytest

from tests.clusters import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc"),
]

MOST_MB = 300
# Not getrusage: that begins with the memory of the process that forked this one.
PROGRAM = r"""
import re, sys
from collections import Counter
from pathlib import Path
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.tree import files
root = Path(sys.argv[1])
rows = Counter(type(row).__name__ for file in files(root, "Emma") for row in Expected(file, root))
status = Path("/proc/self/status").read_text()
peak = int(re.search(r"VmHWM:\s*([0-9]+)", status)[1]) // 1024
print(peak, rows["MessageRow"], rows["Reject"])
"""


def measured(root):
    """Its peak in MB, and how many messages and rejects the tree has."""
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(root)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return tuple(map(int, result.stdout.split()))


def conversation(root, pieces):
    folder = root / "conversations"
    folder.mkdir()
    with (folder / "7.json").open("wb") as file:
        for piece in pieces:
            file.write(piece)


def test_one_conversation_of_300_mb(tmp_path):
    texts = ["короткое \U0001f600", "long enough to fill the file " * 5]
    messages = [
        f', {{"id": %d, "timestamp": "2024-02-01T12:00:00Z", "sender": "user", "content": '
        f"{json.dumps(text, ensure_ascii=ascii_only)}}}"
        for ascii_only in (True, False)
        for text in texts
    ]
    count = 1_200_000
    start = b'{"messages": [{"id": 0, "timestamp": "2024-02-01", "sender": "bot", "content": ""}'
    conversation(
        tmp_path,
        (start, *((messages[n % 4] % (n * 3)).encode() for n in range(1, count)), b"]}"),
    )
    assert (tmp_path / "conversations" / "7.json").stat().st_size > 200e6
    peak, found, rejected = measured(tmp_path)
    assert (found, rejected) == (count, 0)
    assert peak < 100


@pytest.mark.parametrize(
    ("piece", "found", "rejected"),
    [
        (b"x", 2, 1),  # a message of 30 MB
        ("😀".encode(), 2, 1),
        (b"[", 1, 1),  # nesting that never ends
        (b'"},{"text":"', 1, None),  # millions of messages
        (b"\xff", 2, 1),
        (b"\\u0000", 2, 1),
        (b'",', 2, 1),
    ],
)
def test_hostile_values(tmp_path, piece, found, rejected):
    begin = b'[{"ts": "2024-02-01", "direction": "in", "text": "first"}, {"text": "'
    end = b'"}, {"ts": "2024-02-01", "direction": "out", "text": "last"}]'
    if piece == b"[":
        begin += b'", "x": '
    conversation(tmp_path, (begin, *[piece * 100_000] * (300 // len(piece)), end))
    peak, messages, refused = measured(tmp_path)
    assert peak < MOST_MB
    if rejected is not None:
        assert (messages, refused) == (found, rejected)
    else:
        assert messages > 1_000_000


def test_a_value_just_short_enough(tmp_path):
    long = '"' + "ж" * 2_000_000 + "😀" * 900_000 + '"'
    conversation(tmp_path, (b'[{"direction": "in", "text": ', long.encode(), b"}]"))
    peak, messages, refused = measured(tmp_path)
    assert (messages, refused) == (1, 0)
    assert peak < MOST_MB
