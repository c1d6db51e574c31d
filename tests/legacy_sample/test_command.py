"""The command: what it says, what it refuses, and that it needs no database."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from botplatform.legacy_sample.folder import Folder
from tests.clusters import ROOT, clean_environment, manage
from tests.legacy_sample.trees import everything_in


def test_it_needs_no_database_and_starts_no_server(tmp_path):
    data, dest = tmp_path / "data", tmp_path / "tree"
    result = manage("make_legacy_sample", str(dest), "--format", "json", DATA_DIR=str(data))
    assert result.returncode == 0, result.stderr
    made = json.loads(result.stdout)
    assert (made["conversations"], made["messages"]) == (30, 990)
    assert made["files"] == len([path for path in dest.rglob("*") if path.is_file()])
    assert made["bytes"] == sum(path.stat().st_size for path in dest.rglob("*") if path.is_file())
    assert {path.name for path in data.rglob("*")} <= {"keys.json"}


def test_it_names_the_next_command(tmp_path, capsys):
    call_command("make_legacy_sample", str(tmp_path / "tree"), bot=["Emma"])
    assert f'import_legacy_json {tmp_path / "tree"} --bot "Emma"' in capsys.readouterr().out


def test_named_bots_share_the_numbers(tmp_path):
    dest = tmp_path / "tree"
    call_command("make_legacy_sample", str(dest), bot=["Маша", "Emma"], verbosity=0)
    assert {path.name for path in dest.iterdir()} == {"Маша", "Emma", "bots.json"}
    assert len(list(dest.rglob("conversations/*.json"))) == 30


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dirt": "mud"}, "No such dirt: mud. There is: all, empty"),
        ({"bot": ["../outside"]}, "cannot be a folder's name"),
        ({"bot": [".."]}, "cannot be a folder's name"),
        ({"bot": ["x" * 300]}, "255 bytes"),
        ({"bot": ["Emma", "emma"]}, "the same name"),
        ({"bots": 0}, "at least one bot"),
        ({"conversations": 5, "messages": 4}, "Every conversation has a message"),
    ],
)
def test_bad_input_writes_nothing(tmp_path, options, message):
    with pytest.raises(CommandError, match=message):
        call_command("make_legacy_sample", str(tmp_path / "tree"), **options)
    assert everything_in(tmp_path) == {}


@pytest.mark.parametrize("path", ["../out.json", "a/../../out.json", "/out.json", "a//b", "."])
def test_nothing_is_written_outside(tmp_path, path):
    folder = Folder(tmp_path / "tree", 0)
    with pytest.raises(ValueError, match="leaves the folder"):
        folder.write(path, b"x")
    assert everything_in(tmp_path).keys() == {"tree"}


def test_a_link_that_appears_meanwhile_is_not_followed(tmp_path):
    folder = Folder(tmp_path / "tree", 0)
    (folder.root / "a.json").symlink_to(tmp_path / "outside.json")
    with pytest.raises(FileExistsError):
        folder.write("a.json", b"x")
    assert not (tmp_path / "outside.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("conversations", [1, 2_000])
def test_a_million_messages_need_little_memory(tmp_path, conversations):
    options = ["--bots", "1", "--conversations", str(conversations), "--messages", "1000000"]
    command = [str(ROOT / "manage.py"), "make_legacy_sample", str(tmp_path / "tree"), *options]
    process = subprocess.Popen(
        [sys.executable, *command],
        env=clean_environment(DATA_DIR=str(tmp_path / "data")),
        stdout=subprocess.DEVNULL,
    )
    peak = 0
    while process.poll() is None:
        # Not ru_maxrss, which begins with the memory of this process.
        peak = max(peak, peak_kb(process.pid))
        time.sleep(0.02)
    assert process.returncode == 0
    assert 10_000 < peak < 150_000


def peak_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) if found else 0


def test_until_when(tmp_path):
    command = ("make_legacy_sample", str(tmp_path / "tree"), "--until")
    with pytest.raises(CommandError, match="'never' is no time such as 2025-09-01T12:30"):
        call_command(*command, "never", verbosity=0)
    call_command(*command, "2026-03-05T12:00", verbosity=0)
    files = (path.read_text("utf-8") for path in (tmp_path / "tree").rglob("*.json"))
    assert max(re.findall(r"20\d\d-\d\d-\d\d", " ".join(files))) == "2026-03-05"
