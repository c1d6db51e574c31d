"""Check `accounting` from the other side: conversations and people that no file explains."""

import uuid
from array import array
from bisect import bisect_left
from collections.abc import Iterable

from django.db import connection

from legacy_import.verify import ledger
from legacy_import.verify.checks import ACCOUNTING
from legacy_import.verify.findings import Findings
from legacy_import.verify.held_people import HeldPeople
from legacy_import.verify.stored import CHAT_IDS, PEOPLE_IDS


class Explained:
    """Of one bot; eight bytes for each id that a file has."""

    def __init__(self, bot_id: uuid.UUID, findings: Findings) -> None:
        self.bot_id = bot_id
        self.findings = findings
        self.chats, self.people = array("q"), array("q")

    def compare(self, held: HeldPeople) -> None:
        """What the ledger explains must be as it was imported."""
        chats = self._unexplained(CHAT_IDS, self.chats)
        gone = ledger.chats_of_files(self.bot_id, chats)
        self._report("conversation", "conversations of files that are gone", chats, gone)
        people = self._unexplained(PEOPLE_IDS, self.people)
        strange = {*held.others(people)}
        for number in people:
            if number not in strange:
                self.findings.count(ACCOUNTING, "profiles that are no longer in the files")
            else:
                what = "no file explains it, and it is not as it was imported"
                self.findings.add(ACCOUNTING, f"profile {number}", what)

    def _unexplained(self, query: str, explained: "array[int]") -> list[int]:
        """Ids of what the import made, or nobody knows who, and is in no file."""
        ordered = array("q", sorted(explained))
        found = []
        with connection.chunked_cursor() as cursor:
            cursor.execute(query, {"bot": self.bot_id})
            for number, not_live in cursor:
                at = bisect_left(ordered, number)
                if not_live and (at == len(ordered) or ordered[at] != number):
                    found.append(number)
        return found

    def _report(self, what: str, gone: str, numbers: Iterable[int], known: set[int]) -> None:
        for number in numbers:
            if number in known:
                self.findings.count(ACCOUNTING, gone)
            else:
                self.findings.add(ACCOUNTING, f"{what} {number}", "no file explains it")
