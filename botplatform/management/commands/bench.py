from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from botplatform.bench.database import bench_database
from botplatform.bench.measure import Row, rows
from botplatform.demo.fleet import Size

CHATS_SHARE = 33
COLUMNS = "{:14} {:27} {:>10} {:>10} {:>9} {:>7}  {}"


class Command(BaseCommand):
    help = (
        "Measures what row security costs: hot reads as a bot, as staff and as a superuser, "
        "against the same without row security, in a database of its own that is dropped again. "
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
            self.stdout.write(
                COLUMNS.format("as", "read", "plain ms", "secured ms", "cost", "bar", "met")
            )
            measured = []
            for row in rows(options["repeat"]):
                measured.append(row)
                self.stdout.write(_line(row))
                self.stdout.flush()
        barred = [row for row in measured if row.bar is not None]
        met = sum(row.met for row in barred)
        self.stdout.write(f"{met} of {len(barred)} bars met.")

    def _progress(self, text: str) -> None:
        self.stderr.write(text)


def _line(row: Row) -> str:
    met = "-" if row.bar is None else "yes" if row.met else "NO"
    if row.unit == "ms":
        bar = "-" if row.bar is None else f"{row.bar}x"
        figures = (f"{row.plain:.2f}", f"{row.secured:.2f}", f"{row.cost:.2f}x", bar)
    else:
        figures = (f"{row.plain:g}", f"{row.secured:g}", f"+{row.cost:g}", f"+{row.bar:g}")
    return COLUMNS.format(row.viewer, row.what, *figures, met)
