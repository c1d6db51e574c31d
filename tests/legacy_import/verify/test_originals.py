"""Records that are kept although nothing in them was repaired: an export writes them."""

import json
from typing import Any

import pytest

from legacy_import.batches.plan import FilePlan
from tests.legacy_import.tree import Tree, line, message
from tests.legacy_import.verify.verifying import everything, passed, verified

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

OTHER_FORM = {"timestamp": "2024-05-01 12:02:00+00:00"}
CHANGE = "UPDATE import_originals SET original = replace(convert_from(original, 'UTF8'), {}, {})"


def backups(tree: Tree) -> None:
    """Two messages that only a backup has, in the form and words of that."""
    tree.chat(7, message(5), message(6))
    said = [message(1, sender="Emma", a={"b": 1.50}), message(2, sender=77), message(5)]
    tree.write("backups/7/2024-05-01.json", {"messages": said})
    tree.old_chat(8, line(5), line(6))
    tree.write("backups/8/2024-05-01.json", [line(1, a=1), line(2)])
    tree.imported(salvage_backups=True)


def a_later_version(tree: Tree) -> None:
    tree.chat(7, message(1), message(2), message(3, **OTHER_FORM))
    tree.person(7, created_at="2024-05-01", last_active="2024-05-01T00:00:00Z")
    tree.imported()
    tree.chat(7, message(1), message(3, **OTHER_FORM), message(4))
    tree.person(7, created_at="2024-05-02", last_active="2024-05-01T00:00:00Z")
    tree.imported()


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (backups, {"message 1": "message 9", "77": "78", "1.5": "1.25", "line 2": "line 3",
                   "Emma": "Anna", "12:01": "12:03"}),
        (a_later_version, {"message 3": "message 8", "2024-05-02": "2024-05-03"}),
    ],
)  # fmt: skip
def test_another_original_is_found(
    tree: Tree, changed_back: Any, make: Any, changes: dict[str, str]
) -> None:
    make(tree)
    assert passed(verified(tree))
    unseen = []
    for was, other in changes.items():
        change = CHANGE.format(f"'{was}'", f"'{other}'") + "::bytea"
        where = f" WHERE convert_from(original, 'UTF8') LIKE '%{was}%'"
        with changed_back(change + where):
            if not everything(verified(tree)):
                unseen.append(was)
    assert not unseen


def test_bytes_are_kept_beside_one_of_rows_that_are_alike(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, changed_back: Any
) -> None:
    """An earlier importer took messages that were written in another form for new ones."""
    monkeypatch.setattr(FilePlan, "_is_rewritten", lambda *of: False)
    tree.old_chat(8, line(1), line(2))
    lines = [{**line(1), "text": text} for text in ("П\0", "Д\0")]
    path = "conversations/7.json"
    tree.write(path, json.dumps(lines).encode())
    tree.imported()
    tree.write(path, json.dumps(lines, ensure_ascii=False).encode())
    assert tree.imported().counts["messages"].inserted == 2
    assert passed(verified(tree))
    for place in range(1, 5):
        change = f"UPDATE import_originals SET original = original || '1' WHERE place = {place}"
        with changed_back(change):
            assert everything(verified(tree)), change
