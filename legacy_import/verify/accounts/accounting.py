"""Checks `accounting`, `backups` and `freshness`, and of `repairs` the rejects: file by file."""

import hashlib
import os
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from legacy_import.verify.accounts import kept, ledger
from legacy_import.verify.accounts.around import compare_around
from legacy_import.verify.accounts.fingerprints import NONE, Extent
from legacy_import.verify.accounts.kept import KeptBackup, KeptReject
from legacy_import.verify.accounts.ledger import LedgerFile
from legacy_import.verify.checks import ACCOUNTING, BACKUPS, FRESHNESS, OF_FILES, REPAIRS
from legacy_import.verify.dirt.expected_rejects import ExpectedRejects
from legacy_import.verify.dirt.rejects import Rejects
from legacy_import.verify.findings import Findings
from legacy_import.verify.source.encodings import BLOCK
from legacy_import.verify.source.reading import Expected, Unreadable, opened
from legacy_import.verify.source.strangers import MASKED, WITHHELD, stranger
from legacy_import.verify.source.tree import File, Kind
from legacy_import.verify.values.places import Placed, Places
from legacy_import.verify.values.same import same_text
from tenants.context import maintenance_context

# Their rows do not give them back.
KEPT_WHOLE = {Kind.METRICS, Kind.OLDER_PROFILES}

CHANGED = "changed since it was imported"
# An import takes such a file for the same.
CHANGED_UNSEEN = "changed since it was imported, and has its old size and time: touch it"

# As the ledger calls them, where that follows from the name.
KINDS = {
    Kind.PROFILE: "profile",
    Kind.OLDER_PROFILES: "profiles",
    Kind.CONVERSATION: "conversation",
    Kind.METRICS: "metrics",
}
# Of a file's records; their numbers add up to that of all.
PARTS = ("inserted", "unchanged", "changed", "rejected")


@dataclass
class Read:
    """A file as the verifier read it."""

    expected: Expected
    # In the ledger.
    path: str
    # Otherwise only its name and time are, of all that a sample leaves out.
    looked_at: bool = True
    # Of people's conversation_stats: they are records beside the person's.
    measurements: int = 0
    # Imported messages that are not in it: from backups, or from an earlier version.
    others: int = 0
    # Of repaired messages the places in the ledger, by those in the file; where they may differ.
    placed: Placed = field(default_factory=Placed)

    def __post_init__(self) -> None:
        self.rejects = ExpectedRejects(self.file.kind)

    @property
    def file(self) -> File:
        return self.expected.file


