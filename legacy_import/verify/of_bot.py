"""What one bot's files hold against what its rows hold."""

import uuid
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from conversations.personal import ErasedPeople
from legacy_import.verify.accounts.accounting import Accounts, Read, path_hash
from legacy_import.verify.accounts.explained import Explained
from legacy_import.verify.accounts.ledger import LedgerFile
from legacy_import.verify.accounts.removed import Removed
from legacy_import.verify.checks import ACCOUNTING, BACKUPS, OF_FILES, REPAIRS
from legacy_import.verify.conversations.backups import list_only_in_backups
from legacy_import.verify.conversations.imported import Imported, Sum
from legacy_import.verify.conversations.messages import Conversations
from legacy_import.verify.database.transactions import read_only
from legacy_import.verify.dirt.repairs import compare_repairs
from legacy_import.verify.findings import Findings
from legacy_import.verify.legible import legible
from legacy_import.verify.people.held_people import HeldPeople
from legacy_import.verify.people.measurements import Measurements
from legacy_import.verify.people.profiles import compare_people
from legacy_import.verify.self_test.examples import Examples
from legacy_import.verify.source.metrics import stats_rows
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.rows import MessageRow, MetricRow, ProfileRow, Reject
from legacy_import.verify.source.tree import Kind
from legacy_import.verify.timezones import TimeZones
from legacy_import.verify.values.places import Placed
from tenants.context import maintenance_context

PEOPLE_AT_ONCE = 500


@dataclass
class Portion:
    """One file of those that are compared together."""

    read: Read
    # What of it was not told of as progress.
    left: int = 0
    sum: Sum | None = None
    # Those that were not compared yet; and the first of all.
    people: list[ProfileRow] = field(default_factory=list)
    person: int | None = None


class Comparison:
    def __init__(
        self,
        bot_id: uuid.UUID,
        bot: str,
        root: Path,
        findings: Findings,
        deep: bool,
        whole: bool,
        accept_removed: bool,
    ) -> None:
        self.bot_id = bot_id
        self.root = root
        self.findings = findings
        self.deep = deep
        self.whole = whole
        self.accept_removed = accept_removed
        self.looked_at = 0
        self.people = array("q")
        self.seen: set[bytes] = set()
        self.examples = Examples()
        self.zones = TimeZones(bot, findings)
        self.accounts = Accounts(bot_id, root, findings)
        self.measurements = Measurements(bot_id, findings, self.zones)
        self.explained = Explained(bot_id, findings)

    def read(self, one: Portion) -> None:
        """What the file must have become."""
        file = one.read.file
        self.seen.add(path_hash(one.read.path))
        if not one.read.looked_at:
            self._take_for_granted(one)
            return
        self.looked_at += 1
        if file.kind is Kind.BACKUP:
            self.examples.add(one.read, None)
            return
        one.read.expected.refused = self.accounts.refused.get(one.read.path, {})
        sum_ = Sum()
        for row in one.read.expected:
            match row:
                case MessageRow():
                    sum_.add(row)
                case Reject():
                    one.read.rejects.add(row)
                case ProfileRow():
                    self._take(one, row)
                    self.people.append(row.telegram_id)
                    self.explained.people.append(row.telegram_id)
                    for metric in stats_rows(row):
                        self.measurements.add(metric)
                        one.read.measurements += 1
                case MetricRow():
                    self.measurements.add(row)
        self.examples.add(one.read, one.person)
        # One that cannot be read may have a conversation all the same, from its backups.
        if file.kind is Kind.CONVERSATION and file.key is not None:
            one.sum = sum_
            self.explained.chats.append(file.key)

    def _take(self, one: Portion, row: ProfileRow) -> None:
        """One file may have all people."""
        if len(one.people) == PEOPLE_AT_ONCE:
            with legible(self.zones.bot, self.findings), maintenance_context():
                read_only()
                self._compare_people([one])
            one.people.clear()
        one.person = row.telegram_id if one.person is None else one.person
        one.people.append(row)

    def _compare_people(self, portion: list[Portion]) -> None:
        people = {
            row.telegram_id: (one.read.file.printable, row) for one in portion for row in one.people
        }
        compare_people(self.bot_id, people, self.findings, self.zones)

    def _take_for_granted(self, one: Portion) -> None:
        if one.read.file.key is not None:
            match one.read.file.kind:
                case Kind.CONVERSATION:
                    self.explained.chats.append(one.read.file.key)
                case Kind.PROFILE:
                    self.explained.people.append(one.read.file.key)

    def compare(self, portion: list[Portion]) -> None:
        read = [one.read for one in portion]
        with maintenance_context():
            read_only()
            known = self.accounts.known(read)
            self._compare_conversations(portion, known)
            self.accounts.compare(read, known)
            if REPAIRS in self.findings.checks:
                compare_repairs(self.bot_id, read, known, self.findings)
            self._compare_people(portion)

    def look_into_backups(self, portion: list[Portion]) -> None:
        if BACKUPS in self.findings.checks:
            read = [one.read for one in portion]
            backups = [one.file for one in read if one.looked_at and one.file.kind is Kind.BACKUP]
            list_only_in_backups(self.bot_id, self.root, backups, self.findings)

    def _compare_conversations(self, portion: list[Portion], known: dict[str, LedgerFile]) -> None:
        chats = {}
        for one in portion:
            key, path = one.read.file.key, one.read.path
            if one.sum is not None and key is not None:
                imported = Imported(path, one.read.expected, one.sum)
                if file := known.get(path):
                    imported = replace(imported, versions=file.versions, made_chat=file.made_chat)
                chats[key] = imported
        conversations = self._conversations()
        conversations.compare(chats)
        for one in portion:
            if one.sum is not None and one.read.file.key is not None:
                key = one.read.file.key
                one.read.others = conversations.others[key]
                one.read.placed = conversations.placed.get(key, Placed())

    def _conversations(self) -> Conversations:
        return Conversations(self.bot_id, self.findings, self.zones, self.deep)

    def end(self, read_again: Callable[[], Iterable[Expected]]) -> None:
        """What only all files together can tell."""
        if not self.whole:
            self.findings.sampled = self.looked_at > 0 or self.findings.sampled
            self.findings.count(ACCOUNTING, "files read as a sample", self.looked_at)
            what = f"only a sample was read, {self.looked_at:,} of {len(self.seen):,} files"
            self.findings.note(self.zones.bot, what)
        removed = Removed(
            self.bot_id, self.zones.bot, self.seen, self.accounts.rejects, self.findings
        )
        removed.compare(self._conversations, self.accept_removed)
        held = HeldPeople(self.bot_id)
        if OF_FILES & {*self.findings.checks}:
            self.explained.compare(held)
            self.explained.compare_missing(self.people, ErasedPeople(self.bot_id))
        if self.looked_at:
            self.compare_measurements(read_again, held)
        self.zones.report()

    def compare_measurements(
        self, read_again: Callable[[], Iterable[Expected]], held: HeldPeople
    ) -> None:
        self.measurements.compare(
            lambda metric: _named(metric, read_again()),
            held,
            None if self.whole else [*self.people],
        )


def _named(metric: str, files: Iterable[Expected]) -> Iterator[tuple[str, MetricRow]]:
    for file in files:
        for row in file:
            rows = stats_rows(row) if isinstance(row, ProfileRow) else (row,)
            for one in rows:
                if isinstance(one, MetricRow) and one.metric_name == metric:
                    yield file.file.printable, one
