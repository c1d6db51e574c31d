"""Imported messages that are not in their file: from its backups, or from an earlier version."""

from functools import cached_property
from typing import Any

from legacy_import.verify.accounts.fingerprints import AT_ONCE, Fingerprints
from legacy_import.verify.checks import CONTENT
from legacy_import.verify.conversations.backups import said, said_only_in_backups
from legacy_import.verify.conversations.imported import Imported
from legacy_import.verify.findings import Findings
from legacy_import.verify.values.multiset import Multiset

UNEXPLAINED = "a row that no record explains"
CHANGED = "its record is not in the file, and it is not as it was imported"


class Others:
    """Of one chat; each must be as it was imported, by the ledger's fingerprint."""

    def __init__(self, one: Imported, chat_id: int, held: Fingerprints, findings: Findings) -> None:
        self.name = one.name
        self.findings = findings
        self.held = held
        self.file = one.file
        self.number = 0
        self.waiting: list[tuple[Any, ...]] = []

    @cached_property
    def in_backups(self) -> Multiset:
        file = self.file
        return said_only_in_backups(file.root, file.file) if file else Multiset(())

    def add(self, row: tuple[Any, ...]) -> None:
        if not 1 <= row[9] <= len(self.held):
            self.findings.add(CONTENT, self.name, UNEXPLAINED, row[0])
            return
        if self.in_backups.take(said(row[7], row[2], row[4])):
            self.findings.count(CONTENT, "messages from backups")
        else:
            self.findings.count(CONTENT, "messages no longer in their files")
        self.number += 1
        self.waiting.append(row)
        if len(self.waiting) == AT_ONCE:
            self._compare()

    def end(self) -> int:
        """How many there are."""
        self._compare()
        return self.number

    def _compare(self) -> None:
        for row in self.held.others(self.waiting):
            self.findings.add(CONTENT, self.name, CHANGED, row[9])
        self.waiting.clear()
