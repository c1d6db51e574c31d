"""Charts of a series of days."""

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from metrics.rollups.figures import Series as Days
from tenants.backoffice.charts import Chart, Series


def seconds(value: float) -> str:
    """To a tenth where that can be told apart."""
    return _("%(number)s s") % {
        "number": number_format(value, value < 100 and value % 1 != 0, force_grouping=True)
    }


def messages_chart(days: Days) -> Chart:
    figures = days.days.values()
    return Chart(
        title=_("Messages a day"),
        labels=_labels(days),
        series=[
            Series(_("from people"), [each.messages_in for each in figures]),
            Series(_("from bots"), [each.messages_out for each in figures]),
        ],
        axis=_("Day"),
    )


def response_chart(days: Days, of_several: bool) -> Chart:
    """Those of several bots together are nowhere: the average of theirs tells as much."""
    figures = days.days.values()
    return Chart(
        title=_("Response time, the average of the bots") if of_several else _("Response time"),
        labels=_labels(days),
        series=[
            Series(_("median"), [each.response_median for each in figures]),
            Series(_("95 in 100 within"), [each.response_p95 for each in figures]),
        ],
        axis=_("Day"),
        bars=False,
        shown=seconds,
    )


def _labels(days: Days) -> list[str]:
    return [date_format(day, "j M") for day in days.days]
