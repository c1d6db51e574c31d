"""Files of one bot through one process: this thread reads while two others write what was read."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import Any, Protocol

from django.db import connection

from conversations.personal import ErasedPeople
from legacy_import.batches import known
from legacy_import.batches.backups import backup_date, backup_parts
from legacy_import.batches.batch import KEPT_WHOLE, Batch, Finished, Part
from legacy_import.batches.encode import identity_of
from legacy_import.batches.items import item
from legacy_import.batches.plan import NO_BOT, FilePlan
from legacy_import.batches.salvage import backups_of, only_in_backups, salvaged
from legacy_import.runs import ledger
from legacy_import.runs.options import BotTree, Options
from legacy_import.runs.outcome import Outcome
from legacy_import.source.hashes import Hashes
from legacy_import.source.inventory import ABSENT, TOO_FRESH
from legacy_import.source.opening import FileChanged, NotOpened, Opened
from legacy_import.source.reading import read
from legacy_import.source.records import Kind, Reject, SourceFile
from legacy_import.writing.apply import Writer
from legacy_import.writing.dry import DryRun
from legacy_import.writing.refused import CODE as REFUSED
from tenants.context import maintenance_context

OWN_FILE = re.compile(r"(-?[0-9]+)\.json")
# Batches are some 90 percent the server's work, and it works for two connections at once.
WRITERS = 2
# Batches that are or wait to be written: one is being made meanwhile.
WAITING = 3


class WriteFailed(Exception):
    pass


class WritesBatches(Protocol):
    def write(self, batch: Batch) -> Finished: ...


class Lane:
    """A thread with a connection and books of its own: all parts of a file go through one."""

    def __init__(self, writer: WritesBatches) -> None:
        self.writer = writer
        self.thread = ThreadPoolExecutor(1, "import-writer")

    def close(self) -> None:
        self.thread.submit(lambda: connection.close())
        self.thread.shutdown()


class Session:
    def __init__(
        self,
        tree: BotTree,
        writers: Sequence[WritesBatches],
        options: Options,
        advance: Callable[[int], object],
    ) -> None:
        self.tree = tree
        self.bot_id = tree.bot_id or NO_BOT
        self.options = options
        self.advance = advance
        self.outcome = Outcome(options.listed)
        self.batch = Batch(self.bot_id)
        self.failed = False
        self.waiting: list[Future[Outcome]] = []
        self.lanes = [Lane(writer) for writer in writers]

    def feed(self, files: Sequence[SourceFile]) -> None:
        paths = [self.tree.path(file) for file in files]
        with maintenance_context():
            before = known.known_files(self.bot_id, paths)
        for file, path in zip(files, paths, strict=True):
            self.outcome.files += file.problem != ABSENT
            try:
                if self.erased.have_file(file.key, path):
                    self.outcome.erased.add(file.path)
                else:
                    self._feed(file, before.get(path))
            except FileChanged:
                self.outcome.left.add(file.path)
            self.advance(file.size)

    @cached_property
    def erased(self) -> ErasedPeople:
        with maintenance_context():
            return ErasedPeople(self.bot_id)

    def drain(self) -> Outcome:
        """Waits until all that was fed is committed."""
        self._submit()
        while self.waiting:
            self._await()
        outcome, self.outcome = self.outcome, Outcome(self.options.listed)
        return outcome

    def close(self) -> None:
        """What was submitted is still committed."""
        for lane in self.lanes:
            lane.close()

    def _feed(self, file: SourceFile, before: known.KnownFile | None) -> None:
        left_out = self._entries_of_erased(file)
        if file.problem == TOO_FRESH:
            self.outcome.left.add(file.path)
        elif file.problem == ABSENT and not self.options.salvage_backups:
            self._report_new_backups(file)
        elif before is not None and self._unchanged(file, before, left_out):
            self.outcome.unchanged_files += 1
            self.outcome.counts.add(before.counts.as_unchanged())
            if before.counts.total("rejected") and self.outcome.rejected.wants((file.path,)):
                self._list_standing(file)
            if file.kind == Kind.CONVERSATION:
                self._report_new_backups(file)
        else:
            for part in self._parts(file, before):
                self.batch.add(part)
                if self.batch.full:
                    self._submit()

    def _entries_of_erased(self, file: SourceFile) -> int:
        """In every pass: since the last one more people may have been erased."""
        if file.kind != Kind.PROFILES or file.problem or not self.erased.marks:
            return 0
        reading = read(self.options.root, file, leave_out=self.erased)
        for _ in reading.records:
            pass
        for person in reading.left_out:
            self.outcome.erased_entries.add((file.path, person))
        return len(reading.left_out)

    def _parts(self, file: SourceFile, before: known.KnownFile | None) -> Iterator[Part]:
        options = self.options
        if file.kind == Kind.BACKUP and backup_date(file.path) is None:
            file = replace(file, kind=Kind.UNKNOWN, key=None)
        opened = None
        if file.kind in KEPT_WHOLE and file.problem is None:
            with suppress(NotOpened):  # as read() will say
                opened = Opened(options.root, file)
        if file.kind == Kind.BACKUP and file.key is not None and opened:
            yield from backup_parts(self.tree, opened, file, before, options.store_backups)
            return
        reading = read(options.root, file, source_tz=options.source_tz, leave_out=self.erased)
        old = known.Sequence()
        if before is not None:
            with maintenance_context():
                old = known.sequence(self.bot_id, self.tree.path(file))
        own = opened.blocks() if opened else None
        backups: list[SourceFile] = []
        if file.kind == Kind.CONVERSATION:
            backups = list(backups_of(options.root, self.tree, file))
        salvages = bool(backups) and options.salvage_backups
        if salvages:
            salvaged(reading, only_in_backups(options, file, backups))
            if file.problem == ABSENT and reading.header is None:
                return
        reports = bool(backups) and not salvages and (before is None or self._are_new(backups))
        if reports:
            self._report_only_in(backups, file, old)

        def told(place: int, record: Any) -> None:
            code = record.code if isinstance(record, Reject) else REFUSED
            self.outcome.rejected.add((file.path, place, code))

        plan = FilePlan(self.tree, reading, before, old, own, told=told, salvages=salvages)
        damaged = False
        for part in plan.parts():
            damaged |= bool(part.rejects)
            if part.ends and file.kind == Kind.METRICS:
                part.header["source_tz"] = str(options.source_tz)
            yield part
        if damaged and backups and not reports and not salvages:
            self._report_only_in(backups, file, old)

    def _list_standing(self, file: SourceFile) -> None:
        """Of a file that is as it was."""
        with maintenance_context():
            path, most = self.tree.path(file), self.options.listed
            for place, code in ledger.standing_rejects(self.bot_id, path, most):
                self.outcome.rejected.add((file.path, place, code))

    def _report_new_backups(self, file: SourceFile) -> None:
        """Of a conversation whose own file has nothing new."""
        backups = list(backups_of(self.options.root, self.tree, file))
        if self._are_new(backups):
            with maintenance_context():
                old = known.sequence(self.bot_id, self.tree.path(file))
            self._report_only_in(backups, file, old)

    def _are_new(self, backups: list[SourceFile]) -> bool:
        """Else what is only in them was reported when they were: it is not read in every pass."""
        if not backups:
            return False
        with maintenance_context():
            seen = known.known_files(self.bot_id, [self.tree.path(backup) for backup in backups])
        return any(
            (was := seen.get(self.tree.path(backup))) is None
            or (was.size, was.mtime_ns) != (backup.size, backup.mtime_ns)
            for backup in backups
        )

    def _report_only_in(
        self, backups: list[SourceFile], file: SourceFile, old: known.Sequence
    ) -> None:
        """Messages that are neither in the file nor imported at an earlier time."""
        imported = Hashes(old.contents)
        number = sum(
            item(message).content not in imported
            for message in only_in_backups(self.options, file, backups)
        )
        if number:
            self.outcome.only_in_backups.add((file.path, number))
            self.outcome.messages_in_backups += number

    def _unchanged(self, file: SourceFile, before: known.KnownFile, left_out: int) -> bool:
        if before.status != "done" or before.size != file.size:
            return False
        if before.header.get("left_out", 0) != left_out:
            return False
        salvages = self.options.salvage_backups and file.kind == Kind.CONVERSATION
        if salvages and any(backups_of(self.options.root, self.tree, file)):
            return False
        if not (left_out or before.header.get("stored", True)) and self._is_kept(file):
            return False
        if file.kind == Kind.PROFILES and self._own_files_changed(file):
            return False
        # One that could not be read has no hash, and its permissions leave no trace in its times.
        same_time = before.mtime_ns == file.mtime_ns
        if same_time and before.sha256:
            return True
        try:
            opened = Opened(self.options.root, file)
            for _ in opened.blocks():
                pass
        except NotOpened:
            return same_time
        return opened.sha256 == before.sha256

    def _own_files_changed(self, file: SourceFile) -> bool:
        """Whether somebody of a file of several has one of their own now, or no longer."""
        try:
            names = os.listdir((self.options.root / file.path).parent / "girls_data")
        except OSError:
            names = []
        own = {int(name[1]) for name in map(OWN_FILE.fullmatch, names) if name}
        path = self.tree.path(file)
        with maintenance_context():
            here = Hashes(known.sequence(self.bot_id, path).identities)
            superseded = ledger.superseded(self.bot_id, path)
        return not superseded <= own or any(identity_of(id) in here for id in own - superseded)

    def _is_kept(self, file: SourceFile) -> bool:
        return file.kind != Kind.BACKUP or self.options.store_backups

    def _submit(self) -> None:
        if not self.batch.parts:
            return
        while len(self.waiting) >= WAITING:
            self._await()
        batch, self.batch = self.batch, Batch(self.bot_id)
        if batch.parts[0].opens:
            self.lanes.reverse()
        # Else the one that has, or will have, the parts before these.
        lane = self.lanes[0]
        self.waiting.append(lane.thread.submit(self._write, lane.writer, batch))

    def _write(self, writer: WritesBatches, batch: Batch) -> Outcome:
        """Nothing is written after a batch that failed: a file's parts follow each other."""
        if self.failed:
            raise WriteFailed("An earlier batch was not written.")
        try:
            finished = writer.write(batch)
        except BaseException:
            self.failed = True
            raise
        # Not the batch: it would be in memory for as long as nobody asks.
        outcome = Outcome(self.options.listed)
        for _, counts in finished:
            outcome.counts.add(counts)
        for part in batch.parts:
            for place, piece, reject in part.rejects:
                if not piece:
                    outcome.rejected.add((part.file.path, place, reject.code))
        return outcome

    def _await(self) -> None:
        self.outcome.add(self.waiting.pop(0).result())


def open_session(tree: BotTree, options: Options, advance: Callable[[int], object]) -> Session:
    """A dry one without a run."""

    def writer() -> WritesBatches:
        return Writer(tree.run) if tree.run else DryRun(tree.bot_id)

    return Session(tree, [writer() for _ in range(WRITERS)], options, advance)
