import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from legacy_import.refusal import ImportRefused
from legacy_import.runs.status import BotStatus, RunStatus, runs

FIELDS = ("inserted", "unchanged", "changed", "repaired", "rejected")


class Command(BaseCommand):
    help = "Lists the runs of imports, or shows one: its files, its counts, what was rejected."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", type=int, nargs="?")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, **options: Any) -> None:
        try:
            found = runs(options["run"])
        except ImportRefused as error:
            raise CommandError(str(error)) from error
        if options["format"] == "json":
            self.stdout.write(json.dumps([_figures(run) for run in found], ensure_ascii=False))
            return
        if not found:
            self.stdout.write("Nothing was imported yet. Next: manage.py import_legacy_json PATH")
        for run in found:
            about = f" of {run.about}" if run.about else ""
            self.stdout.write(
                f"Run {run.number}: {run.action}{about}, begun {run.started_at:%Y-%m-%d %H:%M:%S}"
            )
            for bot in run.bots:
                self._print(bot, details=options["run"] is not None)

    def _print(self, bot: BotStatus, details: bool) -> None:
        totals = ", ".join(f"{bot.counts.total(name):,} {name}" for name in FIELDS)
        self.stdout.write(f"  {bot.name}: {bot.status}, {bot.files:,} files read: {totals}")
        if not details:
            return
        for path in bot.unfinished:
            self.stdout.write(f"    {path}: only a part is in; the next import goes on")
        for code, number in bot.rejects.items():
            self.stdout.write(f"    {number:,} rejected: {code}")
        if bot.status in ("interrupted", "failed"):
            self.stdout.write("    Next: manage.py import_legacy_json PATH, as before; it goes on")
        elif bot.rejects:
            self.stdout.write("    Next: look at them in the back office; manage.py retry_rejects")


def _figures(run: RunStatus) -> dict[str, Any]:
    return {
        "run_id": run.number,
        "action": run.action,
        "about": run.about,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at and run.finished_at.isoformat(),
        "options": run.options,
        "bots": [
            {
                "name": bot.name,
                "status": bot.status,
                "files": bot.files,
                "unfinished": bot.unfinished,
                "kinds": {kind: asdict(tally) for kind, tally in bot.counts.kinds.items()},
                "rejects": bot.rejects,
            }
            for bot in run.bots
        ],
    }
