"""Who does the work: this process, or several others."""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import Protocol

from django.db import connection

from legacy_import.runs import worker
from legacy_import.runs.options import BotTree, Options, Progress
from legacy_import.runs.outcome import Outcome
from legacy_import.runs.session import Session, open_session
from legacy_import.source.records import SourceFile

Done = Iterator[tuple[str, Outcome]]
# Seconds between two looks at how far the workers are.
LOOK = 0.2


class Hands(Protocol):
    peak_rss_mb: float

    def give(self, tree: BotTree, phase: int, files: list[SourceFile]) -> Done:
        """Takes on files, and says what became of earlier ones; of a bot, phase after phase."""
        ...

    def finish(self) -> Done: ...

    def close(self) -> None: ...


@contextmanager
def hands(options: Options, progress: Progress) -> Iterator[Hands]:
    kind = OwnHands if options.workers == 1 else ManyHands
    workers: Hands = kind(options, progress)
    try:
        yield workers
    finally:
        workers.close()


class OwnHands:
    """This process, one bot and phase after the other."""

    def __init__(self, options: Options, progress: Progress) -> None:
        self.options = options
        self.progress = progress
        self.key: tuple[str, int] = ("", 0)
        self.session: Session | None = None
        self.peak_rss_mb = 0.0

    def give(self, tree: BotTree, phase: int, files: list[SourceFile]) -> Done:
        if self.session is None or self.key != (tree.name, phase):
            yield from self.finish()
            self.key = (tree.name, phase)
            self.session = open_session(tree, self.options, self.progress.advance)
        self.session.feed(files)

    def finish(self) -> Done:
        if self.session is not None:
            outcome = self.session.drain()
            self.close()
            yield self.key[0], outcome

    def close(self) -> None:
        if self.session is not None:
            self.session.close()
            self.session = None


class ManyHands:
    def __init__(self, options: Options, progress: Progress) -> None:
        self.options = options
        self.progress = progress
        self.peak_rss_mb = 0.0
        # A fork would share this process's connection.
        processes = multiprocessing.get_context("spawn")
        self.advanced = processes.Value("q", 0)
        self.told = 0
        self.outstanding: dict[Future, tuple[str, int]] = {}
        self.pool = ProcessPoolExecutor(
            options.workers,
            mp_context=processes,
            initializer=worker.begin,
            initargs=(dict(connection.settings_dict), os.getpid(), self.advanced),
        )

    def give(self, tree: BotTree, phase: int, files: list[SourceFile]) -> Done:
        while len(self.outstanding) >= 2 * self.options.workers or any(
            of == tree.name and earlier != phase for of, earlier in self.outstanding.values()
        ):
            yield from self._look()
        future = self.pool.submit(worker.work, tree, self.options, files)
        self.outstanding[future] = (tree.name, phase)

    def finish(self) -> Done:
        while self.outstanding:
            yield from self._look()

    def close(self) -> None:
        """What is being written is still committed."""
        self.pool.shutdown(cancel_futures=True)

    def _look(self) -> Done:
        done, _ = wait(self.outstanding, timeout=LOOK, return_when=FIRST_COMPLETED)
        advanced = self.advanced.value
        self.progress.advance(advanced - self.told)
        self.told = advanced
        for future in done:
            name, _ = self.outstanding.pop(future)
            outcome, peak = future.result()
            self.peak_rss_mb = max(self.peak_rss_mb, peak)
            yield name, outcome
