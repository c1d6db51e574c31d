"""Runs of the import: the list, one run with what it did, and what can be done about it."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from legacy_import.backoffice import words
from legacy_import.backoffice.durations import in_words
from legacy_import.backoffice.figures import Figures, figures, rejects
from legacy_import.backoffice.filters import BOT
from legacy_import.backoffice.job_words import STATES, title
from legacy_import.backoffice.ledger import LedgerAdmin, View, fragment
from legacy_import.jobs.asking import AlreadyAsked, ask, attend
from legacy_import.models import ImportRun, Job
from legacy_import.source.codes import REJECTS
from tenants.backoffice.look import ChangeList, ChoicesDropdownFilter, display
from tenants.backoffice.one_order import InOneOrderList

JOBS_SHOWN = 10
Action, Status = ImportRun.Action, ImportRun.Status
COLOURS = {
    Status.RUNNING.value: "info",
    Status.DONE.value: "success",
    Status.FAILED.value: "danger",
    Status.INTERRUPTED.value: "warning",
}


class ListOfRuns(InOneOrderList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        of_run = figures(list(self.result_list), files=False)
        for run in self.result_list:
            run.figures = of_run[run.pk]
        self.is_live = any(run.status == Status.RUNNING for run in self.result_list)


@admin.register(ImportRun)
class ImportRunAdmin(LedgerAdmin):
    change_list_template = "import/runs.html"
    list_display = (
        *("number", "bot", "action", "status_shown", "source", "rejected"),
        *("started_at", "finished_at"),
    )
    list_filter = (
        BOT,
        ("action", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
    )
    search_fields: ClassVar = ("=number", "bot__name")

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return ListOfRuns

    @display(description=gettext_lazy("status"), label=COLOURS)  # type: ignore[untyped-decorator]
    def status_shown(self, run: ImportRun) -> tuple[str, str]:
        return run.status, run.get_status_display()

    @admin.display(description=gettext_lazy("records"))
    def source(self, run: Any) -> str:
        return number_format(run.figures.total.source, force_grouping=True)

    @admin.display(description=gettext_lazy("rejected"))
    def rejected(self, run: Any) -> str:
        return number_format(run.figures.total.rejected, force_grouping=True)

    def views_of_row(self) -> dict[str, View]:
        return {"live": self.live_view, "ask": self.ask_view, "change": self.run_view}

    def live_view(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        return fragment(request, "import/run_live.html", _shown(run))

    def run_view(self, request: HttpRequest, run: ImportRun) -> TemplateResponse:
        of_run = Job.objects.filter(bot=run.bot_id, run=run.pk)
        of_run = of_run.select_related("asked_by", "bot", "run").defer("output", "report")
        jobs: list[Any] = list(of_run[:JOBS_SHOWN])
        shown = _shown(run)
        name = _("Run %(number)s of %(bot)s") % {"number": run.number, "bot": run.bot.name}
        context = {
            **self.admin_site.each_context(request),
            **shown,
            "title": name,
            "opts": self.opts,
            "original": name,
            "runner_is_there": attend(jobs),
            "jobs": [(job, title(job), STATES[job.state]) for job in jobs],
            "offers": offers(run, shown["rejects"]),
            "Action": Job.Action,
        }
        return TemplateResponse(request, "import/run.html", context)

    def ask_view(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        """What leaves everything as it can be undone is asked for at once, a rollback by its plan
        and the run's number."""
        action, back = request.POST.get("action"), _address("importrun_change", run)
        if request.method != "POST":
            return HttpResponseRedirect(back)
        keep_written = False
        if action == Job.Action.ROLLBACK:
            plan = _plan(run, request.POST.get("plan", ""))
            if plan is None:
                messages.error(request, _("Look at the plan of this rollback first."))
                return HttpResponseRedirect(back)
            if request.POST.get("number", "").strip() != str(run.number):
                message = _("Nothing was asked for: type %(number)s, the number of the run.")
                messages.error(request, message % {"number": run.number})
                return HttpResponseRedirect(_address("job_change", plan))
            keep_written = "keep_written" in request.POST
        offered = offers(run, rejects(run) if action == Job.Action.RETRY else [])
        if action not in {*offered, *([Job.Action.ROLLBACK] if Job.Action.PLAN in offered else [])}:
            messages.error(request, _("This cannot be done with the run as it is now."))
            return HttpResponseRedirect(back)
        try:
            job_id = ask(run, str(action), keep_written)
        except AlreadyAsked as already:
            messages.warning(request, _("First this has to end; then ask again."))
            job_id = already.job.pk
        return HttpResponseRedirect(reverse("admin:legacy_import_job_change", args=[job_id]))


def offers(run: ImportRun, rejected: list[tuple[str, int]]) -> list[str]:
    found: list[str] = []
    if run.status in (Status.RUNNING, Status.UNDONE):
        return found
    if run.action == Action.IMPORT and rejected:
        found.append(Job.Action.RETRY.value)
    if run.action == Action.IMPORT:
        found.append(Job.Action.VERIFY.value)
    if run.action != Action.ROLLBACK:
        found.append(Job.Action.PLAN.value)
    return found


def _shown(run: ImportRun) -> dict[str, Any]:
    of_run: Figures = figures([run])[run.pk]
    return {
        "run": run,
        "figures": of_run,
        "took": in_words(run.started_at, run.finished_at),
        "colour": COLOURS.get(run.status, "default"),
        "options": words.options(run.options),
        "rejects": [(code, _(REJECTS.get(code, "—")), number) for code, number in rejects(run)],
        "about": ImportRun.objects.filter(bot=run.bot_id, number=run.about).first(),
    }


def _plan(run: ImportRun, plan: str) -> Job | None:
    """One that was made; whatever was written since is found by the rollback itself."""
    try:
        plans = Job.objects.filter(bot=run.bot_id, run=run.pk, pk=plan, action=Job.Action.PLAN)
        made: Job | None = plans.filter(exit_code__in=(0, 3)).first()
    except (ValueError, ValidationError):
        return None
    return made


def _address(page: str, row: Any) -> str:
    return reverse(f"admin:legacy_import_{page}", args=[row.pk])
