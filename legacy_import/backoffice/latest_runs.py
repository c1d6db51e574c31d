"""The dashboard's panel of the latest runs, for managers of their bots."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from legacy_import.backoffice.figures import figures
from legacy_import.backoffice.ledger import of_managed_bots
from legacy_import.models import ImportRun
from tenants.backoffice.pages import manages_a_bot
from tenants.models import Bot

MOST = 5


def latest_runs(request: HttpRequest, bot: Bot | None) -> str:
    if not manages_a_bot(request):
        return ""
    found = of_managed_bots(ImportRun.objects.select_related("bot")).order_by("-started_at")
    if bot:
        found = found.filter(bot=bot)
    runs = list(found[:MOST])
    of_run = figures(runs, files=False)
    context = {"runs": [(run, of_run[run.pk]) for run in runs]}
    return render_to_string("import/latest_runs.html", context, request)
