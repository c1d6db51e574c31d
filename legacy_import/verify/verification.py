"""Goes through a tree and compares it with the database, bot by bot, some files at a time."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import islice
from pathlib import Path

from django.db import connection

from legacy_import.verify.accounting import Accounts, Read, path_hash
from legacy_import.verify.backups import list_only_in_backups
from legacy_import.verify.conversations import Conversations, Sum
from legacy_import.verify.findings import Findings
from legacy_import.verify.integrity import check_integrity, check_isolation
from legacy_import.verify.ledger import path_of
from legacy_import.verify.measurements import Measurements
from legacy_import.verify.people import compare_people
from legacy_import.verify.performance import Reads
from legacy_import.verify.readiness import check_rollback
from legacy_import.verify.selftest import MOST_MESSAGES, self_test
from legacy_import.verify.source.metrics import stats_rows
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.rows import MessageRow, MetricRow, ProfileRow, Reject
from legacy_import.verify.source.tree import File, Kind, files
from tenants.context import maintenance_context
from tenants.models import Bot

FILES_AT_ONCE, MESSAGES_AT_ONCE = 500, 50_000
# Of a portion's conversations, tried for the self-test.
CANDIDATES = 3


class NotVerified(Exception):
    """The verification could not be made; says why."""


@dataclass
class Verification:
    root: Path
    bot: str | None = None
    zone: tzinfo = UTC
    deep: bool = False
    findings: Findings = field(default_factory=Findings)
    advance: Callable[[int], object] = lambda messages: None
    # Whose undoing is tried.
    number: int | None = None

    def run(self) -> Findings:
        if not self.root.is_dir():
            raise NotVerified(f"{self.root} is no folder.")
        names: dict[str, None] = {}
        for file in self._files():
            if file.bot is not None:
                names[file.bot] = None
            elif file.kind is not Kind.BOTS:
                self.findings.count("accounting", "files of no bot")
        if not names:
            raise NotVerified(f"{self.root} has no bot's tree.")
        with maintenance_context():
            bots = dict(Bot.objects.filter(name__in=[*names]).values_list("name", "pk"))
        for name in names:
            if name not in bots:
                self.findings.add("accounting", name, "the bot is not in the database")
            else:
                self._verify(name, bots[name])
        reads = Reads(self.findings)
        with maintenance_context():
            read_only()
            for name, bot_id in bots.items():
                reads.measure(bot_id, name)
            if bots:
                reads.report()
            check_isolation(self.findings)
        if self.number is not None:
            check_rollback(self.number, self.findings)
        return self.findings

    def _files(self) -> Iterator[File]:
        if self.bot is None or (self.root / self.bot).is_dir():
            for file in files(self.root, None):
                if self.bot is None or file.bot == self.bot:
                    yield file
        else:
            yield from files(self.root, self.bot)

    def _verify(self, name: str, bot_id: uuid.UUID) -> None:
        accounts = Accounts(bot_id, self.root, self.findings)
        measurements = Measurements(bot_id, self.findings)
        seen: set[bytes] = set()
        tested = False
        for portion in self._portions(name, measurements):
            seen.update(path_hash(path_of(one.read.file)) for one in portion)
            with maintenance_context():
                read_only()
                known = accounts.known([one.read for one in portion])
                chats, vanished = {}, {}
                for one in portion:
                    key, path = one.read.file.key, path_of(one.read.file)
                    if one.sum is not None and key is not None:
                        chats[key] = one.read.expected, one.sum
                        vanished[key] = known[path].counted("vanished") if path in known else 0
                conversations = Conversations(bot_id, self.findings, self.deep)
                conversations.compare(chats, vanished)
                for one in portion:
                    if one.sum is not None and one.read.file.key is not None:
                        one.read.salvaged = conversations.salvaged[one.read.file.key]
                accounts.compare([one.read for one in portion], known)
                people = {
                    row.telegram_id: (one.read.file.printable, row)
                    for one in portion
                    for row in one.people
                }
                compare_people(bot_id, people, self.findings)
            candidates = (one for one in portion if _can_be_tested(one))
            backups = [one.read.file for one in portion if one.read.file.kind is Kind.BACKUP]
            list_only_in_backups(bot_id, self.root, backups, self.findings)
            tested = tested or any(
                self_test(bot_id, one.read.expected, one.sum, self.findings)
                for one in islice(candidates, CANDIDATES)
                if one.sum is not None
            )
            self.advance(sum(one.sum.rows for one in portion if one.sum))
        with maintenance_context():
            read_only()
            accounts.missing_from_the_tree(seen)
            measurements.compare(lambda metric: self._metrics_named(name, metric))
            check_integrity(bot_id, self.findings)

    def _portions(self, name: str, measurements: Measurements) -> Iterator[list["Portion"]]:
        portion: list[Portion] = []
        messages = 0
        for file in self._files():
            if file.bot != name or file.kind is Kind.BOTS:
                continue
            one = self._read(file, measurements)
            portion.append(one)
            messages += one.read.expected.records
            if len(portion) == FILES_AT_ONCE or messages >= MESSAGES_AT_ONCE:
                yield portion
                portion, messages = [], 0
        yield portion

    def _read(self, file: File, measurements: Measurements) -> "Portion":
        one = Portion(Read(Expected(file, self.root, self.zone)))
        if file.kind is Kind.BACKUP:
            return one
        sum_ = Sum()
        for row in one.read.expected:
            match row:
                case MessageRow():
                    sum_.add(row)
                case Reject():
                    one.read.rejects.append(row)
                case ProfileRow():
                    one.people.append(row)
                    for metric in stats_rows(row):
                        measurements.add(metric)
                        one.read.measurements += 1
                case MetricRow():
                    measurements.add(row)
        if file.kind is Kind.CONVERSATION and file.key is not None:
            one.sum = sum_
        return one

    def _metrics_named(self, bot: str, metric: str) -> Iterator[tuple[str, MetricRow]]:
        for file in self._files():
            if file.bot == bot and file.kind in (Kind.METRICS, Kind.PROFILE, Kind.OLDER_PROFILES):
                for row in Expected(file, self.root, self.zone):
                    rows = stats_rows(row) if isinstance(row, ProfileRow) else (row,)
                    for one in rows:
                        if isinstance(one, MetricRow) and one.metric_name == metric:
                            yield file.printable, one


@dataclass
class Portion:
    """One file of those that are compared together."""

    read: Read
    sum: Sum | None = None
    people: list[ProfileRow] = field(default_factory=list)


def _can_be_tested(one: Portion) -> bool:
    return one.sum is not None and 1 < one.sum.rows < MOST_MESSAGES


def read_only() -> None:
    """For the rest of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
