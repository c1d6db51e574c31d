"""What managers asked for: retries, rollbacks and verifications, how far they are, what they said.

A verification's page was made from files that strangers wrote: it is shown in a frame of an origin
of its own, where nothing of it runs.
"""

import json
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy

from legacy_import.backoffice.durations import in_words
from legacy_import.backoffice.filters import BOT
from legacy_import.backoffice.job_words import COLOURS, STATES, title
from legacy_import.backoffice.ledger import LedgerAdmin, View, fragment
from legacy_import.backoffice.results import result_of
from legacy_import.jobs.asking import attend
from legacy_import.models import Job
from legacy_import.verify.report.page import as_html
from tenants.backoffice.look import ChangeList, ChoicesDropdownFilter, display
from tenants.backoffice.one_order import InOneOrderList

ENCLOSED = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class ListOfJobs(InOneOrderList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        attend(self.result_list)


@admin.register(Job)
class JobAdmin(LedgerAdmin):
    list_display = ("title", "bot", "state_shown", "asked_by", "asked_at", "finished_at")
    list_empty_text = gettext_lazy("What is started on the page of a run is listed here.")
    list_filter = (BOT, ("action", ChoicesDropdownFilter))
    list_select_related: ClassVar[tuple[str, ...]] = ("bot", "run", "asked_by")
    bulky = ("output", "report")
    download_columns = (
        *("id", "bot_id", "run__number", "action", "keep_written", "asked_by__username"),
        *("asked_at", "started_at", "finished_at", "exit_code"),
    )

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return ListOfJobs

    @admin.display(description=gettext_lazy("what"))
    def title(self, job: Job) -> str:
        return title(job)

    @display(description=gettext_lazy("state"), label=COLOURS)  # type: ignore[untyped-decorator]
    def state_shown(self, job: Any) -> tuple[str, Any]:
        return job.state, STATES[job.state]

    def views_of_row(self) -> dict[str, View]:
        return {"live": self.live_view, "report": self.report_view, "change": self.job_view}

    def live_view(self, request: HttpRequest, job: Job) -> HttpResponse:
        return fragment(request, "import/job_live.html", _shown(job))

    def job_view(self, request: HttpRequest, job: Job) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            **_shown(job),
            "title": title(job),
            "opts": self.opts,
            "original": title(job),
            "plan_is_made": job.action == Job.Action.PLAN and job.exit_code in (0, 3),
        }
        return TemplateResponse(request, "import/job.html", context)

    def report_view(self, request: HttpRequest, job: Job) -> HttpResponse:
        if job.report is None:
            missing: HttpResponse = self._get_obj_does_not_exist_redirect(
                request, self.opts, str(job.pk)
            )
            return missing
        answer = HttpResponse(
            _page(job.report), content_type="text/html; charset=utf-8", headers=ENCLOSED
        )
        if "download" in request.GET:
            name = f"verification-of-run-{job.run.number}.html"
            answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


def _page(report: str) -> str:
    """In the reader's language; earlier versions kept it as a page in English."""
    return as_html(json.loads(report)) if report.startswith("{") else report


def _shown(job: Any) -> dict[str, Any]:
    there = attend([job])
    return {
        "job": job,
        "runner_is_there": there,
        "took": in_words(job.started_at, job.finished_at),
        "state": STATES[job.state],
        "colour": COLOURS[job.state],
        "result": result_of(job),
        "is_live": job.state in ("waiting", "running"),
    }
