"""Rejected records once more, from the bytes that were kept: after the importer learned more.

They are read as they were, from a small tree of their own, and take the places they had.
"""

import tempfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from legacy_import.batches import known
from legacy_import.batches.batch import KEPT_WHOLE, Batch, Part
from legacy_import.batches.plan import FilePlan
from legacy_import.models import FilePart, ImportFile, ImportRun, Reject
from legacy_import.refusal import ImportRefused
from legacy_import.runs import ledger
from legacy_import.runs.options import BotTree
from legacy_import.source.reading import read
from legacy_import.source.records import Kind, Profile, Reading, SourceFile
from legacy_import.source.records import Reject as Rejected
from legacy_import.source.render import render_file
from legacy_import.writing.apply import Writer
from tenants import correlation
from tenants.context import maintenance_context
from tenants.models import Bot


@dataclass
class Retried:
    run_id: int
    tried: int = 0
    placed: int = 0


def retry(number: int, source_tz: tzinfo = UTC) -> Retried:
    with maintenance_context():
        runs = list(ImportRun.objects.filter(number=number))
        names = dict(
            Bot.objects.filter(pk__in=[run.bot_id for run in runs]).values_list("name", "pk")
        )
    if not runs:
        raise ImportRefused(f"There is no run {number}. `manage.py import_status` lists them.")
    with ledger.locked(names):
        begun = ledger.begin(list(names.values()), ImportRun.Action.RETRY, {}, about=number)
        retried = Retried(next(iter(begun.values())).number)
        try:
            with correlation.correlated(f"retry-{retried.run_id:08}"):
                for run in runs:
                    _retry_bot(run, begun[run.bot_id], source_tz, retried)
        except BaseException:
            for run in begun.values():
                ledger.end(run, ImportRun.Status.FAILED)
            raise
        for run in begun.values():
            ledger.end(
                run, ImportRun.Status.DONE, {"tried": retried.tried, "placed": retried.placed}
            )
    return retried


def _retry_bot(run: ImportRun, own: ImportRun, source_tz: tzinfo, retried: Retried) -> None:
    tree = BotTree("", "", run.bot_id, own)
    writer = Writer(own)
    with maintenance_context():
        rejects = Reject.objects.filter(bot=run.bot_id, file__run=run.pk, solved_by=None)
        files = list(rejects.values_list("file", flat=True).distinct())
    for file_id in files:
        with maintenance_context(), tempfile.TemporaryDirectory() as folder:
            file = ImportFile.objects.get(bot=run.bot_id, pk=file_id)
            before = known.known_files(run.bot_id, [file.path]).get(file.path)
            if before is None:
                continue
            old = known.sequence(run.bot_id, file.path)
            kept = _kept(file)
            retried.tried += len(kept)
            parts = list(_Again(Path(folder), tree, file, before, old, source_tz).parts(kept))
        if parts:
            batch = Batch(writer.bot_id)
            for part in parts:
                batch.add(part)
            writer.write(batch)
            rejected = {place for part in parts for place, _, _ in part.rejects}
            with maintenance_context():
                retried.placed += len(kept.keys() - rejected - _kept(file).keys())


def _kept(file: ImportFile) -> dict[int, list[bytes]]:
    """By place; a long record lies in several pieces."""
    pieces: dict[int, list[bytes]] = defaultdict(list)
    rejects = Reject.objects.filter(bot=file.bot_id, file=file.pk, solved_by=None).order_by("piece")
    for place, raw in rejects.values_list("place", "raw").iterator(1):
        pieces[place].append(bytes(raw))
    return pieces


@dataclass
class _Again:
    """One file, read again."""

    folder: Path
    tree: BotTree
    file: ImportFile
    before: known.KnownFile
    old: known.Sequence
    source_tz: tzinfo

    def parts(self, kept: dict[int, list[bytes]]) -> Iterator[Part]:
        kind = Kind(self.file.kind)
        if kind == Kind.CONVERSATION and 0 not in kept:
            placed = {
                place: record
                for place, pieces in kept.items()
                if (record := self._record(pieces)) is not None
            }
            if placed:
                reading = self._reading(render_file(self.before.header["shape"], []))
                next(iter(reading.records), None)
                yield self._plan(reading).retried(placed.items())
        elif kind == Kind.PROFILE and 1 in kept:
            reading = self._reading(kept[1])
            if isinstance(person := next(iter(reading.records)), Profile):
                yield self._plan(reading).retried([(1, person)])
        elif kind in (Kind.CONVERSATION, Kind.PROFILE) and self.file.key is not None:
            reading = self._reading(kept[0])
            parts = list(self._plan(reading).parts())
            if any(part.identities or part.edits for part in parts):
                yield from parts
        elif kind in KEPT_WHOLE:
            yield from self._whole()

    def _record(self, pieces: list[bytes]) -> Any:
        """The record, if it is one now."""
        shape = {**self.before.header["shape"], "around": []}
        records = list(self._reading(render_file(shape, [b"".join(pieces)])).records)
        if len(records) == 1 and not isinstance(records[0], Rejected):
            return records[0]
        return None

    def _whole(self) -> Iterator[Part]:
        parts = FilePart.objects.filter(bot=self.file.bot_id, file=self.file.pk)
        data = [zlib.decompress(part.data) for part in parts.order_by("number")]
        if data:
            planned = list(
                FilePlan(
                    self.tree, self._reading(data), self.before, self.old, data, again=True
                ).parts()
            )
            if any(part.edits for part in planned):
                yield from planned

    def _plan(self, reading: Reading) -> FilePlan:
        return FilePlan(self.tree, reading, self.before, self.old, again=True)

    def _reading(self, data: Iterable[bytes]) -> Reading:
        """As if it still lay where it lay; what the ledger notes of it is what it noted then."""
        path = self.folder / self.file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(data))
        status = path.stat()
        lying = SourceFile(
            *(None, self.file.path, Kind(self.file.kind), self.file.key),
            *(status.st_size, status.st_mtime_ns),
        )
        reading = read(self.folder, lying, source_tz=self.source_tz)
        reading.file = replace(lying, size=self.before.size, mtime_ns=self.before.mtime_ns)
        return reading
