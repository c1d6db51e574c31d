"""Pages of a long list whose order is one index for all bots: by id, or by a time and then the id.

The newest come first, and each page begins where the one before it ended: no OFFSET.
"""

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from tenants.backoffice.keyset import NewestFirst, NewestFirstList, Page, Place, page_from
from tenants.backoffice.look import ChangeList


def page_in_order(
    rows: QuerySet, time: str | None, size: int, at: Place | None, newer: bool = False
) -> Page:
    keys = (time, "pk") if time else ("pk",)
    beyond = "gt" if newer else "lt"
    if at and time:
        after = Q(**{f"{time}__{beyond}": at.time}) | Q(**{f"pk__{beyond}": at.id})
        rows = rows.filter(after, **{f"{time}__{beyond}e": at.time})
    elif at:
        rows = rows.filter(**{f"pk__{beyond}": at.id})
    found = list(rows.order_by(*keys if newer else (f"-{key}" for key in keys))[: size + 1])
    by_id = {row.pk: row for row in found}
    return page_from(by_id, [*by_id], time, size, at, newer)


class InOneOrderList(NewestFirstList):
    def fetch(self, at: Place | None, newer: bool) -> Page:
        rows = self.model_admin.with_details(self.queryset)
        return page_in_order(rows, self.newest_by, self.list_per_page, at, newer)


class InOneOrder(NewestFirst):
    # Without a time the ids say what is newer.
    newest_by: ClassVar[str | None] = None

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return InOneOrderList
