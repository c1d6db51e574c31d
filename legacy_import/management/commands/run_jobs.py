import os
import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from legacy_import.jobs.runner import Runner


class Command(BaseCommand):
    help = (
        "Does the long work that managers ask for in the back office: retries, rollbacks and "
        "verifications of imports. Runs until Ctrl-C or SIGTERM; may be killed, and run several "
        "times at once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what waits, and end")
        parser.add_argument(
            "--parent", type=int, metavar="PID", help="end when this process, its parent, has"
        )

    def handle(self, **options: Any) -> None:
        stopped = False

        def stop(*_: Any) -> None:
            nonlocal stopped
            if not stopped:  # the second comes while the first is written down
                stopped = True
                raise KeyboardInterrupt

        def wanted() -> bool:
            return not stopped and options["parent"] in (None, os.getppid())

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        try:
            Runner().serve(options["once"], wanted)
        except KeyboardInterrupt:
            # What it was at says so itself.
            return
