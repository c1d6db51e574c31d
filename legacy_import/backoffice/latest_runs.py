"""The dashboard's panel of the latest runs, for managers of their bots."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from legacy_import.models import ImportRun
from tenants.backoffice.pages import bots_allowing, is_superuser, manages_a_bot
from tenants.models import Bot

MOST = 5


def latest_runs(request: HttpRequest, bot: Bot | None) -> str:
    if not manages_a_bot(request):
        return ""
    runs = ImportRun.objects.select_related("bot").order_by("-started_at")
    if not is_superuser(request):
        runs = runs.filter(bot__in=bots_allowing("manager"))
    if bot:
        runs = runs.filter(bot=bot)
    return render_to_string("legacy_import/latest_runs.html", {"runs": runs[:MOST]}, request)
