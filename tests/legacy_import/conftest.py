from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clusters import manage
from tests.legacy_import.tree import Tree


@pytest.fixture
def tree(workspace: Path) -> Iterator[Tree]:
    return Tree(workspace / "legacy")


@pytest.fixture
def cluster(workspace: Path) -> Path:
    """A data folder of its own, whose server the commands start and stop."""
    assert manage("migrate", "-v", "0", DATA_DIR=str(workspace / "data")).returncode == 0
    return workspace / "data"
