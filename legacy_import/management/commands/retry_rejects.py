import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from legacy_import.refusal import ImportRefused
from legacy_import.retry import retry

REJECTED = 3


class Command(BaseCommand):
    help = (
        "Tries the rejected records of a run again, from the bytes that were kept. What can be "
        "read now takes the place it had. Exit status: 0 all placed, 3 some were rejected again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", type=int)
        parser.add_argument("--bot", help="only this bot's part of the run")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, **options: Any) -> None:
        try:
            retried = retry(options["run"], options["bot"])
        except ImportRefused as error:
            raise CommandError(str(error)) from error
        self.figures = asdict(retried)
        if options["format"] == "json":
            self.stdout.write(json.dumps(self.figures))
        elif options["verbosity"] > 0:
            self.stdout.write(
                f"{retried.tried:,} records tried, {retried.placed:,} placed. Run {retried.run_id}."
            )
        if retried.placed < retried.tried:
            sys.exit(REJECTED)
