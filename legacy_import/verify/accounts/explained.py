"""Check `accounting` from the other side: conversations and people that no file explains, and
people who were imported and whom neither a file nor a row has any more."""

import uuid
from array import array
from collections.abc import Iterable

from django.db import connection

from conversations.personal import ErasedPeople
from legacy_import.verify.accounts import fingerprints, ledger
from legacy_import.verify.checks import ACCOUNTING, CONTENT
from legacy_import.verify.database.stored import CHAT_IDS, PEOPLE_IDS
from legacy_import.verify.findings import Findings
from legacy_import.verify.people.held_people import HeldPeople
from legacy_import.verify.values.places import Places, has


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

    def compare_missing(self, read: Iterable[int], erased: ErasedPeople) -> None:
        """People who were imported; of those `read` in a file it was said there."""
        known, missing = Places(sorted(read)), set[int]()
        there = array("q")
        with connection.chunked_cursor() as cursor:
            cursor.execute(PEOPLE_IDS, {"bot": self.bot_id})
            there.extend(sorted(number for number, _ in cursor))
        for path, candidates in fingerprints.people(self.bot_id):
            if any(
                one in known or one in missing or has(there, one) or one in erased
                for one in candidates
            ):
                continue
            missing.update(candidates)
            what = f"the profile {candidates[0]}, which no file has any more, is missing"
            self.findings.add(CONTENT, path, what)

    def _unexplained(self, query: str, explained: "array[int]") -> list[int]:
        """Ids of what the import made, or nobody knows who, and is in no file."""
        explained = array("q", sorted(explained))
        found = []
        with connection.chunked_cursor() as cursor:
            cursor.execute(query, {"bot": self.bot_id})
            for number, not_live in cursor:
                if not_live and not has(explained, number):
                    found.append(number)
        return found

    def _report(self, what: str, gone: str, numbers: Iterable[int], known: set[int]) -> None:
        for number in numbers:
            if number in known:
                self.findings.count(ACCOUNTING, gone)
            else:
                self.findings.add(ACCOUNTING, f"{what} {number}", "no file explains it")
