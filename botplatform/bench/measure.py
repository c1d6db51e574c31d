"""Takes both times of each read in turn, so that what else the machine does hits both alike."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from statistics import median
from tempfile import TemporaryFile
from typing import Any

from django.db import connection, transaction

from botplatform.bench.reads import Read, Statement, Viewer, reads, viewers

# Reads in one transaction, before the other side has its turn.
IN_A_ROW = 5
SLOW_MS = 100.0
MOST_EXTRA_ROUND_TRIPS = 1


@dataclass(frozen=True)
class Row:
    viewer: str
    what: str
    plain: float
    secured: float
    bar: float | None
    unit: str = "ms"

    @property
    def cost(self) -> float:
        """A ratio of times, a difference of round trips."""
        return self.secured / self.plain if self.unit == "ms" else self.secured - self.plain

    @property
    def met(self) -> bool:
        return self.bar is None or self.cost <= self.bar


def rows(repeat: int, seed: int = 1) -> Iterator[Row]:
    rng = Random(seed)  # noqa: S311
    for viewer in viewers():
        with viewer.context():
            hot = reads()
        for read in hot:
            yield _compare(viewer, read, repeat, rng)
    for viewer in viewers():
        yield _round_trips(viewer)


def _compare(viewer: Viewer, read: Read, repeat: int, rng: Random) -> Row:
    plain: list[float] = []
    secured: list[float] = []
    while len(plain) < repeat:
        with viewer.context():
            pairs = [read.pair(rng) for _ in range(IN_A_ROW)]
        sides = [True, False] if rng.random() < 0.5 else [False, True]
        for is_secured in sides:
            if is_secured:
                with viewer.context():
                    secured += _times([first for first, _ in pairs])
            else:
                with transaction.atomic():
                    plain += _times([second for _, second in pairs])
        if len(plain) >= 20 and median(secured) > SLOW_MS:
            break
    bar = read.bar if viewer.has_bars else None
    return Row(viewer.name, read.name, median(plain), median(secured), bar)


def _times(statements: list[Statement]) -> list[float]:
    """In milliseconds. The first is run once more before, to warm what a new role makes anew."""
    taken = []
    with connection.cursor() as cursor:
        for n, (sql, parameters) in enumerate([statements[0], *statements]):
            started = time.perf_counter()
            cursor.execute(sql, parameters)
            cursor.fetchall()
            if n:
                taken.append((time.perf_counter() - started) * 1000)
    return taken


def _round_trips(viewer: Viewer) -> Row:
    plain = _counted(transaction.atomic())
    secured = _counted(viewer.context())
    what = "context, round trips"
    return Row(viewer.name, what, plain, secured, MOST_EXTRA_ROUND_TRIPS, unit="")


def _counted(block: Any) -> int:
    """Each answer of the server ends with one ReadyForQuery."""
    connection.ensure_connection()
    wire: Any = connection.connection.pgconn
    with TemporaryFile("w+") as trace:
        wire.trace(trace.fileno())
        try:
            with block, connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        finally:
            wire.untrace()
        trace.seek(0)
        return trace.read().count("ReadyForQuery")
