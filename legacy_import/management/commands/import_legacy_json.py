import json
import math
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from legacy_import.refusal import ImportRefused
from legacy_import.runs import report as reports
from legacy_import.runs.failures import RunFailed
from legacy_import.runs.options import ONLY, Options
from legacy_import.runs.outcome import SHOWN
from legacy_import.runs.progress import Bar
from legacy_import.runs.run import Interrupted, Report, import_tree
from legacy_import.runs.survey import Survey
from legacy_import.source.bots import LONGEST_NAME
from legacy_import.writing.refused import FileRefused

REJECTED = 3
VALUES = (
    *("bot", "only", "workers", "source_tz", "min_age", "backups", "watch", "limit_rejects"),
    "format",
)
SWITCHES = ("all_bots", "dry_run", "salvage_backups", "no_input")


class Signals:
    """SIGTERM ends an import as Ctrl-C does; the shell's status says which it was."""

    status = 128 + signal.SIGINT

    @contextmanager
    def taken(self) -> Iterator[None]:
        before = signal.signal(signal.SIGTERM, self._terminate)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    def _terminate(self, *_: object) -> None:
        self.status = 128 + signal.SIGTERM
        raise KeyboardInterrupt


class Command(BaseCommand):
    help = (
        "Imports a tree of legacy JSON files: profiles, conversations, metrics and backups of one "
        "bot (--bot) or of several. Run it again to import what changed since; nothing is ever "
        "deleted. Exit status: 0 clean, 3 finished but something was rejected, 1 failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--bot", help="the bot's name; the tree, or a folder in it, is its own")
        which.add_argument(
            "--all-bots", action="store_true", help="each folder is a bot's tree, as without --bot"
        )
        parser.add_argument("--dry-run", action="store_true", help="read and report, write nothing")
        parser.add_argument("--only", help=f"some of {','.join(ONLY)}")
        parser.add_argument("--workers", type=int, default=1, help="processes; default: 1")
        parser.add_argument(
            "--source-tz", default="UTC", help="of times in metrics.json; default: UTC"
        )
        parser.add_argument(
            "--min-age",
            type=float,
            default=5.0,
            help="leave files changed in the last seconds for the next pass; default: 5",
        )
        parser.add_argument("--backups", choices=("store", "index"), default="store")
        parser.add_argument(
            "--salvage-backups",
            action="store_true",
            help="import messages that only backups have",
        )
        parser.add_argument(
            "--watch", type=float, metavar="SECONDS", help="a pass every so often, until Ctrl-C"
        )
        parser.add_argument(
            "--limit-rejects",
            type=int,
            default=SHOWN,
            help=f"listed at the end, and of other files to look at; default: {SHOWN}",
        )
        parser.add_argument("--format", choices=("text", "json"), default="text")
        parser.add_argument(
            "--no-input", action="store_true", help="go on without asking, on a terminal as well"
        )

    def handle(self, **options: Any) -> None:
        try:
            self._import(options)
        except CommandError as error:
            if options["format"] == "json":
                self.stdout.write(json.dumps({"status": "failed", "error": str(error)}))
            raise

    def _import(self, options: dict[str, Any]) -> None:
        wanted = _options(options)
        again = self._command(options)
        signals = Signals()
        report = None
        try:
            with signals.taken():
                report = self._pass(wanted, options)
                while options["watch"] is not None:
                    time.sleep(options["watch"])
                    report = self._next_pass(wanted, options) or report
        except ImportRefused as error:
            raise CommandError(str(error)) from error
        except (RunFailed, FileRefused) as error:
            raise CommandError(f"{error}\nThe same command: {again}") from error
        except Interrupted as interrupted:
            raise CommandError(
                f"{interrupted} What was committed is kept; to go on: {again}",
                returncode=signals.status,
            ) from None
        except BrokenProcessPool:
            raise CommandError(
                "A worker was killed, perhaps for want of memory. What was committed is kept; to "
                f"go on: {again}"
            ) from None
        except KeyboardInterrupt:
            if report is None or options["watch"] is None:
                raise CommandError(
                    f"Interrupted. To go on: {again}", returncode=signals.status
                ) from None
            last = self._command({**options, "watch": None, "min_age": 0})
            self.stderr.write(
                "No longer watching; what the passes so far said is committed. "
                f"Next: stop the bots, then {last}"
            )
        if report.counts.total("rejected"):
            sys.exit(REJECTED)

    def _pass(self, wanted: Options, options: dict[str, Any]) -> Report:
        def agreed(survey: Survey) -> None:
            if not options["no_input"] and sys.stdin.isatty():
                self._ask(wanted, survey)

        with Bar(self.stderr, quiet=options["verbosity"] == 0) as bar:
            report = import_tree(wanted, bar, agreed)
        if options["format"] == "json":
            self.stdout.write(json.dumps(reports.as_json(report), ensure_ascii=False))
        elif options["verbosity"] > 0 and report.run_id is None and not report.dry_run:
            self.stdout.write(reports.as_line(report))
        elif options["verbosity"] > 0:
            self.stdout.write(reports.as_text(report))
        return report

    def _next_pass(self, wanted: Options, options: dict[str, Any]) -> Report | None:
        """A folder or a server that is away for a while does not end the watch."""
        try:
            return self._pass(wanted, {**options, "no_input": True})
        except (ImportRefused, RunFailed) as error:
            self.stderr.write(f"{error}\nThe next pass is in {options['watch']:g} seconds.")
            return None

    def _ask(self, wanted: Options, survey: Survey) -> None:
        database = connection.settings_dict
        self.stderr.write(
            f"{survey.files:,} files ({survey.size / 1e6:,.1f} MB) of {wanted.root}\n"
            f"  of the bots {', '.join(survey.bots)}\n"
            f"  (to be made: {', '.join(survey.new_bots) or 'none'})\n"
            f"  into the database {database['NAME']} on {database['HOST'] or 'this machine'}."
        )
        self.stderr.write("Go on? [y/N] ", ending="")
        self.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise CommandError("Nothing was imported.")

    def _command(self, options: dict[str, Any]) -> str:
        """As it was given, for people to give it again."""
        parser = self.create_parser("manage.py", "import_legacy_json")
        words = ["manage.py", "import_legacy_json", str(options["path"])]
        for name in VALUES:
            if (value := options[name]) != parser.get_default(name):
                value = f"{value:g}" if isinstance(value, float) else str(value)
                words += [f"--{name.replace('_', '-')}", value]
        words += (f"--{name.replace('_', '-')}" for name in SWITCHES if options[name])
        return shlex.join(words)


