from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from botplatform.bench.database import bench_database
from botplatform.bench.machine import machine
from botplatform.bench.measure import Row, rows
from botplatform.bench.rollups import measured as rolled_up
from botplatform.bench.store.compare import Compared, compared
from botplatform.bench.store.load import Load, loads
from botplatform.demo.fleet import Size

CHATS_SHARE = 33
COLUMNS = "{:14} {:27} {:>10} {:>10} {:>9} {:>7}  {}"
CALL_COLUMNS = "{:19} {:>8} {:>9} {:>8} {:>11} {:>11} {:>7} {:>6}  {}"
LOAD_COLUMNS = "{:7} {:19} {:>8} {:>8} {:>8} {:>8}"


class Command(BaseCommand):
    help = (
        "Measures what row security costs: hot reads as a bot, as staff and as a superuser, "
        "against the same without row security; and what BotStore costs, against bare psycopg and "
        "other stores; and what rolling up all days costs. In a database of its own that is "
        "dropped again. "
        "A bar that is not met is printed, and is no error: a busy machine moves them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--messages", type=int, default=1_000_000)
        parser.add_argument("--bots", type=int, default=20)
        parser.add_argument("--repeat", type=int, default=200, help="of each read; the median")
        parser.add_argument("--keep", action="store_true", help="keep the database for a next run")

    def handle(self, **options: Any) -> None:
        bots, messages = options["bots"], options["messages"]
        size = Size(bots, max(bots, messages // CHATS_SHARE), messages)
        with bench_database(size, options["keep"], self._progress):
            self._line(machine())
            measured: list[Row | Compared] = [*self._row_security(options["repeat"])]
            measured += self._store(options["repeat"])
            self._rollups()
        barred = [row for row in measured if row.bar is not None]
        met = sum(row.met for row in barred)
        self.stdout.write(f"{met} of {len(barred)} bars met.")

    def _row_security(self, repeat: int) -> Iterator[Row]:
        self._line(COLUMNS.format("as", "read", "plain ms", "secured ms", "cost", "bar", "met"))
        for row in rows(repeat):
            self._line(_line(row))
            yield row

    def _store(self, repeat: int) -> Iterator[Compared]:
        others = ("JSON files", "SQLAlchemy")
        ours = ("psycopg", "one trip", "store")
        self._line(CALL_COLUMNS.format("BotStore, ms", *ours, *others, "cost", "bar", "met"))
        for call in compared(repeat, self._progress):
            figures = [call.medians.get(name) for name in (*ours, *others)]
            shown = ("-" if figure is None else f"{figure:.2f}" for figure in figures)
            cost, met = f"{call.cost:.2f}x", "yes" if call.met else "NO"
            self._line(CALL_COLUMNS.format(call.what, *shown, cost, f"{call.bar}x", met))
            yield call
        self._line(
            LOAD_COLUMNS.format("10 bots", "at once", "calls/s", "p50 ms", "p95 ms", "p99 ms")
        )
        for load in loads(repeat):
            times = (f"{load.calls_per_second:.0f}", *(f"{t:.1f}" for t in _percentiles(load)))
            self._line(LOAD_COLUMNS.format(load.form, load.what, *times))

    def _rollups(self) -> None:
        taken = rolled_up()
        self._line(
            f"Rollups: {taken.messages:,} messages in {taken.seconds:.1f} s, {taken.cost:.1f}x "
            f"counting them by day ({taken.counting:.1f} s); "
            f"when nothing changed {taken.again:.1f} s."
        )

    def _line(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _progress(self, text: str) -> None:
        self.stderr.write(text)


def _percentiles(load: Load) -> tuple[float, ...]:
    return load.p50, load.p95, load.p99


def _line(row: Row) -> str:
    met = "-" if row.bar is None else "yes" if row.met else "NO"
    if row.unit == "ms":
        bar = "-" if row.bar is None else f"{row.bar}x"
        figures = (f"{row.plain:.2f}", f"{row.secured:.2f}", f"{row.cost:.2f}x", bar)
    else:
        figures = (f"{row.plain:g}", f"{row.secured:g}", f"+{row.cost:g}", f"+{row.bar:g}")
    return COLUMNS.format(row.viewer, row.what, *figures, met)
