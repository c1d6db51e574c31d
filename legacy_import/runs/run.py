"""A tree into the database: one run for each of its bots."""

import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db import Error, connection

from legacy_import.batches.counts import Counts
from legacy_import.models import ImportRun
from legacy_import.refusal import ImportRefused
from legacy_import.runs import bots, ledger
from legacy_import.runs.counters import Disagreeing, disagreeing
from legacy_import.runs.failures import failure
from legacy_import.runs.options import BotTree, Options, Progress
from legacy_import.runs.outcome import First, Outcome
from legacy_import.runs.pool import Hands, hands
from legacy_import.runs.survey import (
    Agreement,
    absent,
    require_files,
    require_zone,
    survey,
    vanished,
)
from legacy_import.runs.worker import peak_rss_mb
from legacy_import.source.inventory import NoBots, inventory, trees
from legacy_import.source.records import Kind, SourceFile
from legacy_import.writing.links import link
from tenants import correlation

# Profiles are there before the conversations that point to them, the older files' before the rest.
PHASES = {Kind.PROFILES: 0, Kind.PROFILE: 1, Kind.UNKNOWN: 1}
LAST_PHASE = 2
SLICE_FILES, SLICE_BYTES = 400, 32_000_000


class Interrupted(Exception):
    """Ctrl-C; what was committed stays."""


@dataclass
class Report:
    run_id: int | None
    dry_run: bool
    bots: list[str]
    source_tz: str
    outcome: Outcome
    # Bots that were made, or would be.
    new_bots: list[str] = field(default_factory=list)
    # About the bots: what bots.json says, and what could not be taken over.
    remarks: list[str] = field(default_factory=list)
    # Files that were imported and are no longer in the tree.
    vanished: First = field(default_factory=First)
    # Not of a dry run.
    counters: Disagreeing = field(default_factory=Disagreeing)
    seconds: float = 0.0
    peak_rss_mb: float = 0.0

    @property
    def counts(self) -> Counts:
        return self.outcome.counts

    @property
    def rows_per_second(self) -> int:
        written = self.counts.total("inserted") + self.counts.total("changed")
        return round(written / self.seconds) if self.seconds else 0


def import_tree(
    options: Options, progress: Progress, agreed: Agreement = lambda survey: None
) -> Report:
    started = time.monotonic()
    try:
        report = _import(options, progress, agreed)
    except Error as error:
        raise failure(error) or error from error
    report.seconds = time.monotonic() - started
    report.peak_rss_mb = round(max(peak_rss_mb(), report.peak_rss_mb), 1)
    return report


def _import(options: Options, progress: Progress, agreed: Agreement) -> Report:
    if not options.root.is_dir():
        raise ImportRefused(f"{options.root} is no folder that can be read.")
    try:
        folders = trees(options.root, options.bot)
        found = survey(options)
    except NoBots as error:
        raise ImportRefused(str(error)) from None
    report = Report(
        None, options.dry_run, list(folders), str(options.source_tz), Outcome(options.listed)
    )
    report.vanished.most = options.listed
    roster = bots.roster(options, report.bots, found.lists_of_bots, report.outcome)
    report.remarks = roster.remarks
    report.new_bots = found.new_bots = roster.missing
    found.bots = report.bots
    for name in folders:
        require_files(found, name, roster.known_id(name))
        if name in found.measured:
            require_zone(options, name, roster.known_id(name))
    if options.dry_run:
        progress.begin(found.size)
        bot_trees = {
            name: BotTree(name, name if folder else "", roster.known_id(name))
            for name, folder in folders.items()
        }
        with hands(options, progress) as workers:
            _distribute(options, report, bot_trees, workers)
        _look_for_vanished(options, report, bot_trees)
        return report
    agreed(found)
    progress.begin(found.size)
    made = roster.save()
    with ledger.locked(made):
        runs = ledger.begin(
            list(made.values()), ImportRun.Action.IMPORT, _as_json(options, folders)
        )
        report.run_id = next(iter(runs.values())).number
        bot_trees = {
            name: BotTree(name, name if folder else "", made[name], runs[made[name]])
            for name, folder in folders.items()
        }
        outcomes: dict[str, Outcome] = {}
        try:
            with correlation.correlated(f"import-{report.run_id:08}"):
                with hands(options, progress) as workers:
                    outcomes = _distribute(options, report, bot_trees, workers)
                for run in runs.values():
                    link(run)
                if report.counts.total("inserted") or report.counts.total("changed"):
                    report.counters = disagreeing(made)
            _look_for_vanished(options, report, bot_trees)
        except KeyboardInterrupt:
            _end(runs, ImportRun.Status.INTERRUPTED, made, outcomes)
            raise Interrupted(f"Run {report.run_id} was interrupted.") from None
        except BaseException:
            if not connection.is_usable():
                connection.close()
            with suppress(Exception):  # it would hide what happened
                _end(runs, ImportRun.Status.FAILED, made, outcomes)
            raise
        _end(runs, ImportRun.Status.DONE, made, outcomes)
        if options.watching and ledger.forget_idle(list(runs.values())):
            report.run_id = None
    return report


