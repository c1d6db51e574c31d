"""Values in the ledger that no import writes are differences, and no end of the verification."""

from typing import Any

import pytest

from legacy_import.verify.report.result import status
from tests.legacy_import.tree import Tree
from tests.legacy_import.verify.conftest import ByHand
from tests.legacy_import.verify.verifying import everything, verified

pytestmark = pytest.mark.django_db(transaction=True)

CHANGES = [
    """UPDATE import_files SET counts = '{"messages": 5}'""",
    """UPDATE import_files SET counts = '{"messages": {"source": "x"}}'""",
    """UPDATE import_files SET counts = '{"messages": {"repaired": "x"}}'""",
    """UPDATE import_files SET header = '{"shape": 5}' WHERE kind = 'conversation'""",
    """UPDATE import_files SET header = '{"shape": {"around": 5}}' WHERE kind = 'conversation'""",
    """UPDATE import_files SET header = '{"rejected": 5}'""",
    "UPDATE import_files SET key = NULL, kind = 'x'",
    "UPDATE import_chunks SET hashes = '\\x00'",
    "UPDATE import_chunks SET records = -1",
    "UPDATE import_chunks SET records = 2147483647",
    "UPDATE import_chunks SET first_place = 0",
    "UPDATE import_file_parts SET data = 'x'",
    """UPDATE profiles SET additional_data = '{"$number": {}, "conversation_stats": 5}'""",
    "UPDATE profiles SET created_at = '9998-12-31'",
    "UPDATE messages SET sent_at = '0002-01-01'",
    """INSERT INTO messages (id, bot_id, conversation_id, position, sender_type, content,
            message_type, metadata, sent_at)
        SELECT overlay(id::text PLACING 'ffffffff' FROM 1)::uuid, bot_id, conversation_id,
            position + 100, sender_type, content, message_type, metadata, sent_at FROM messages""",
]


def test_more_records_than_fingerprints(imported: Tree, by_hand: ByHand) -> None:
    by_hand("UPDATE import_chunks SET records = 1000000000")
    found = {(one.file, one.what) for one in everything(verified(imported))}
    what = "the ledger's fingerprints of its records are not complete"
    assert {("girls_data/7.json", what), ("conversations/7.json", what)} <= found
    assert not any("cannot be compared" in what for _, what in found)


@pytest.mark.parametrize("gone", [False, True])
def test_damaged_values(imported: Tree, changed_back: Any, gone: bool) -> None:
    if gone:
        for path in ("conversations/7.json", "girls_data/7.json", "metrics.json"):
            (imported.root / path).unlink()
    unseen = []
    for change in CHANGES:
        with changed_back(change):
            if status(verified(imported, accept_removed=True)) != "differences":
                unseen.append(change)
    assert not unseen, "\n".join(unseen)
