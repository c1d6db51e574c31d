from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from legacy_import.export import export
from legacy_import.refusal import ImportRefused


class Command(BaseCommand):
    help = (
        "Writes a bot's tree of JSON files back from the database, each file in the dialect it "
        "came in, with what was written since. Rejected records are left out."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("destination", type=Path, help="a new or empty folder")
        parser.add_argument("--bot", required=True)

    def handle(self, **options: Any) -> None:
        try:
            done = export(options["bot"], options["destination"])
        except (ImportRefused, OSError) as error:
            raise CommandError(str(error)) from error
        if options["verbosity"] > 0:
            self.stdout.write(f"{done.files:,} files with {done.messages:,} messages written.")
            if done.left_out:
                self.stdout.write(f"{done.left_out:,} rejected records are left out.")
            if done.without_bytes:
                self.stdout.write(
                    f"{done.without_bytes:,} files are left out: their bytes are not kept. The "
                    "next import of the tree keeps them, backups with --backups store."
                )
