import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from tenants.doctor.examination import examine
from tenants.doctor.report import as_json, as_text
from tenants.doctor.snapshot import CannotExamine

PROBLEMS = 3


class Command(BaseCommand):
    help = (
        "Reads the database's catalog and says, rule by rule, whether bots and staff can only "
        "reach what is theirs. Changes nothing. Exit status: 0 all rules hold, 3 problems found, "
        "1 the examination could not be made."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            examination = examine(connection)
        except CannotExamine as error:
            raise CommandError(str(error)) from error
        self.stdout.write({"text": as_text, "json": as_json}[options["format"]](examination))
        if examination.broken:
            sys.exit(PROBLEMS)
