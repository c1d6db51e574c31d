"""A tree into the database: one run for each of its bots."""

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db import connection

from legacy_import.batches.counts import Counts
from legacy_import.models import ImportRun
from legacy_import.refusal import ImportRefused
from legacy_import.runs import bots, ledger
from legacy_import.runs.counters import Disagreeing, disagreeing
from legacy_import.runs.options import BotTree, Options, Progress
from legacy_import.runs.pool import Hands, hands
from legacy_import.runs.session import Outcome
from legacy_import.runs.worker import peak_rss_mb
from legacy_import.source.inventory import NoBots, inventory, trees
from legacy_import.source.reading import read
from legacy_import.source.records import BotEntry, Kind, Reject, SourceFile
from tenants import correlation
from tenants.context import maintenance_context

# Profiles are there before the conversations that point to them, the older files' before the rest.
PHASES = {Kind.PROFILES: 0, Kind.PROFILE: 1, Kind.UNKNOWN: 1}
LAST_PHASE = 2
SLICE_FILES, SLICE_BYTES = 400, 32_000_000
LINK = """
    UPDATE conversations SET profile_id = person.id FROM profiles AS person
    WHERE conversations.bot_id = %(bot)s AND conversations.profile_id IS NULL
    AND person.bot_id = %(bot)s AND person.telegram_id = conversations.chat_id
"""


class Interrupted(Exception):
    """Ctrl-C; what was committed stays."""


@dataclass
class Report:
    run_id: int | None
    dry_run: bool
    bots: list[str]
    source_tz: str
    outcome: Outcome = field(default_factory=Outcome)
    # Not of a dry run.
    counters: Disagreeing = field(default_factory=Disagreeing)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0
    peak_rss_mb: float = 0.0

    @property
    def counts(self) -> Counts:
        return self.outcome.counts

    @property
    def rows_per_second(self) -> int:
        written = self.counts.total("inserted") + self.counts.total("changed")
        return round(written / self.seconds) if self.seconds else 0


def import_tree(options: Options, progress: Progress) -> Report:
    started = time.monotonic()
    report = _import(options, progress)
    report.seconds = time.monotonic() - started
    report.peak_rss_mb = round(max(peak_rss_mb(), report.peak_rss_mb), 1)
    return report


def _import(options: Options, progress: Progress) -> Report:
    if not options.root.is_dir():
        raise ImportRefused(f"{options.root} is no folder that can be read.")
    try:
        folders = trees(options.root, options.bot)
    except NoBots as error:
        raise ImportRefused(str(error)) from None
    names = list(folders)
    if len({name.lower() for name in names}) < len(names):
        raise ImportRefused("Two folders are named alike but for capitals, as bots cannot be.")
    report = Report(None, options.dry_run, names, str(options.source_tz))
    if options.dry_run:
        known = bots.existing(names)
        bot_trees = {
            name: BotTree(name, name if folder else "", known.get(name))
            for name, folder in folders.items()
        }
        with hands(options, progress) as workers:
            _distribute(options, progress, report, bot_trees, workers)
        return report
    made, report.problems = bots.make(names, _entries(options, report))
    with ledger.locked(made):
        runs = ledger.begin(list(made.values()), ImportRun.Action.IMPORT, _as_json(options))
        report.run_id = next(iter(runs.values())).number
        bot_trees = {
            name: BotTree(name, name if folder else "", made[name], runs[made[name]])
            for name, folder in folders.items()
        }
        outcomes: dict[str, Outcome] = {}
        try:
            with correlation.correlated(f"import-{report.run_id:08}"):
                with hands(options, progress) as workers:
                    outcomes = _distribute(options, progress, report, bot_trees, workers)
                _link(list(made.values()))
                if report.counts.total("inserted") or report.counts.total("changed"):
                    report.counters = disagreeing(made)
        except KeyboardInterrupt:
            _end(runs, ImportRun.Status.INTERRUPTED, made, outcomes)
            raise Interrupted(f"Run {report.run_id} was interrupted.") from None
        except BaseException:
            if connection.is_usable():
                _end(runs, ImportRun.Status.FAILED, made, outcomes)
            raise
        _end(runs, ImportRun.Status.DONE, made, outcomes)
    return report


def _distribute(
    options: Options,
    progress: Progress,
    report: Report,
    bot_trees: dict[str, BotTree],
    workers: Hands,
) -> dict[str, Outcome]:
    """Slices of files to the workers; a bot's next phase begins when the one before is done."""
    outcomes = {name: Outcome() for name in report.bots}
    progress.begin(sum(file.size for file in _files(options)))

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
    tally = outcome.counts["other"]
    for file in files:
        outcome.files += 1
        tally.source += 1
        tally.rejected += 1
        code = file.problem or "unknown-file"
        outcome.rejects.append({"file": file.path, "position": 0, "code": code})


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


def _entries(options: Options, report: Report) -> Iterator[BotEntry]:
    for file in inventory(options.root, options.bot):
        if file.kind != Kind.BOTS:
            continue
        for record in read(options.root, file).records:
            if isinstance(record, Reject):
                report.problems.append(f"{file.path}, entry {record.place}: {record.code}")
            elif isinstance(record, BotEntry):
                yield record


def _link(bot_ids: list[uuid.UUID]) -> None:
    """Conversations to the profiles that came after them."""
    for bot_id in bot_ids:
        with maintenance_context(), connection.cursor() as cursor:
            cursor.execute(LINK, {"bot": bot_id})


def _end(
    runs: dict[uuid.UUID, ImportRun],
    status: str,
    made: dict[str, uuid.UUID],
    outcomes: dict[str, Outcome],
) -> None:
    for name, bot_id in made.items():
        counts = outcomes[name].counts.as_json() if name in outcomes else None
        ledger.end(runs[bot_id], status, counts)


def _as_json(options: Options) -> dict[str, Any]:
    return {
        "folder": options.root.resolve().name,
        "only": sorted(options.only),
        "workers": options.workers,
        "source_tz": str(options.source_tz),
        "min_age": options.min_age,
        "backups": "store" if options.store_backups else "index",
    }
