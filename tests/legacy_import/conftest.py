from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.legacy_import.tree import Tree


@pytest.fixture
def tree(workspace: Path) -> Iterator[Tree]:
    return Tree(workspace / "legacy")
