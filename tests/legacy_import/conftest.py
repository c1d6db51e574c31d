from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legacy_import.runs.options import Options, Silent
from legacy_import.runs.run import import_tree
from tests.clusters import manage
from tests.legacy_import.tree import Tree
from tests.legacy_import.undisturbed import begin_again, fill, small_batches, state


@pytest.fixture
def tree(workspace: Path) -> Iterator[Tree]:
    return Tree(workspace / "legacy")


@pytest.fixture
def undisturbed(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    fill(tree)
    begin_again()
    with monkeypatch.context() as small:
        small_batches(small)
        import_tree(Options(tree.root, bot="Emma", min_age=0), Silent())
    expected = state()
    assert len(expected["messages"]) > 800
    assert len(expected["import_rejects"]) == 4
    begin_again()
    return expected


@pytest.fixture
def cluster(workspace: Path) -> Path:
    """A data folder of its own, whose server the commands start and stop."""
    assert manage("migrate", "-v", "0", DATA_DIR=str(workspace / "data")).returncode == 0
    return workspace / "data"
