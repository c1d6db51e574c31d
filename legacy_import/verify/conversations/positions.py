"""Check `order` where imported and live messages share a conversation."""

import uuid

from legacy_import.verify.accounts import ledger
from legacy_import.verify.accounts.fingerprints import Fingerprints
from legacy_import.verify.checks import ORDER
from legacy_import.verify.database import stored
from legacy_import.verify.database.stored import StoredChat
from legacy_import.verify.dirt import rejected
from legacy_import.verify.findings import Findings
from legacy_import.verify.values.places import Places


def compare_positions(
    bot_id: uuid.UUID, name: str, chat: StoredChat, held: Fingerprints, findings: Findings
) -> None:
    """Each message stands where the import put it: at its place, or that many behind it; one that
    was rejected before it was whole also behind live messages that had come meanwhile.

    One that a rollback left stands where it was then, and the rest found room around it.
    """
    left, mended = {}, Places()
    if ledger.was_undone(bot_id, held.path):
        left = ledger.left_positions(bot_id, held.path)
    if chat.live:
        mended = Places(place for place, _ in rejected.earlier_rejects(bot_id, held.path))
    for position, place in stored.positions(bot_id, chat.id):
        if left.get(place) == position:
            continue
        if 1 <= place <= len(held) and (behind := position - place - held.shift(place)):
            if behind > 0 and place in mended:
                continue
            found = (place + held.shift(place), position)
            findings.add(ORDER, name, "stands elsewhere", place, "position", *found)
