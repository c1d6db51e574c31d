"""The server is killed while a bot process records, and comes back."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clusters import ROOT, clean_environment, manage


@pytest.mark.slow
def test_a_bot_process_lives_through_a_killed_server(workspace: Path) -> None:
    folder = {"DATA_DIR": str(workspace)}
    assert manage("migrate", "--verbosity", "0", **folder).returncode == 0
    size = ("--bots", "1", "--conversations", "1", "--messages", "1")
    assert manage("seed_demo", "--no-input", *size, **folder).returncode == 0
    bot_id = manage("dbshell", "--", "-Atc", "SELECT id FROM bots", **folder).stdout.strip()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.store.bot_process", bot_id],
        env=clean_environment(DJANGO_SETTINGS_MODULE="botplatform.settings", **folder),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    for _ in range(2):
        for _ in range(50):
            assert process.stdout.readline(), process.communicate()[1]
        postmaster = int((workspace / "postgres" / "postmaster.pid").read_text().split("\n")[0])
        os.kill(postmaster, signal.SIGKILL)
    for _ in range(50):
        assert process.stdout.readline(), process.communicate()[1]
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert said.splitlines()[-1] == "all there"
