import json
import sys
import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation

from legacy_import.runs.progress import Bar
from legacy_import.verify.checks import ALWAYS, CHECKS, ROLLBACK
from legacy_import.verify.findings import Findings
from legacy_import.verify.report.page import as_html
from legacy_import.verify.report.result import as_json, as_text, status
from legacy_import.verify.verification import NotVerified, Verification

DIFFERENCES = 3


class Command(BaseCommand):
    help = (
        "Reads a tree of legacy JSON files again, on its own, and compares every record with the "
        "database. Changes nothing. Exit status: 0 all checks passed, 3 differences, 1 could not "
        "run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--bot", help="the bot's name; the tree, or a folder in it, is its own")
        which.add_argument("--all-bots", action="store_true", help="each folder is a bot's tree")
        parser.add_argument(
            "--deep", action="store_true", help="compare every value, not only sums of hashes"
        )
        parser.add_argument(
            "--run", type=int, help="also try, dry, whether this run could be undone now"
        )
        parser.add_argument(
            "--sample",
            type=int,
            metavar="N",
            help="read N files of each bot, spread over its tree; of the others see only that they "
            "were imported and have the same size and time",
        )
        parser.add_argument(
            "--accept-removed",
            action="store_true",
            help="files that were imported may be gone from the tree, removed on purpose: what "
            "they became is compared with the ledger's fingerprints alone. Without it such a "
            "result is incomplete, for a disk may not be mounted",
        )
        parser.add_argument(
            "--only",
            metavar="CHECKS",
            help=f"some of {','.join(CHECKS)}; {' and '.join(sorted(ALWAYS))} are always made",
        )
        parser.add_argument(
            "--source-tz", help="of times in metrics.json; default: that of the import"
        )
        parser.add_argument(
            "--limit", type=int, default=20, help="differences listed for each check; default: 20"
        )
        parser.add_argument(
            "--report", type=Path, metavar="FILE.html", help="write the result as one HTML page too"
        )
        parser.add_argument(
            "--report-language",
            choices=[code for code, _ in settings.LANGUAGES],
            default="en",
            help="of that page; what is said of single records is always in English",
        )
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, path: Path, **options: Any) -> None:
        try:
            zone = ZoneInfo(options["source_tz"]) if options["source_tz"] else None
        except (ZoneInfoNotFoundError, ValueError):
            raise CommandError(f"--source-tz: there is no zone {options['source_tz']}.") from None
        if options["sample"] is not None and options["sample"] < 1:
            raise CommandError("--sample: at least 1.")
        if options["limit"] < 0:
            raise CommandError("--limit: at least 0.")
        if options["report"]:
            _require_writable(options["report"])
        findings = Findings(options["limit"], _checks(options["only"], options["run"]))
        started = time.monotonic()
        try:
            with Bar(self.stderr, quiet=options["verbosity"] == 0) as bar:
                Verification(
                    path, options["bot"], zone, options["deep"], findings, bar, options["run"],
                    options["sample"], options["accept_removed"],
                ).run()  # fmt: skip
        except (NotVerified, OSError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError(
                "Interrupted: nothing is proven, and nothing was changed. The same command begins "
                "again; --sample N is a quicker look.",
                returncode=130,
            ) from None
        seconds = time.monotonic() - started
        self.figures = as_json(findings) | {
            "tree": str(path),
            "bot": options["bot"],
            "verified_at": timezone.now().isoformat(" ", "seconds"),
            "seconds": round(seconds, 3),
        }
        if options["format"] == "json":
            self.stdout.write(json.dumps(self.figures, ensure_ascii=False))
        elif options["verbosity"] > 0:
            self.stdout.write(f"{as_text(findings)} in {seconds:.1f} s")
        if options["report"]:
            with translation.override(options["report_language"]):
                page = as_html(self.figures)
            try:
                options["report"].write_text(page, encoding="utf-8")
            except OSError as error:
                raise CommandError(f"--report: {error}") from error
        if status(findings) != "passed":
            sys.exit(DIFFERENCES)


def _require_writable(page: Path) -> None:
    """Before the work whose result it is to hold."""
    there = page.exists()
    try:
        page.open("ab").close()
        if not there:
            page.unlink()
    except OSError as error:
        raise CommandError(f"--report: {error}") from error


def _checks(only: str | None, run: int | None) -> set[str]:
    chosen = {name.strip() for name in (only or "").split(",")} - {""}
    if unknown := chosen - CHECKS.keys():
        raise CommandError(
            f"--only: there is no check {', '.join(sorted(unknown))}. There are: "
            f"{', '.join(CHECKS)}."
        )
    if ROLLBACK in chosen and run is None:
        raise CommandError("--only rollback: say of which run, with --run RUN.")
    return (chosen or {*CHECKS}) | ALWAYS | ({ROLLBACK} if run is not None else set())
