from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from botplatform.bench.database import bench_database
from botplatform.bench.machine import machine
from botplatform.bench.pages import BAR_MS, BAR_ROWS, downloaded, measured
from botplatform.demo.fleet import Size

CHATS_SHARE = 33
COLUMNS = "{:17} {:26} {:>10} {:>8} {:>8}  {}"


class Command(BaseCommand):
    help = (
        "Measures whole pages of the back office, median and 95th percentile, at three million "
        "messages, in a database of its own that is dropped again. A bar that is not met is "
        "printed, and is no error: a busy machine moves them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--messages", type=int, default=3_000_000)
        parser.add_argument("--bots", type=int, default=20)
        parser.add_argument("--repeat", type=int, default=20, help="of each page")
        parser.add_argument("--keep", action="store_true", help="keep the database for a next run")

    def handle(self, **options: Any) -> None:
        bots, messages = options["bots"], options["messages"]
        size = Size(bots, max(bots, messages // CHATS_SHARE), messages)
        met = []
        with bench_database(size, options["keep"], self.stderr.write):
            self.stdout.write(machine())
            bar = f"< {BAR_MS} ms"
            self.stdout.write(COLUMNS.format("as", "page", "median ms", "p95 ms", "queries", bar))
            for row in measured(options["repeat"], self.stderr.write):
                met.append(row.met)
                figures = (f"{row.median:.0f}", f"{row.p95:.0f}", row.queries)
                self.stdout.write(
                    COLUMNS.format(row.viewer, row.page, *figures, "yes" if row.met else "NO")
                )
                self.stdout.flush()
            for viewer, form, speed in downloaded():
                met.append(speed >= BAR_ROWS)
                bar = "yes" if met[-1] else "NO"
                self.stdout.write(
                    f"{viewer:17} messages as {form}: {speed:,} rows/s (> {BAR_ROWS:,}: {bar})"
                )
        self.stdout.write(f"{sum(met)} of {len(met)} bars met.")
