"""What came of a job, in the reader's words: from the numbers that its command left."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from legacy_import.backoffice import words
from legacy_import.models import Job

TABLES = {
    "profiles": words.KINDS["profiles"],
    "conversations": words.KINDS["conversations"],
    "messages": words.KINDS["messages"],
    "bot_metrics": words.KINDS["metrics"],
}
STATUSES = {
    "passed": gettext_lazy("Nothing differs: the database holds what the files hold."),
    "differences": gettext_lazy("Files and database differ: do not switch over."),
    "stale": gettext_lazy(
        "Files changed since they were imported: import them, then verify again."
    ),
    "incomplete": gettext_lazy("Nothing differs, but not everything could be compared."),
    "error": gettext_lazy("The verification itself failed: do not trust its result."),
}
CHECKS = {
    "accounting": gettext_lazy("Every record is accounted for"),
    "content": gettext_lazy("Every value is the same"),
    "order": gettext_lazy("Messages stand in the order of their files"),
    "integrity": gettext_lazy("Messages, conversations and people belong together"),
    "json": gettext_lazy("Interests, tags and settings are the same"),
    "time-zones": gettext_lazy("Times are not shifted by hours"),
    "repairs": gettext_lazy("Of what was repaired the original is kept"),
    "backups": gettext_lazy("Backups are kept"),
    "freshness": gettext_lazy("Files are as they were when they were imported"),
    "performance": gettext_lazy("The most frequent reads are fast"),
    "isolation": gettext_lazy("Each bot sees its own data alone"),
    "rollback": gettext_lazy("The run could be undone"),
    "self-test": gettext_lazy("The verification notices what it breaks on trial"),
}
RESULTS = {
    "passed": gettext_lazy("passed"),
    "not made": gettext_lazy("not made"),
    "not asked for": gettext_lazy("not asked for"),
}


WRITTEN = {
    Job.Action.PLAN.value: gettext_lazy(
        "Rows that somebody wrote to since, named below, stop it unless they are left as they are."
    ),
    Job.Action.ROLLBACK.value: gettext_lazy(
        "Rows that somebody wrote to since, named below, are left as they are."
    ),
}


@dataclass(frozen=True)
class Result:
    said: list[Any]
    columns: tuple[str, ...] = ()
    rows: list[tuple[Any, ...]] = field(default_factory=list)


def result_of(job: Job) -> Result | None:
    """None of jobs of before results were kept."""
    found = job.result
    if job.is_open or (not found and job.exit_code in (0, 3)):
        return None
    if not found:
        return Result([_("It was not done. Why is told below.")])
    if job.action == Job.Action.RETRY:
        told = _("Records tried: %(tried)s. Placed: %(placed)s, by run %(run)s.")
        numbers = {"tried": _number(found["tried"]), "placed": _number(found["placed"])}
        return Result([told % {**numbers, "run": found["run_id"]}])
    if job.action == Job.Action.VERIFY:
        checks = [(CHECKS.get(name, name), _checked(was)) for name, was in found["checks"].items()]
        return Result([STATUSES[found["status"]]], (_("Check"), _("Result")), checks)
    return _undone(job, found)


def _undone(job: Job, found: dict[str, Any]) -> Result:
    """As a plan, or done."""
    if job.action == Job.Action.PLAN:
        said, columns = _("This is what would be undone."), (_("would go"), _("would be as before"))
    elif found["run_id"]:
        said = _("The run is undone, by run %(number)s.") % {"number": found["run_id"]}
        columns = (_("gone"), _("as before"))
    else:
        return Result([_("Nothing was undone: somebody wrote to rows of the run since.")])
    rows = [
        (title, *(_number(found[how].get(table, 0)) for how in ("removed", "restored")))
        for table, title in TABLES.items()
    ]
    written = [WRITTEN[job.action]] if found["written_since"] else []
    return Result([said, *written], (_("Records"), *columns), rows)


def _checked(was: str | int) -> str:
    if isinstance(was, str):
        return str(RESULTS.get(was, was))
    told = ngettext("%(count)s difference", "%(count)s differences", was)
    return told % {"count": _number(was)}


def _number(value: int) -> str:
    return number_format(value, force_grouping=True)
