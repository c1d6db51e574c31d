"""The numbers at the top of the dashboard, each with its list."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from conversations.models import Conversation, Message
from metrics.rollups.days import midnight
from metrics.rollups.figures import Figures
from tenants.backoffice.counting import MOST_COUNTED, CappedPaginator, rounded
from tenants.models import Bot


@dataclass(frozen=True)
class Card:
    title: str
    value: str
    url: str
    note: str = ""


def cards(bot: Bot | None, day: date, today: Figures, of_system: int, messages: int) -> list[Card]:
    """`of_system`: messages of today that its figures leave out. `messages`: as many as the rollups
    know of, for whom the table's estimate is not."""
    of_bot = {"bot__id__exact": bot.pk} if bot else {}
    return [
        *([] if bot else _of_bots()),
        Card(
            _("Conversations"),
            _of(Conversation.objects.all(), bot),
            _list("conversations_conversation", **of_bot),
        ),
        Card(
            _("Messages today"),
            _number(today.messages + of_system),
            _list(
                "conversations_message",
                **of_bot,
                sent_at__gte=midnight(day).isoformat(),
                sent_at__lt=midnight(day + timedelta(days=1)).isoformat(),
            ),
            _today(today, of_system),
        ),
        Card(
            _("Messages"),
            _of(Message.objects.all(), bot, messages),
            _list("conversations_message", **of_bot),
        ),
    ]


def _today(today: Figures, of_system: int) -> str:
    people, bots = _number(today.messages_in), _number(today.messages_out)
    if not of_system:
        return _("%(people)s from people, %(bots)s from bots") % {"people": people, "bots": bots}
    return _("%(people)s from people, %(bots)s from bots, %(system)s of the system") % {
        **{"people": people, "bots": bots},
        "system": _number(of_system),
    }


def _of_bots() -> list[Card]:
    status = {name: Count("pk", Q(status=name)) for name in ("active", "error")}
    found = Bot.objects.order_by().aggregate(total=Count("pk"), **status)
    cards = [
        Card(_("Bots"), _number(found["total"]), _list("tenants_bot")),
        Card(
            _("Active bots"),
            _number(found["active"]),
            _list("tenants_bot", status__exact="active"),
        ),
    ]
    if found["error"]:
        url = _list("tenants_bot", status__exact="error")
        cards.append(Card(_("Bots in error"), _number(found["error"]), url))
    return cards


def _of(rows: QuerySet, bot: Bot | None, known: int = 0) -> str:
    """As its list counts them; where that gives up, about as many as are known."""
    counted = CappedPaginator((rows.filter(bot=bot) if bot else rows).order_by("pk"), 1)
    if known and counted.count == MOST_COUNTED:
        return _("about %(count)s") % {"count": _number(rounded(known))}
    return counted.shown_count


def _number(value: int) -> str:
    return number_format(value, force_grouping=True)


def _list(name: str, **filters: Any) -> str:
    url = reverse(f"admin:{name}_changelist")
    return f"{url}?{urlencode(filters)}" if filters else url