class Accounts:
    def __init__(self, bot_id: uuid.UUID, root: Path, findings: Findings) -> None:
        self.bot_id = bot_id
        self.root = root
        self.findings = findings
        with maintenance_context():
            self.refused = kept.refused(bot_id)
            self.rejects = Rejects(bot_id, findings)

    def known(self, read: list[Read]) -> dict[str, LedgerFile]:
        return ledger.files(self.bot_id, [one.path for one in read])

    def compare(self, read: list[Read], known: dict[str, LedgerFile]) -> None:
        names = {
            one.path: one.file.printable for one in read if one.looked_at and one.path in known
        }
        rejects = self.rejects.compare(names, {one.path: one.rejects for one in read})
        for one in read:
            ledger_path, path = one.path, one.file.printable
            file = known.get(ledger_path)
            self.findings.count(ACCOUNTING, "files")
            if self._is_gone(one.file):
                self.findings.stale.append(path)
                self.findings.add(FRESHNESS, path, "went while it was verified")
                continue
            if file is None or file.status != "done":
                what = "was not imported" if file is None else "was imported in part"
                self.findings.add(ACCOUNTING, path, what, always=True)
                continue
            self.findings.count(FRESHNESS, "files")
            # Of those that a sample leaves out their times must do.
            read_whole = one.looked_at or not OF_FILES & {*self.findings.checks}
            now = sha256_of(self.root, one.file) if read_whole else None
            if change := self._changed(one.file, file, now):
                self.findings.stale.append(path)
                self.findings.add(FRESHNESS, path, change)
            if not one.looked_at:
                continue
            self._compare_kind(path, one.file, file)
            if one.file.kind is Kind.BACKUP:
                self._compare_backup(one.file, file, rejects.get(ledger_path, []), now)
            else:
                self._compare_counts(path, one, file)
                self._compare_fingerprints(path, one, self.rejects.extents.get(ledger_path, NONE))
                if one.expected.is_conversation:
                    compare_around(one.expected, file, self.findings)
                if one.file.kind in KEPT_WHOLE:
                    self._compare_whole(one, file, now)
                self._compare_rejects(one)
                if refused := self.refused.get(ledger_path):
                    if file.versions == 1:
                        self._compare_foreseen(path, one.rejects, refused)
                    self._compare_refused(one, refused)

    def _compare_counts(self, path: str, one: Read, file: LedgerFile) -> None:
        source = one.expected.records + one.measurements
        rejected = len(one.rejects) + one.expected.left_out
        self.findings.count(ACCOUNTING, "rejects", rejected)
        # A file that became no conversation is counted as one, rejected.
        without = "conversations" if one.expected.is_conversation else ""
        counted = {name: file.counted(name, without) for name in ("source", "rejected")}
        # Those from backups count as the file's, and are others afterwards.
        source += min(max(counted["source"] - source, 0), one.others)
        self.findings.count(ACCOUNTING, "records", source)
        for name, expected in (("source", source), ("rejected", rejected)):
            if counted[name] != expected:
                found = counted[name]
                self.findings.add(ACCOUNTING, path, "counts differ", None, name, expected, found)
        parts = sum(file.counted(name, without) for name in PARTS)
        if parts != counted["source"]:
            what = "the ledger's counts do not add up"
            self.findings.add(ACCOUNTING, path, what, None, "source", counted["source"], parts)

    def _compare_kind(self, path: str, file: File, known: LedgerFile) -> None:
        kind = KINDS.get(file.kind)
        if kind and (known.kind, known.key) != (kind, file.key):
            values = (f"{kind} {file.key}", f"{known.kind} {known.key}")
            self.findings.add(ACCOUNTING, path, "is another in the ledger", None, "kind", *values)

    def _compare_fingerprints(self, path: str, one: Read, extent: Extent) -> None:
        """Those of earlier versions stay: there may be more than records."""
        records = one.expected.records - one.rejects.places.count(0)
        if extent.records < records:
            found = (records, extent.records)
            what = "the ledger has too few fingerprints of its records"
            self.findings.add(ACCOUNTING, path, what, None, "records", *found)

    def _compare_rejects(self, read: Read) -> None:
        path, rejects = read.file.printable, read.rejects
        if not rejects:
            return
        self.findings.count(REPAIRS, "rejects", len(rejects))
        for reason in (WITHHELD, MASKED):
            if number := rejects.number_of(reason):
                self.findings.count(REPAIRS, reason, number)
        for place, size, reason, code in rejects.wrong():
            if code:
                what = f"was rejected for another reason: {reason}"
                self.findings.add(REPAIRS, path, what, place, "code", None, code)
            else:
                what, sizes = f"its {size} bytes are not kept ({reason})", list[int]()
                if self.findings.lists(REPAIRS):
                    sizes = kept.sizes_of_rejects(self.bot_id, read.path, place)
                self.findings.add(REPAIRS, path, what, place, "bytes", size, sizes)

    def _compare_foreseen(self, path: str, expected: ExpectedRejects, refused: Places) -> None:
        for place, reason in expected:
            if place in refused:
                what = f"is no record that PostgreSQL refused: {reason}"
                self.findings.add(REPAIRS, path, what, place)

    def _compare_refused(self, one: Read, refused: Places) -> None:
        """What PostgreSQL did not take is kept as JSON, and is the record."""
        if one.file.kind is Kind.METRICS:
            return
        records = kept.refused_records(self.bot_id, one.path)
        for place, text in one.expected.texts(refused):
            self.findings.count(REPAIRS, "records that PostgreSQL refused")
            raw = next((raw for kept_at, raw in records if kept_at == place), b"")
            if not same_text(text, raw):
                what = "the record that PostgreSQL refused is not kept"
                self.findings.add(REPAIRS, one.file.printable, what, place)

    def _compare_backup(
        self, file: File, known: LedgerFile, rejects: list[KeptReject], now: bytes | None
    ) -> None:
        """`now` is the hash of what can be read."""
        self.findings.count(BACKUPS, "snapshots")
        backup = kept.backup(self.bot_id, known.id)
        if now is None:
            if backup is None and any(one.size == 0 for one in rejects):
                self.findings.count(BACKUPS, "that cannot be read")
            else:
                self.findings.add(BACKUPS, file.printable, "cannot be read any more")
            return
        if backup is None and self._as_stranger(file) in {one.sha256 for one in rejects}:
            self.findings.count(BACKUPS, "kept as rejects")
            return
        if backup is None:
            self.findings.add(BACKUPS, file.printable, "the snapshot is missing")
            return
        stored = known.header.get("stored") is not False
        expected = KeptBackup(file.key, file.day, stored)
        for name in ("chat_id", "date", "stored"):
            values = getattr(expected, name), getattr(backup, name)
            if values[0] != values[1]:
                self.findings.add(BACKUPS, file.printable, "differs", None, name, *values)
        if stored or backup.stored:
            self._compare_bytes(file, known, now)
        else:
            self.findings.count(BACKUPS, "snapshots of which only a line is kept")
            if known.sha256 != now:
                self.findings.add(BACKUPS, file.printable, "is not the file that was imported")

    def _as_stranger(self, file: File) -> bytes | None:
        """What is kept of a snapshot whose name is no day."""
        try:
            with opened(self.root, file) as bytes_:
                return stranger(file.path, bytes_).sha256
        except Unreadable:
            return None

    def _compare_whole(self, one: Read, known: LedgerFile, now: bytes | None) -> None:
        if not one.expected.of_erased:
            self.findings.count(BACKUPS, "files kept whole")
            self._compare_bytes(one.file, known, now)
        elif kept.has_parts(self.bot_id, known.id):
            what = "its bytes are kept, with people who were erased"
            self.findings.add(BACKUPS, one.file.printable, what)

    def _compare_bytes(self, file: File, known: LedgerFile, now: bytes | None) -> None:
        """Without `now` the file cannot be read, and is a reject as any other."""
        if now is not None and kept.sha256_of_parts(self.bot_id, known.id) != now:
            self.findings.add(BACKUPS, file.printable, "the stored bytes are not the file's")

    def _is_gone(self, file: File) -> bool:
        return file.kind is not Kind.NO_FILE and not os.path.lexists(self.root / file.path)

    def _changed(self, file: File, known: LedgerFile, now: bytes | None) -> str | None:
        """What is said of a file that is another than the one that was imported."""
        if file.kind is Kind.NO_FILE:
            return None
        try:
            status = os.lstat(self.root / file.path)
        except FileNotFoundError:
            return CHANGED
        if (status.st_size, status.st_mtime_ns) == (known.size, known.mtime_ns):
            return CHANGED_UNSEEN if now and known.sha256 and now != known.sha256 else None
        now = now or sha256_of(self.root, file)
        return None if known.sha256 and now == known.sha256 else CHANGED


def path_hash(path: str) -> bytes:
    return hashlib.blake2b(path.encode(), digest_size=8).digest()


def sha256_of(root: Path, file: File) -> bytes | None:
    digest = hashlib.sha256()
    try:
        with opened(root, file) as bytes_:
            while block := bytes_.read(BLOCK):
                digest.update(block)
    except Unreadable:
        return None
    return digest.digest()
