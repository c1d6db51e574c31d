"""Goes through a tree and compares it with the database, bot by bot, some files at a time."""

import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models.functions import Lower

from conversations.personal import ErasedPeople
from legacy_import.verify.accounts import ledger
from legacy_import.verify.accounts.accounting import Read
from legacy_import.verify.accounts.runs import check_runs
from legacy_import.verify.bots import compare_bots
from legacy_import.verify.checks import (
    ACCOUNTING,
    INTEGRITY,
    ISOLATION,
    OF_FILES,
    PERFORMANCE,
    SELF_TEST,
)
from legacy_import.verify.database.integrity import check_integrity, check_owners
from legacy_import.verify.database.isolation import check_isolation
from legacy_import.verify.database.performance import Reads, report_partitions
from legacy_import.verify.database.transactions import read_only
from legacy_import.verify.findings import Findings
from legacy_import.verify.legible import legible
from legacy_import.verify.of_bot import Comparison, Portion
from legacy_import.verify.rollback.readiness import check_rollback
from legacy_import.verify.sample import Sample
from legacy_import.verify.self_test.breaks import self_test
from legacy_import.verify.self_test.trials import Trial
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.tree import KNOWN, File, Kind, files, printable
from tenants.context import maintenance_context
from tenants.models import Bot

OF_ERASED = "of a person who was erased: it was left out. Delete it."
ENTRY_OF_ERASED = "entry {} is of a person who was erased: it was left out. Take it out."
OTHER_ZONE = (
    "metrics.json of {0} was imported with --source-tz {1}. If that was the old machine's zone, "
    "leave the option out: verifying takes the import's. If not, roll that run back and import it "
    "again with the right one."
)
UNFINISHED = (
    "run {} has not ended: what it is about to write may be named as missing. Wait for its end or, "
    "if it was killed, import again; then verify again"
)
FILES_AT_ONCE, MESSAGES_AT_ONCE = 500, 50_000


class NotVerified(Exception):
    """The verification could not be made; says why."""


class Progress(Protocol):
    """In bytes of the tree."""

    def begin(self, size: int) -> None: ...
    def advance(self, size: int) -> None: ...


class Silent:
    def begin(self, size: int) -> None:
        pass

    def advance(self, size: int) -> None:
        pass


