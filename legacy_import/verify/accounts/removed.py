"""Files that were imported and are gone: what they became is held against the ledger alone."""

import uuid
from collections.abc import Callable, Iterator
from itertools import islice

from legacy_import.verify.accounts import kept, ledger
from legacy_import.verify.accounts.accounting import path_hash
from legacy_import.verify.accounts.ledger import Latest
from legacy_import.verify.checks import ACCOUNTING, BACKUPS, FRESHNESS
from legacy_import.verify.conversations.imported import Imported, Sum
from legacy_import.verify.conversations.messages import Conversations
from legacy_import.verify.dirt.noted import compare_noted
from legacy_import.verify.dirt.rejects import Rejects
from legacy_import.verify.dirt.repairs import compare_numbers
from legacy_import.verify.findings import Findings

NAMED = 3
AT_ONCE = 500
GONE = (
    "{:,} files that were imported for {} are not in the tree: {} ...: is every disk mounted? "
    "Put them back, and verify the whole tree; or, if they were removed on purpose, verify with "
    "--accept-removed: their rows are then compared with the ledger's fingerprints alone"
)
ACCEPTED = (
    "{:,} files that were imported are no longer in the tree: {} ...; their rows were compared "
    "with the ledger's fingerprints alone"
)


class Removed:
    """Of one bot; `seen` are hashes of the paths there are."""

    def __init__(
        self, bot_id: uuid.UUID, bot: str, seen: set[bytes], rejects: Rejects, findings: Findings
    ) -> None:
        self.rejects = rejects
        self.bot_id = bot_id
        self.bot = bot
        self.seen = seen
        self.findings = findings
        self.number = 0
        self.first: list[str] = []

    def compare(self, conversations: Callable[[], Conversations], accepted: bool) -> None:
        gone = self._gone()
        while some := [*islice(gone, AT_ONCE)]:
            chats = {
                file.key: Imported(*(file.path, None, Sum(), file.versions, file.made_chat))
                for file in some
                if file.kind == "conversation" and file.key is not None
            }
            conversations().compare(chats)
            names = {file.path: file.path for file in some}
            self.rejects.compare(names)
            compare_numbers(self.bot_id, names, self.findings)
            compare_noted(self.bot_id, names, {}, self.findings)
            for file in some:
                self._compare_bytes(file)
        if self.number:
            self._report(accepted)

    def _gone(self) -> Iterator[Latest]:
        for file in ledger.all_files(self.bot_id):
            if path_hash(file.path) in self.seen:
                continue
            if file.was_there:
                self.number += 1
                self.first += [file.path] if len(self.first) < NAMED else []
            yield file

    def _compare_bytes(self, file: Latest) -> None:
        """Of a file whose bytes are kept."""
        if file.kind == "backup" and kept.backup(self.bot_id, file.id) is None:
            self.findings.add(BACKUPS, file.path, "the snapshot is missing")
        elif file.is_kept:
            self.findings.count(BACKUPS, "kept files that are no longer in the tree")
            if kept.sha256_of_parts(self.bot_id, file.id) != file.sha256:
                what = "the stored bytes are not those that were imported"
                self.findings.add(BACKUPS, file.path, what)

    def _report(self, accepted: bool) -> None:
        self.findings.count(ACCOUNTING, "files no longer in the tree", self.number)
        named = ", ".join(self.first)
        if accepted:
            self.findings.note(self.bot, ACCEPTED.format(self.number, named))
            return
        why = GONE.format(self.number, self.bot, named)
        if FRESHNESS in self.findings.not_made:  # of another bot
            self.findings.note(self.bot, why)
        self.findings.cannot(FRESHNESS, why)
