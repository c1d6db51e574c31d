from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from legacy_import.bench import Row, bench

COLUMNS = "{:20} {:>7} {:>10} {:>9} {:>11} {:>8} {:>9}"


class Command(BaseCommand):
    help = (
        "Measures an import of legacy files against raw COPY of the same rows into the same "
        "tables, a bulk_create script and one that sends row by row, in a database of its own "
        "that is dropped again. A bar that is not met is printed, and is no error."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--messages", type=int, default=1_000_000)
        parser.add_argument("--files", type=int, default=2000)
        parser.add_argument("--bots", type=int, default=4)

    def handle(self, **options: Any) -> None:
        say = self.stderr.write
        self.stdout.write(
            COLUMNS.format(
                "", "workers", "messages", "seconds", "messages/s", "of \\copy", "peak MB"
            )
        )
        rows: dict[tuple[str, int], Row] = {}
        for row in bench(options["messages"], options["files"], options["bots"], say):
            rows[row.what, row.workers] = row
            raw = rows["raw \\copy", min(row.workers, 2)]
            self.stdout.write(
                COLUMNS.format(
                    *(row.what, row.workers, f"{row.messages:,}", f"{row.seconds:.1f}"),
                    *(f"{row.rate:,.0f}", f"{row.rate / raw.rate:.2f}"),
                    "-" if row.peak_mb is None else f"{row.peak_mb:.0f}",
                )
            )
            self.stdout.flush()
        for sentence in _verdicts(rows):
            self.stdout.write(sentence)


def _verdicts(rows: dict[tuple[str, int], Row]) -> list[str]:
    ours = rows["import_legacy_json", 1].rate
    bars = []
    for n in (1, 2):
        rate = rows["import_legacy_json", n].rate
        bars += [
            (f"against raw \\copy, workers: {n}", rate / rows["raw \\copy", n].rate, 0.6),
            (f"against bulk_create, workers: {n}", rate / rows["bulk_create script", 1].rate, 5.0),
        ]
    bars += [
        (
            "verification against the import, one worker",
            rows["verify_migration", 1].rate / ours,
            1.0,
        ),
        ("the same again against the first", rows["the same again", 1].rate / ours, 5.0),
    ]
    return [
        f"{what}: {value:.2f}x, bar {bar}x, {'met' if value >= bar else 'NOT MET'}"
        for what, value, bar in bars
    ]
