import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from legacy_import.export import export
from legacy_import.refusal import ImportRefused

NOT_WRITTEN = 3
MOST_LISTED = 20


class Command(BaseCommand):
    help = (
        "Writes a bot's tree of JSON files back from the database, each file in the dialect it "
        "came in, with what was written since. Rejected records are left out. Exit status: 0 all "
        "written, 3 some files could not be written, 1 failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("destination", type=Path, help="a new or empty folder")
        parser.add_argument("--bot", required=True)

    def handle(self, **options: Any) -> None:
        try:
            done = export(options["bot"], options["destination"])
        except ImportRefused as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            where = os.fsdecode(error.filename or options["destination"])
            raise CommandError(f"{where}: {error.strerror}.") from error
        if options["verbosity"] > 0:
            self.stdout.write(f"{done.files:,} files with {done.messages:,} messages written.")
            if done.left_out:
                self.stdout.write(f"{done.left_out:,} rejected records are left out.")
        for problem in done.problems[:MOST_LISTED]:
            self.stderr.write(f"Not written: {problem}")
        if (more := len(done.problems) - MOST_LISTED) > 0:
            self.stderr.write(f"... and {more:,} more.")
        if done.problems:
            sys.exit(NOT_WRITTEN)
