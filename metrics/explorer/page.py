"""The page: one question about one metric, and its answer."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from metrics.explorer.asked import Asked
from metrics.explorer.buckets import By, Value, values
from metrics.explorer.names import names_of
from tenants.backoffice.charts import LARGEST, Chart, Series, whole
from tenants.backoffice.choosing import bot_asked_for

LABELS = {By.HOUR: "j M H:i", By.DAY: "j M", By.WEEK: "j M", By.MONTH: "M Y"}
# Days shown at one click, and what suits them.
PRESETS = ((7, By.HOUR), (30, By.DAY), (90, By.DAY), (365, By.WEEK))


def number(value: float) -> str:
    """Six digits that say something."""
    if 1e6 <= abs(value) < 1e15:
        return whole(value)
    text = f"{value:.6g}"
    return text if "e" in text else number_format(Decimal(text), force_grouping=True)


def exploration(request: HttpRequest) -> dict[str, Any]:
    bot = bot_asked_for(request)
    names = names_of(bot) if bot else []
    form = Asked(request.GET, bot, names)
    asked = bool(names) and form.is_valid()
    context: dict[str, Any] = {
        "title": _("Explore metrics"),
        "bot": bot,
        "names": names,
        "form": form,
        "presets": _presets(request, bot and bot.pk, form) if names else [],
    }
    if asked and bot:
        chart, left_out = _chart(bot, form)
        context |= {"chart": chart, "left_out": left_out}
    return context


def _chart(bot: Any, form: Asked) -> tuple[Chart, int]:
    """And how many values no chart can show."""
    value, span = Value(form.cleaned_data["value"]), form.span
    metric = form.cleaned_data["metric"]
    found = values(bot, metric, span, value)
    shown = {at: float(n) for at, n in found.items() if abs(n) <= LARGEST}
    moments = [*span]
    years = {at.year for at in moments}
    form_of_label = LABELS[span.by] + (" Y" if len(years) > 1 and span.by != By.MONTH else "")
    chart = Chart(
        title=_("%(metric)s, %(value)s by %(time)s")
        % {"metric": metric, "value": value.label, "time": span.by.label},
        labels=[date_format(at, form_of_label) for at in moments],
        series=[Series(str(value.label), [shown.get(at) for at in moments])],
        axis=str(span.by.label),
        bars=value == Value.SUM,
        shown=number,
        most_ticks=4 if span.by == By.HOUR else 6,
    )
    return chart, len(found) - len(shown)


def _presets(request: HttpRequest, bot: Any, form: Asked) -> list[tuple[int, str, bool]]:
    """Days, address, and whether they are shown now."""
    today = timezone.localdate()
    found = []
    for days, by in PRESETS:
        chosen = {"begin": f"{today - timedelta(days=days - 1)}", "end": f"{today}", "by": by.value}
        kept = {name: form.data[name] for name in ("metric", "value")}
        address = f"?{urlencode({'bot': bot, **kept, **chosen})}"
        found.append((days, address, chosen.items() <= form.data.items()))
    return found
