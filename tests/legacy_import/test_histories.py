"""Random histories of a tree: imported, undone, imported again, exactly and as the verifier says.

`HISTORIES=0-500 pytest tests/legacy_import/test_histories.py` runs the histories of these seeds.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.legacy_import.histories import History
from tests.legacy_import.verify.conftest import changed_back, superuser  # noqa: F401

FIRST, LAST = (int(number) for number in os.environ.get("HISTORIES", "0-9").split("-"))
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.mark.parametrize("seed", range(FIRST, LAST + 1))
def test_a_history(seed: int, workspace: Path, changed_back: Any) -> None:  # noqa: F811
    history = History(seed, workspace, changed_back)
    try:
        history.run()
    except AssertionError as error:
        pytest.fail("\n".join([f"Seed {seed}", *history.told, f"{error}"]), pytrace=False)
    except Exception as error:
        error.add_note("\n".join([f"Seed {seed}", *history.told]))
        raise
