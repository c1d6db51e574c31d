import json
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

from legacy_import.refusal import ImportRefused
from legacy_import.runs import report as reports
from legacy_import.runs.failures import RunFailed
from legacy_import.runs.options import ONLY, Options
from legacy_import.runs.progress import Bar
from legacy_import.runs.run import Interrupted, Report, import_tree
from legacy_import.writing.refused import FileRefused

REJECTED = 3


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
        which.add_argument("--all-bots", action="store_true", help="each folder is a bot's tree")
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
        parser.add_argument("--watch", type=float, metavar="SECONDS", help="a pass every so often")
        parser.add_argument(
            "--limit-rejects", type=int, default=20, help="listed at the end; default: 20"
        )
        parser.add_argument("--format", choices=("text", "json"), default="text")
        parser.add_argument("--no-input", action="store_true", help="never ask")

    def handle(self, **options: Any) -> None:
        wanted = _options(options)
        again = f"manage.py import_legacy_json {options['path']}"
        signals = Signals()
        try:
            with signals.taken():
                report = self._pass(wanted, options)
                while options["watch"] is not None:
                    time.sleep(options["watch"])
                    report = self._pass(wanted, options)
        except (ImportRefused, RunFailed, FileRefused) as error:
            raise CommandError(str(error)) from error
        except Interrupted as interrupted:
            raise CommandError(
                f"{interrupted} What was committed is kept; to go on: {again}",
                returncode=signals.status,
            ) from None
        except BrokenProcessPool:
            raise CommandError(
                "A worker was killed, perhaps for want of memory. What was committed is kept; the "
                "same command goes on from there."
            ) from None
        except KeyboardInterrupt:
            if options["watch"] is None:
                raise CommandError("Interrupted.", returncode=signals.status) from None
            self.stderr.write(
                "No longer watching; what the passes so far said is committed. "
                f"Next: stop the bots, then {again} --min-age 0"
            )
            return
        if report.counts.total("rejected"):
            sys.exit(REJECTED)

    def _pass(self, wanted: Options, options: dict[str, Any]) -> Report:
        with Bar(self.stderr, quiet=options["verbosity"] == 0) as bar:
            report = import_tree(wanted, bar)
        if options["format"] == "json":
            figures = reports.as_json(report)
            self.stdout.write(json.dumps(figures, ensure_ascii=False))
        elif options["verbosity"] > 0 and report.run_id is None and not report.dry_run:
            self.stdout.write(reports.as_line(report))
        elif options["verbosity"] > 0:
            self.stdout.write(reports.as_text(report))
        return report


def _options(options: dict[str, Any]) -> Options:
    only = frozenset((options["only"] or "").split(",")) - {""}
    if unknown := only - ONLY.keys():
        raise CommandError(f"--only: there is no {', '.join(sorted(unknown))}.")
    if options["workers"] < 1:
        raise CommandError("--workers: at least 1.")
    try:
        source_tz = ZoneInfo(options["source_tz"])
    except (ZoneInfoNotFoundError, ValueError):
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
        most_rejects=options["limit_rejects"],
    )
