"""Messages from backups are no difference, whatever became of the files since."""

import json
from typing import Any

import pytest

from tests.legacy_import.tree import Tree, line, message
from tests.legacy_import.verify.verifying import passed, verified

pytestmark = pytest.mark.django_db(transaction=True)


def lines(*numbers: int) -> list[Any]:
    return [line(n) for n in numbers]


def cut(by: int, *numbers: int) -> bytes:
    return json.dumps(lines(*numbers)).encode()[:-by]


WITH_REJECT = [message(1), message(2, sender=[1]), message(3)]
# What the file holds, whether backups are salvaged, and a backup of which day with what.
HISTORIES: dict[str, list[tuple[Any, bool, Any]]] = {
    "begun anew with a reject": [
        ({"messages": WITH_REJECT}, False, None),
        (lines(21), False, (12, WITH_REJECT)),
        (lines(21), True, None),
    ],
    "torn twice": [
        (cut(80, 1, 2, 3, 4), True, (12, lines(1, 2, 3, 4))),
        (cut(150, 1, 2, 3, 4, 5), True, None),
    ],
    "a backup that was rewritten": [
        (b"{brok", False, (12, lines(1, 2, 3))),
        (b"{brok", True, None),
        (None, False, (12, lines(7))),
    ],
    "salvaged, then begun anew": [
        (b"{brok", True, (12, lines(1, 2, 3))),
        (lines(9), False, None),
        (lines(9, 10), True, None),
    ],
    "damaged, and the backups gone": [(b"[\n", True, (12, lines(1, 2))), (None, False, None)],
    "a file that came late": [
        (None, True, (12, lines(1, 2, 3))),
        (lines(7, 8), False, None),
        (lines(7, 8, 9), True, None),
    ],
}


@pytest.mark.parametrize("history", HISTORIES)
def test_a_history_of_salvaging(tree: Tree, history: str) -> None:
    tree.old_chat(8, *lines(1, 2))
    for content, salvage, backup in HISTORIES[history]:
        if content is not None:
            tree.write("conversations/7.json", content)
        if backup:
            tree.write(f"backups/7/2024-05-{backup[0]}.json", {"messages": backup[1]})
        tree.imported(salvage_backups=salvage)
        assert passed(verified(tree))
    for file in (tree.root / "backups").rglob("*.json"):
        file.unlink()
    assert not verified(tree, accept_removed=True).total