def _distribute(
    options: Options, report: Report, bot_trees: dict[str, BotTree], workers: Hands
) -> dict[str, Outcome]:
    """Slices of files to the workers; a bot's next phase begins when the one before is done."""
    outcomes = {name: Outcome(options.listed) for name in report.bots}

    def take(name: str, outcome: Outcome) -> None:
        outcomes[name].add(outcome)
        report.outcome.add(outcome)

    for (name, phase), files in groupby(_files(options), key=lambda f: (f.bot, _phase(f))):
        if name is None:
            _reject_nobodys(files, report.outcome)
            continue
        for some in _slices(files):
            for done, outcome in workers.give(bot_trees[name], phase, some):
                take(done, outcome)
    for done, outcome in workers.finish():
        take(done, outcome)
    report.peak_rss_mb = workers.peak_rss_mb
    return outcomes


def _files(options: Options) -> Iterator[SourceFile]:
    for file in inventory(options.root, options.bot, min_age=options.min_age):
        if file.kind != Kind.BOTS and options.wants(file.kind):
            yield file


def _reject_nobodys(files: Iterator[SourceFile], outcome: Outcome) -> None:
    """Beside the bots' trees: no bot's ledger can keep them, so they are only reported."""
    for file in files:
        outcome.files += 1
        outcome.refuse(file.path, 0, file.problem or "unknown-file")


def _look_for_vanished(options: Options, report: Report, bot_trees: dict[str, BotTree]) -> None:
    for tree in bot_trees.values():
        vanished(options, tree, report.vanished)
    if options.bot is None:
        known = [tree.bot_id for tree in bot_trees.values() if tree.bot_id]
        report.remarks += (
            f"{name}: was imported before, and has no folder with files here. Its rows stay."
            for name in absent(known)
        )


def _phase(file: SourceFile) -> int:
    return PHASES.get(file.kind, LAST_PHASE)


def _slices(files: Iterator[SourceFile]) -> Iterator[list[SourceFile]]:
    some: list[SourceFile] = []
    size = 0
    for file in files:
        some.append(file)
        size += file.size
        if len(some) >= SLICE_FILES or size >= SLICE_BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def _end(
    runs: dict[uuid.UUID, ImportRun],
    status: str,
    made: dict[str, uuid.UUID],
    outcomes: dict[str, Outcome],
) -> None:
    for name, bot_id in made.items():
        counts = outcomes[name].counts.as_json() if name in outcomes else None
        ledger.end(runs[bot_id], status, counts)


def _as_json(options: Options, folders: Mapping[str, bytes]) -> dict[str, Any]:
    root = options.root.resolve()
    return {
        "folder": root.name,
        # For a verification; a name that is no UTF-8 is found by hand.
        "path": str(root).encode("utf-8", "backslashreplace").decode(),
        "a_folder_for_each_bot": all(folders.values()),
        "only": sorted(options.only),
        "workers": options.workers,
        "source_tz": str(options.source_tz),
        "min_age": options.min_age,
        "backups": "store" if options.store_backups else "index",
    }
