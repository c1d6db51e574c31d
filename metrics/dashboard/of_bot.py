"""What a bot's page says of its messages."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from metrics.dashboard.graphs import messages_chart
from metrics.rollups.figures import recent_counts, series
from tenants.models import Bot


def messages_of_bot(request: HttpRequest, bot: Bot | None) -> str:
    if bot is None:
        return ""
    month = series(30, bot.pk)
    spans = {"24 h": _("24 hours"), "7 d": _("7 days"), "30 d": _("30 days")}
    counts = recent_counts(bot.pk, month=month)
    context = {
        "bot": bot,
        "counts": [(spans[span], totals) for span, totals in counts.items()],
        "chart": messages_chart(month),
        "rolled_up_at": month.rolled_up_at,
    }
    return render_to_string("metrics/of_bot.html", context, request)
