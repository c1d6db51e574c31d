"""Jobs in words."""

from django.utils.translation import gettext_lazy

from legacy_import.models import Job

TITLES = {
    Job.Action.RETRY.value: gettext_lazy("Retry of run %(number)s of %(bot)s"),
    Job.Action.PLAN.value: gettext_lazy("Plan: rollback of run %(number)s of %(bot)s"),
    Job.Action.ROLLBACK.value: gettext_lazy("Rollback of run %(number)s of %(bot)s"),
    Job.Action.VERIFY.value: gettext_lazy("Verification of run %(number)s of %(bot)s"),
}
COLOURS = {
    **{"waiting": "default", "running": "info", "done": "success"},
    **{"differs": "warning", "failed": "danger", "lost": "danger"},
}
STATES = {
    "waiting": gettext_lazy("waiting"),
    "running": gettext_lazy("running"),
    "done": gettext_lazy("done"),
    "differs": gettext_lazy("done, look at it"),
    "failed": gettext_lazy("failed"),
    "lost": gettext_lazy("its process ended"),
}


def title(job: Job) -> str:
    return str(TITLES[job.action]) % {"number": job.run.number, "bot": job.bot.name}
