"""What the address asks for, as a form; what it leaves out is the bot's first metric, of the last
30 days, by day."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.explorer.buckets import By, Span, Value
from metrics.explorer.names import MOST
from metrics.models import DailyRollup
from tenants.backoffice.choosing import BotChoice
from tenants.models import Bot

# Of a chart: a month of hours, two years of days.
MOST_POINTS = 750
DAYS = 30
EARLIEST, LATEST = date(1970, 1, 1), date(2199, 12, 31)


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(label=label, widget=widget, input_formats=["%Y-%m-%d"])


class Asked(forms.Form):
    bot = BotChoice(DailyRollup._meta.get_field("bot"))
    metric = forms.CharField(label=gettext_lazy("Metric"), strip=False)
    begin = _day(gettext_lazy("From"))
    end = _day(gettext_lazy("To"))
    by = forms.ChoiceField(label=gettext_lazy("Grouped by"), choices=By.choices)
    value = forms.ChoiceField(label=gettext_lazy("Value"), choices=Value.choices)

    def __init__(self, given: QueryDict, bot: Bot | None, names: list[str]) -> None:
        today = timezone.localdate()
        defaults = {
            "metric": names[0] if names else "",
            "begin": f"{today - timedelta(days=DAYS - 1)}",
            "end": f"{today}",
            "by": By.DAY,
            "value": Value.AVERAGE,
        }
        asked = {name: given.get(name) or default for name, default in defaults.items()}
        super().__init__({**asked, "bot": bot and bot.pk}, label_suffix="")
        self.names = names
        self.fields["bot"].queryset = Bot.objects.all()  # type: ignore[attr-defined]
        chosen = asked["metric"]
        offered = names if chosen in names else [chosen, *names]
        self.fields["metric"].widget = forms.Select(choices=[(name, name) for name in offered])

    def clean_metric(self) -> str:
        metric: str = self.cleaned_data["metric"]
        if metric not in self.names and len(self.names) < MOST:
            raise ValidationError(_("This bot has no metric of this name."))
        return metric

    def clean(self) -> dict[str, Any]:
        asked = self.cleaned_data
        if self.errors:
            return asked
        if not EARLIEST <= asked["begin"] <= asked["end"] <= LATEST:
            raise ValidationError(
                {"begin": _("The first day is after the last one, or no day since 1970.")}
            )
        if (points := len(self.span)) > MOST_POINTS:
            text = _("That makes %(points)s points, and a chart has at most %(most)s: group by a "
                     "longer time, or take fewer days.")  # fmt: skip
            shown = {"points": number_format(points, force_grouping=True), "most": MOST_POINTS}
            raise ValidationError({"by": text % shown})
        return asked

    @property
    def span(self) -> Span:
        asked = self.cleaned_data
        return Span(asked["begin"], asked["end"], By(asked["by"]))