def _options(options: dict[str, Any]) -> Options:
    names = [name.strip() for name in (options["only"] or "").split(",")]
    only = frozenset(names) - {""}
    if unknown := only - ONLY.keys():
        raise CommandError(f"--only: there is no {', '.join(sorted(unknown))}.")
    if only == ONLY.keys():
        only = frozenset()  # all there is, so also what is none of these
    elif options["only"] is not None and not only:
        raise CommandError(f"--only: some of {', '.join(ONLY)}.")
    if options["bot"] is not None and options["all_bots"]:
        raise CommandError("--bot or --all-bots, not both.")
    if options["bot"] is not None and not _is_name(options["bot"]):
        raise CommandError(f"--bot: a name of 1 to {LONGEST_NAME} printable characters.")
    if options["workers"] < 1:
        raise CommandError("--workers: at least 1.")
    for name in ("min_age", "watch"):
        seconds = options[name]
        if seconds is not None and not 0 <= seconds < math.inf:
            raise CommandError(f"--{name.replace('_', '-')}: seconds, 0 or more.")
    if options["limit_rejects"] < 0:
        raise CommandError("--limit-rejects: 0 or more.")
    try:
        source_tz = ZoneInfo(options["source_tz"])
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones is an OSError
        raise CommandError(f"--source-tz: there is no zone {options['source_tz']}.") from None
    return Options(
        root=options["path"],
        bot=options["bot"],
        dry_run=options["dry_run"],
        only=only,
        workers=options["workers"],
        source_tz=source_tz,
        min_age=options["min_age"],
        store_backups=options["backups"] == "store",
        salvage_backups=options["salvage_backups"],
        watching=options["watch"] is not None,
        listed=options["limit_rejects"],
    )


def _is_name(name: str) -> bool:
    return 0 < len(name) <= LONGEST_NAME and name.isprintable() and not name.isspace()
