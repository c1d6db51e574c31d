import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from legacy_import.refusal import ImportRefused
from legacy_import.undoing.rollback import WrittenSince, rollback
from legacy_import.undoing.rows import Undone

WRITTEN = 3
MOST_LISTED = 20


class Command(BaseCommand):
    help = (
        "Undoes a run of import_legacy_json or retry_rejects: the rows it inserted go, those it "
        "changed get their earlier values back. Rows that somebody else wrote to since stop it, or "
        "stay with --keep-written. Exit status: 0 undone, 3 rows were written to since, 1 failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", type=int, help="its number: import_status lists them")
        parser.add_argument("--bot", help="only this bot's part of the run")
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")
        parser.add_argument(
            "--keep-written",
            action="store_true",
            help="undo the rest, and leave rows that were written to since",
        )
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, **options: Any) -> None:
        try:
            undone = rollback(
                options["run"], options["dry_run"], options["keep_written"], options["bot"]
            )
        except ImportRefused as error:
            raise CommandError(str(error)) from error
        except WrittenSince as error:
            nothing = Undone(0, options["run"], kept=error.rows)
            self.figures = _figures(nothing, dry_run=False)
            self._list(error.rows)
            self.stderr.write(
                "Nothing was undone. With --keep-written these rows stay and the rest is undone."
            )
            sys.exit(WRITTEN)
        self.figures = _figures(undone, options["dry_run"])
        if options["format"] == "json":
            self.stdout.write(json.dumps(self.figures))
        elif options["verbosity"] > 0:
            self._print(undone, options["dry_run"])
        if undone.kept:
            sys.exit(WRITTEN)

    def _print(self, undone: Undone, dry_run: bool) -> None:
        self._list(undone.kept)
        verb = "would go" if dry_run else "gone"
        for table, rows in sorted(undone.removed.items()):
            self.stdout.write(f"{rows:,} {table} {verb}, {undone.restored[table]:,} as before")
        if not dry_run:
            self.stdout.write(
                f"Run {undone.about} is undone by run {undone.run_id}. "
                "Bots that it made stay, and what bots.json gave to bots: token, status, settings."
            )

    def _list(self, rows: list[str]) -> None:
        for row in rows[:MOST_LISTED]:
            self.stdout.write(f"Written to since: {row}")
        if len(rows) > MOST_LISTED:
            self.stdout.write(f"... and {len(rows) - MOST_LISTED:,} or more.")


def _figures(undone: Undone, dry_run: bool) -> dict[str, Any]:
    return {
        "run_id": undone.run_id or None,
        "about": undone.about,
        "dry_run": dry_run,
        "removed": undone.removed,
        "restored": undone.restored,
        "written_since": undone.kept,
    }
