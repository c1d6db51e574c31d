"""The benchmark of pages runs and prints its table."""

from pathlib import Path

import pytest

from tests.clusters import manage


@pytest.mark.slow
def test_it_measures_every_page(workspace: Path) -> None:
    ran = manage(
        *("bench_pages", "--messages", "400", "--bots", "6", "--repeat", "2"),
        DATA_DIR=str(workspace),
    )
    assert ran.returncode == 0, ran.stderr
    for page in ("dashboard", "transcript of 100,000", "search, common", "search, filtered"):
        assert ran.stdout.count(page) >= 2
    assert "of 48 bars met." in ran.stdout
