"""Says in the transcript which messages were repaired when they came, and how they stood there."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext as _

from conversations.backoffice.marks import Mark
from conversations.models import Conversation, Message
from legacy_import.batches.identity import PLACE_BITS, conversation_base
from legacy_import.models import ImportFile, Repair
from legacy_import.source.records import Kind

MOST_SHOWN = 4000


def repair_marks(chat: Conversation, messages: Sequence[Message]) -> dict[UUID, list[Mark]]:
    base = conversation_base(chat.bot_id, chat.chat_id)
    by_place = {
        message.pk.int - base: message.pk
        for message in messages
        if message.pk.int >> PLACE_BITS << PLACE_BITS == base
    }
    if not by_place:
        return {}
    files = ImportFile.objects.filter(bot=chat.bot_id, kind=Kind.CONVERSATION, key=chat.chat_id)
    known = files.exclude(status=ImportFile.Status.UNDONE).values("pk")
    repairs = Repair.objects.filter(bot=chat.bot_id, file__in=known, place__in=by_place)
    marks: dict[UUID, list[Mark]] = defaultdict(list)
    for repair in repairs.order_by("place", "pk"):
        marks[by_place[repair.place]].append(_mark(repair))
    return marks


def _mark(repair: Repair) -> Mark:
    stood = bytes(repair.original)[:MOST_SHOWN].decode("utf-8", "backslashreplace")
    label = _("repaired: %(code)s in %(field)s")
    named = {"code": repair.code, "field": repair.pointer.lstrip("/") or "—"}
    return Mark("repaired", label % named, (stood,) if stood else ())
