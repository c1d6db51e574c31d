"""Rejected records once more, from the bytes that were kept: after the importer learned more.

They are read as they were, from a small tree of their own, and take the places they had. Nothing
else of their files is touched, whatever the importer would make of it now.
"""

import tempfile
import zlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from legacy_import.batches import known
from legacy_import.batches.batch import KEPT_WHOLE, Batch, Part
from legacy_import.batches.encode import REJECTED, content_hash
from legacy_import.batches.plan import FilePlan
from legacy_import.models import FilePart, ImportFile, ImportRun, Reject
from legacy_import.runs import ledger
from legacy_import.runs.options import BotTree
from legacy_import.source.reading import read
from legacy_import.source.records import Kind, Profile, Reading, SourceFile
from legacy_import.source.records import Reject as Rejected
from legacy_import.source.render import render_file
from legacy_import.writing.apply import Writer
from legacy_import.writing.links import link
from legacy_import.writing.refused import CODE as REFUSED
from tenants import correlation
from tenants.context import maintenance_context


@dataclass
class Retried:
    run_id: int
    tried: int = 0
    placed: int = 0


# The other file it was rejected for may be there still.
NOT_AGAIN = ("superseded",)
# Bytes of a file that are not one of its records, though they may read like one.
NO_RECORD = ("truncated", "damaged", "trailing-garbage")


def retry(number: int, bot: str | None = None) -> Retried:
    """Of all bots of the run, or the one named."""
    with maintenance_context():
        runs = ledger.runs_numbered(number, bot)
    names = {run.bot.name: run.bot_id for run in runs}
    # As the run read its files.
    options = {"source_tz": runs[0].options.get("source_tz", "UTC")}
    with ledger.locked(names):
        begun = ledger.begin(list(names.values()), ImportRun.Action.RETRY, options, about=number)
        retried = Retried(next(iter(begun.values())).number)
        try:
            with correlation.correlated(f"retry-{retried.run_id:08}"):
                for run in runs:
                    own = begun[run.bot_id]
                    _retry_bot(run, own, ZoneInfo(options["source_tz"]), retried)
                    link(own)
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
            if before is None or before.status != ImportFile.Status.DONE:
                continue
            old = known.sequence(run.bot_id, file.path)
            kept = _kept(file, before, old)
            retried.tried += len(kept)
            again = _Again(Path(folder), tree, file, before, old, source_tz)
            parts = again.whole(kept[0]) if 0 in kept else again.records(kept)
        if parts:
            _write(writer, parts)
            # What PostgreSQL refused again is a reject again.
            rejected = {place for part in parts for place, _, _ in part.rejects}
            retried.placed += 1 if 0 in kept else len(parts[0].edits.keys() - rejected)


def _kept(file: ImportFile, before: known.KnownFile, old: known.Sequence) -> dict[int, list[bytes]]:
    """By place, where nothing else has come since; a long record lies in several pieces."""
    pieces: dict[int, list[bytes]] = defaultdict(list)
    codes: dict[int, str] = {}
    rejects = Reject.objects.filter(bot=file.bot_id, file=file.pk, solved_by=None)
    rejects = rejects.exclude(code__in=NOT_AGAIN).exclude(code__in=NO_RECORD, place__gt=0)
    rejects = rejects.order_by("piece")
    for place, code, raw in rejects.values_list("place", "code", "raw").iterator(1):
        pieces[place].append(bytes(raw))
        codes.setdefault(place, code)

    def stands(place: int) -> bool:
        if place == 0:
            return "rejected" in before.header
        if codes[place] == REFUSED:
            # Its fingerprint is that of the record, which was whole.
            return old.identity(place - 1) == REJECTED
        return old.content(place - 1) == content_hash(pieces[place][0], codes[place].encode())

    return {place: pieces[place] for place in pieces if stands(place)}


def _write(writer: Writer, parts: list[Part]) -> None:
    batch = Batch(writer.bot_id)
    for part in parts:
        batch.add(part)
    writer.write(batch)


@dataclass
class _Again:
    """One file, read again."""

    folder: Path
    tree: BotTree
    file: ImportFile
    before: known.KnownFile
    old: known.Sequence
    source_tz: tzinfo

    def whole(self, raw: list[bytes]) -> list[Part]:
        """Of a file that was rejected whole; nothing where it is again."""
        kind = Kind(self.file.kind)
        if kind not in KEPT_WHOLE and self.file.key is None:
            return []
        own = raw if kind in KEPT_WHOLE else None
        parts = list(self._plan(self._reading(raw), own).parts())
        return [] if "rejected" in parts[-1].header else parts

    def records(self, kept: dict[int, list[bytes]]) -> list[Part]:
        kind = Kind(self.file.kind)
        if kind == Kind.CONVERSATION:
            plan = self._plan(self._reading(render_file(self.before.header["shape"], [])))
            next(iter(plan.reading.records), None)
            found = [
                (place, record)
                for place, pieces in kept.items()
                if (record := self._record(pieces)) is not None
            ]
        elif kind == Kind.PROFILE and 1 in kept:
            plan = self._plan(self._reading(kept[1]))
            person = next(iter(plan.reading.records))
            found = [(1, person)] if isinstance(person, Profile) else []
        elif kind in KEPT_WHOLE:
            parts = FilePart.latest(self.file.bot_id, self.file.path)
            data = parts.values_list("data", flat=True).iterator(1)
            plan = self._plan(self._reading(zlib.decompress(part) for part in data))
            found = list(plan.readable_at(kept))
        else:
            return []
        return [plan.retried(found)] if found else []

    def _record(self, pieces: list[bytes]) -> Any:
        """The record, if it is one now."""
        shape = {**self.before.header["shape"], "around": []}
        records = list(self._reading(render_file(shape, [b"".join(pieces)])).records)
        if len(records) == 1 and not isinstance(records[0], Rejected):
            return records[0]
        return None

    def _plan(self, reading: Reading, own_bytes: Iterable[bytes] | None = None) -> FilePlan:
        return FilePlan(self.tree, reading, self.before, self.old, own_bytes, again=True)

    def _reading(self, data: Iterable[bytes]) -> Reading:
        """As if it still lay where it lay; what the ledger notes of it is what it noted then."""
        # The name as it is printed may be longer than names can be.
        path = self.folder / "kept"
        with path.open("wb") as out:
            out.writelines(data)
        status = path.stat()
        lying = SourceFile(
            *(None, self.file.path, Kind(self.file.kind), self.file.key),
            *(status.st_size, status.st_mtime_ns, None, bytes(path.name, "ascii")),
        )
        reading = read(self.folder, lying, source_tz=self.source_tz)
        reading.file = replace(lying, size=self.before.size, mtime_ns=self.before.mtime_ns)
        return reading
