"""Gathers the dashboard: a constant number of queries, at any size."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from metrics.dashboard import storage
from metrics.dashboard.cards import cards
from metrics.dashboard.graphs import messages_chart, response_chart
from metrics.models import DailyRollup
from metrics.rollups.days import day_of
from metrics.rollups.figures import BotTotals, overview
from tenants.backoffice import panels
from tenants.backoffice.choosing import bot_asked_for, bot_form
from tenants.backoffice.pages import is_superuser
from tenants.models import Bot

DAYS = (14, 30, 90)
# Of a list of bots.
MOST = 5


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    bot = bot_asked_for(request)
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, DAYS) else 30
    now = timezone.now()
    series, ranking = overview(days, bot.pk if bot else None, now)
    day = day_of(now)
    of_system = storage.of_system(bot, day)
    system_today = sum(on_day for _all, on_day in of_system.values())
    messages = storage.messages_of_bots(bot, of_system)
    partitions = storage.partitions()
    shares = storage.shares(partitions, messages, MOST)
    today = [*series.days.values()][-1]
    found: dict[str, Any] = {
        "title": _("Dashboard"),
        "bot": bot,
        "bot_form": bot_form(DailyRollup._meta.get_field("bot"), bot),
        "days": days,
        "zone": settings.METRICS_TIME_ZONE,
        "choices": DAYS,
        "is_empty": not ranking,
        "cards": cards(bot, day, today, system_today, sum(messages.values())),
        "charts": [messages_chart(series), response_chart(series, len(ranking) > 1)],
        "rolled_up_at": series.rolled_up_at,
        "totals": series.totals,
        "shares": shares,
        "most_messages": max((share.messages for share in shares), default=0),
        "panels": panels.rendered(panels.on_dashboard, request, bot),
    }
    if bot is None:
        found |= _compared(ranking)
        if is_superuser(request):
            found |= {
                "partitions": partitions,
                "skew": storage.skew(partitions),
                "largest": max(partition.size for partition in partitions),
            }
    return {**context, **found}


def _compared(ranking: list[BotTotals]) -> dict[str, Any]:
    """A bot is in one of the halves: of two bots one is the quieter."""
    half = (len(ranking) + 1) // 2
    in_error = Bot.objects.filter(status=Bot.Status.ERROR).only("name", "status")
    most_errors = sorted(ranking, key=lambda one: -one.totals.errors)[:MOST]
    return {
        "busiest": [one for one in ranking[:half][:MOST] if one.totals.messages],
        "quietest": ranking[half:][: -MOST - 1 : -1],
        "in_error": in_error[:MOST],
        "most_errors": [one for one in most_errors if one.totals.errors],
    }