@dataclass
class Verification:
    root: Path
    bot: str | None = None
    # Of times in metrics.json; None for that of the import.
    zone: tzinfo | None = None
    deep: bool = False
    findings: Findings = field(default_factory=Findings)
    progress: Progress = field(default_factory=Silent)
    # Whose undoing is tried.
    number: int | None = None
    # How many files of each bot are read, if not all.
    sample: int | None = None
    # Whether files that were imported may be gone from the tree.
    accept_removed: bool = False

    def run(self) -> Findings:
        if not self.root.is_dir():
            raise NotVerified(f"{self.root} is no folder.")
        if self.number is not None:
            self._require_run(self.number)
        if self.bot is not None:
            self._require_tree_of(self.bot)
        samples = self._look_around()
        bots = self._bots(samples)
        if self.bot is not None and not bots:
            raise NotVerified(f"There is no bot {self.bot} in the database: was it imported?")
        zones = {name: self._zone(name, bot_id) for name, bot_id in bots.items()}
        for name in samples:
            if name in bots:
                self._verify(name, bots[name], samples[name], zones[name])
            else:
                what = "the bot is not in the database"
                self.findings.add(ACCOUNTING, name, what, always=True)
        if self.bot is None:
            for name, bot_id in self._gone(bots).items():
                self._verify(name, bot_id, Sample(None), UTC)
        with maintenance_context():
            read_only()
            lists = (file for file in self._files() if file.kind is Kind.BOTS)
            compare_bots(self.root, lists, bots, self.bot is None, self.findings)
            if INTEGRITY in self.findings.checks:
                check_owners(self.findings)
            if bots and PERFORMANCE in self.findings.checks:
                reads = Reads(self.findings)
                for name, bot_id in bots.items():
                    reads.measure(bot_id, name)
                reads.report()
                # What other bots have is nothing for who manages one.
                if self.bot is None:
                    report_partitions(self.findings)
        if ISOLATION in self.findings.checks:
            check_isolation(bots, self.findings)
        if not self.findings.figures.get(SELF_TEST, Counter())["breaks"]:
            self.findings.cannot(SELF_TEST, "there is nothing on which it could be tried")
        if self.number is not None:
            with legible(f"run {self.number}", self.findings):
                check_rollback(self.number, self.findings)
        return self.findings

    def _require_run(self, number: int) -> None:
        with maintenance_context():
            if not ledger.has_run(number):
                raise NotVerified(
                    f"There is no run {number}. `manage.py import_status` lists them."
                )

    def _look_around(self) -> dict[str, Sample]:
        """The bots, and which of their files are to be read."""
        wanted = self.sample if OF_FILES & {*self.findings.checks} else 0
        samples: dict[str, Sample] = {}
        size = 0
        for file in self._files():
            if file.bot is not None:
                samples.setdefault(file.bot, Sample(wanted)).add(file)
                size += self._size(file)
            elif file.kind is not Kind.BOTS:
                self.findings.count(ACCOUNTING, "files of no bot")
        if not samples:
            raise NotVerified(f"{self.root} has no bot's tree.")
        self.progress.begin(size)
        return samples

    def _bots(self, names: dict[str, Sample]) -> dict[str, uuid.UUID]:
        """By the name asked for, in any case."""
        with maintenance_context():
            rows = Bot.objects.annotate(lower=Lower("name")).values_list("lower", "pk")
            known = dict(rows.filter(lower__in=[name.lower() for name in names]))
        return {name: known[name.lower()] for name in names if name.lower() in known}

    def _zone(self, bot: str, bot_id: uuid.UUID) -> tzinfo:
        with maintenance_context():
            known = ledger.zone_of(bot_id)
        if known is None:
            return self.zone or UTC
        if self.zone is not None and str(self.zone) != known:
            raise NotVerified(OTHER_ZONE.format(bot, known))
        try:
            return ZoneInfo(known)
        except (ZoneInfoNotFoundError, ValueError):
            self.findings.add(ACCOUNTING, bot, f"the ledger's time zone is none: {known!r}")
            return UTC

    def _gone(self, bots: dict[str, uuid.UUID]) -> dict[str, uuid.UUID]:
        """Bots that were imported, and have no folder in the tree."""
        with maintenance_context():
            rows = Bot.objects.exclude(pk__in=bots.values()).values_list("name", "pk")
            return {name: pk for name, pk in rows if any(ledger.all_files(pk))}

    def _require_tree_of(self, bot: str) -> None:
        """Else all that several bots have would be taken for files of one that has none."""

        def is_tree(folder: Path) -> bool:
            return any(os.path.lexists(folder / name) for name in KNOWN)

        if is_tree(self.root) or self._has_folder(bot):
            return
        if folders := [name for name in sorted(os.listdir(self.root)) if is_tree(self.root / name)]:
            names = ", ".join(map(printable, folders))
            raise NotVerified(f"{self.root} has no folder {bot}. It has the trees of {names}.")

    def _has_folder(self, bot: str) -> bool:
        named = (name for name in os.listdir(self.root) if printable(name) == bot)
        return any((self.root / name).is_dir() for name in named)

    def _files(self) -> Iterator[File]:
        if self.bot is None or self._has_folder(self.bot):
            for file in files(self.root, None):
                if self.bot is None or file.bot in (self.bot, None):
                    yield file
        else:
            yield from files(self.root, self.bot)

    def _files_of(self, name: str) -> Iterator[File]:
        return (file for file in self._files() if file.bot == name and file.kind != Kind.BOTS)

    def _verify(self, name: str, bot_id: uuid.UUID, sample: Sample, zone: tzinfo) -> None:
        def begun(findings: Findings, whole: bool = False) -> Comparison:
            of_bot = (bot_id, name, self.root, findings, self.deep)
            return Comparison(*of_bot, whole=whole, accept_removed=self.accept_removed)

        comparison = begun(self.findings, sample.is_whole)
        with maintenance_context():
            erased = ErasedPeople(bot_id)

        def reading(file: File) -> Expected:
            return Expected(file, self.root, zone, erased=erased)

        for portion in self._portions(name, comparison, sample, reading, erased):
            with legible(name, self.findings):
                comparison.compare(portion)
                comparison.look_into_backups(portion)
            for one in portion:
                self._advance(one, one.left)
        with legible(name, self.findings), maintenance_context():
            read_only()
            if number := ledger.running(bot_id):
                self.findings.note(name, UNFINISHED.format(number))
            if ACCOUNTING in self.findings.checks:
                check_runs(bot_id, self.findings)
            comparison.end(lambda: self._read_again(name, sample, reading, erased))
            if INTEGRITY in self.findings.checks:
                check_integrity(bot_id, self.findings)
        theirs = (file for file in self._files_of(name) if not _is_theirs(erased, file))
        trial = Trial(begun, reading)
        with legible(name, self.findings):
            self_test(comparison, name, theirs, trial, self.findings)

    def _portions(
        self,
        name: str,
        comparison: Comparison,
        sample: Sample,
        reading: Callable[[File], Expected],
        erased: ErasedPeople,
    ) -> Iterator[list[Portion]]:
        portion: list[Portion] = []
        messages = 0
        for n, file in enumerate(self._files_of(name)):
            if _is_theirs(erased, file):
                self.findings.note(file.printable, OF_ERASED)
                self.progress.advance(self._size(file))
                continue
            expected = reading(file)
            read = Read(expected, ledger.path_of(file), looked_at=sample.has(n, file))
            one = Portion(read, self._size(file))
            expected.told = partial(self._advance, one)
            comparison.read(one)
            for person in sorted(expected.of_erased):
                self.findings.note(file.printable, ENTRY_OF_ERASED.format(person))
            expected.told = None
            portion.append(one)
            messages += expected.records
            if len(portion) == FILES_AT_ONCE or messages >= MESSAGES_AT_ONCE:
                yield portion
                portion, messages = [], 0
        yield portion

    def _size(self, file: File) -> int:
        if file.kind in (Kind.NO_FILE, Kind.BOTS):
            return 0
        try:
            return os.lstat(self.root / file.path).st_size
        except FileNotFoundError:
            return 0  # gone since it was listed

    def _advance(self, one: Portion, size: int) -> None:
        """As far as a file is read; what is left of it when it is compared."""
        size = min(size, one.left)
        one.left -= size
        self.progress.advance(size)

    def _read_again(
        self,
        name: str,
        sample: Sample,
        reading: Callable[[File], Expected],
        erased: ErasedPeople,
    ) -> Iterator[Expected]:
        """The files with measurements."""
        for n, file in enumerate(self._files_of(name)):
            measured = file.kind in (Kind.METRICS, Kind.PROFILE, Kind.OLDER_PROFILES)
            if measured and sample.has(n, file) and not _is_theirs(erased, file):
                yield reading(file)


def _is_theirs(erased: ErasedPeople, file: File) -> bool:
    return erased.have_file(file.key, file.printable.removeprefix(f"{printable(file.folder)}/"))
