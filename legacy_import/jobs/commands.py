"""A job as the management command that an operator would give."""

import json
import logging
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command, load_command_class
from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from legacy_import.models import Job
from legacy_import.runs.failures import failure
from tenants.context import maintenance_context
from tenants.models import BotAccess
from tenants.text import storable

COMMANDS = {
    Job.Action.RETRY.value: "retry_rejects",
    Job.Action.VERIFY.value: "verify_migration",
    Job.Action.PLAN.value: "rollback_import",
    Job.Action.ROLLBACK.value: "rollback_import",
}
MOST_SAID = 100_000
LARGEST_REPORT = 2_000_000
log = logging.getLogger(__name__)


class Said(StringIO):
    """The begin of what a command says."""

    def write(self, text: str) -> int:
        super().write(text[: MOST_SAID - self.tell()])
        return len(text)

    @property
    def text(self) -> str:
        said = storable(self.getvalue()).strip()
        return said + "\n…" if self.tell() >= MOST_SAID else said


def perform(job: Job, said: Said) -> tuple[int, str | None, dict[str, Any]]:
    """The exit code, what a verification found, and what came of it in numbers."""
    command = load_command_class("legacy_import", COMMANDS[job.action])
    code = _call(command, job, said)
    figures = getattr(command, "figures", {})
    report = None
    if job.action == Job.Action.VERIFY and figures:
        report = storable(json.dumps(figures, ensure_ascii=False))
        if len(report) > LARGEST_REPORT:
            said.write("The page of this verification is too large to be kept.\n")
            report = None
    return code, report, _in_numbers(figures)


def _call(command: BaseCommand, job: Job, said: Said) -> int:
    try:
        _require_manager(job)
        call_command(command, *_words(job), stdout=said, stderr=said)
    except CommandError as error:
        said.write(f"{error}\n")
        return int(error.returncode)
    except SystemExit as end:
        return int(end.code or 0)
    except Error as error:
        log.exception("A job failed.")
        said.write(f"{failure(error) or 'The database refused something; the log says more.'}\n")
        return 1
    except Exception as error:
        log.exception("A job failed.")
        said.write(f"{type(error).__name__}; the log of `manage.py run_jobs` says more.\n")
        return 1
    return 0


def _words(job: Job) -> list[str]:
    number, bot = str(job.run.number), f"--bot={job.bot.name}"
    match job.action:
        case Job.Action.RETRY:
            return [number, bot]
        case Job.Action.VERIFY:
            return _tree(job)
    how = ["--dry-run"] if job.action == Job.Action.PLAN else []
    if job.keep_written:
        how.append("--keep-written")
    return [number, bot, *how]


def _in_numbers(figures: dict[str, Any]) -> dict[str, Any]:
    """What is said of single records is in the command's words and in the report."""
    numbers = {**figures}
    if "written_since" in figures:
        numbers["written_since"] = len(figures["written_since"])
    if "checks" in figures:
        checks = figures["checks"].items()
        results = {name: check["differences"] or check["result"] for name, check in checks}
        numbers = {"status": figures["status"], "checks": results}
    return numbers


def _tree(job: Job) -> list[str]:
    """Never the whole of a tree of several bots, whose other files are not this manager's."""
    path, name = job.run.options.get("path"), job.bot.name
    if path is None:
        raise CommandError(
            f"Run {job.run.number} does not say where its files lie: an earlier version imported "
            f"them. On the server: manage.py verify_migration PATH --bot {name!r}"
        )
    folder = Path(path)
    if job.run.options["a_folder_for_each_bot"] and folder.is_dir():
        names = [each.name for each in folder.iterdir() if each.name.lower() == name.lower()]
        if not names:
            raise CommandError(f"{path} has no folder {name}. Was the bot renamed since?")
        name = names[0]
    return [path, f"--bot={name}"]


def _require_manager(job: Job) -> None:
    """Access that was taken away meanwhile is gone."""
    with maintenance_context():
        asked, bot = job.asked_by, job.bot_id
        manages = asked.is_superuser or (
            BotAccess.objects.filter(bot=bot, user=asked, role=BotAccess.Role.MANAGER).exists()
        )
        if not (asked.is_active and asked.is_staff and manages):
            raise CommandError("Who asked for this no longer manages the bot. Nothing was done.")
