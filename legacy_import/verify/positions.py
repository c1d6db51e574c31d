"""Check `order` where imported and live messages share a conversation."""

import uuid

from legacy_import.verify import ledger, stored
from legacy_import.verify.checks import ORDER
from legacy_import.verify.findings import Findings
from legacy_import.verify.fingerprints import Fingerprints
from legacy_import.verify.stored import StoredChat


def compare_positions(
    bot_id: uuid.UUID, name: str, chat: StoredChat, held: Fingerprints, findings: Findings
) -> None:
    """Each message stands where the import put it: at its place, or that many behind it."""
    if ledger.was_undone(bot_id, held.path):
        return  # what a rollback left stays where it was, and the rest finds room around it
    for position, place in stored.positions(bot_id, chat.id):
        if 1 <= place <= len(held) and position - place != held.shift(place):
            found = (place + held.shift(place), position)
            findings.add(ORDER, name, "stands elsewhere", place, "position", *found)
