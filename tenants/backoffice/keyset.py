"""Pages of a long list, the newest first, each from where the one before it ended: no OFFSET.

Of each bot the first rows after that place come from its index (bot, time, ...), and only the bots
whose first row is among the first rows of all can have more of them. So a page costs a look into
the index for each bot that somebody sees, and some rows of as many bots as the page has rows,
however long the list and however deep the page.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.http import HttpRequest
from django.utils.text import capfirst

from tenants.backoffice.counting import CappedPaginator
from tenants.backoffice.lists import CountedList
from tenants.backoffice.look import ChangeList
from tenants.models import Bot

OLDER, NEWER = "older", "newer"


@dataclass(frozen=True)
class Place:
    """Of a row among all, by its time and then its id. What has no time comes last."""

    time: datetime | None
    id: UUID

    def __str__(self) -> str:
        return f"{self.time.astimezone(UTC).isoformat() if self.time else ''}~{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        time, _, id = text.partition("~")
        moment = datetime.fromisoformat(time) if time else None
        if moment and moment.tzinfo is None:
            raise ValueError("A place has a time of a zone.")
        return cls(moment, UUID(id))


@dataclass(frozen=True)
class Page:
    rows: list[Any]
    # From where older and newer rows go on, where there are any.
    older: Place | None = None
    newer: Place | None = None


def page_of(rows: QuerySet, time: str, size: int, at: Place | None, newer: bool = False) -> Page:
    """The rows next to a place; without one the newest."""
    ids = first_ids(rows, time, size + 1, at, newer)
    return page_from(rows.in_bulk(ids), ids, time, size, at, newer)


def page_from(
    found: dict[Any, Any],
    ids: list[UUID],
    time: str | None,
    size: int,
    at: Place | None,
    newer: bool,
) -> Page:
    shown = [found[id] for id in ids[:size] if id in found]
    more = len(ids) > size
    if newer:
        shown.reverse()
    if not shown:
        return Page([], newer=None if newer else at)
    first, last = (
        Place(getattr(row, time) if time else None, row.pk) for row in (shown[0], shown[-1])
    )
    if newer:
        return Page(shown, last, first if more else None)
    return Page(shown, last if more else None, first if at else None)


def first_ids(
    rows: QuerySet, time: str, most: int, at: Place | None, newer: bool = False
) -> list[UUID]:
    ids: list[UUID] = []
    for part, order in _parts(rows, time, at, newer):
        ids += _first_of_bots(part, order, most - len(ids))
        if len(ids) >= most:
            break
    return ids


def _parts(
    rows: QuerySet, time: str, at: Place | None, newer: bool
) -> Iterator[tuple[QuerySet, tuple[str, ...]]]:
    """Rows with a time and those without lie apart in an index."""
    timed, untimed = rows.filter(**{f"{time}__isnull": False}), Q(**{f"{time}__isnull": True})
    nullable = rows.model._meta.get_field(time).null
    if newer and at:
        order = (time, "-pk")
        if at.time:
            after = Q(**{f"{time}__gt": at.time}) | Q(pk__lt=at.id)
            yield timed.filter(after, **{f"{time}__gte": at.time}), order
        else:
            yield rows.filter(untimed, pk__lt=at.id), order[1:]
            yield timed, order
        return
    order = (f"-{time}", "pk")
    if at and at.time:
        after = Q(**{f"{time}__lt": at.time}) | Q(pk__gt=at.id)
        yield timed.filter(after, **{f"{time}__lte": at.time}), order
    elif not at:
        yield timed, order
    if nullable:
        last = Q() if not at or at.time else Q(pk__gt=at.id)
        yield rows.filter(untimed, last), order[1:]


def _first_of_bots(rows: QuerySet, order: tuple[str, ...], most: int) -> list[UUID]:
    down, key = order[0].startswith("-"), order[0].removeprefix("-")
    of_bot = rows.filter(bot=OuterRef("pk")).order_by(*order)
    first = F("first").desc(nulls_last=True) if down else F("first").asc(nulls_last=True)
    begins = Bot.objects.annotate(first=Subquery(of_bot.values(key)[:1])).order_by(first)
    bots = [(pk, begin) for pk, begin in begins.values_list("pk", "first") if begin is not None]
    if not bots:
        return []
    # Of bots that begin at the same time any may have the next row.
    last = bots[: max(most, 1)][-1][1]
    leading = [pk for n, (pk, begin) in enumerate(bots) if n < most or begin == last]
    places = ArraySubquery(of_bot.values(place=JSONObject(key=F(key), id=F("pk")))[:most])
    found = [
        (place["key"], UUID(place["id"]))
        for of_one in Bot.objects.filter(pk__in=leading).values_list(places)
        for place in of_one[0]
    ]
    found.sort(key=lambda place: place[1], reverse=order[-1] == "-pk")
    if key != "pk":
        found.sort(key=lambda place: datetime.fromisoformat(place[0]), reverse=down)
    return [id for _, id in found[:most]]


class UncountedPaginator(CappedPaginator):
    template_name = "backoffice/older_newer.html"


class NewestFirstList(CountedList):
    """In the order of its time alone; of a deep page the address says where it begins."""

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        named = super().get_filters_params(params)
        return {name: value for name, value in named.items() if name not in (OLDER, NEWER)}

    def get_results(self, request: HttpRequest) -> None:
        self.newest_by = self.model_admin.newest_by
        self.page = self._page(request)
        self.result_list = self.page.rows
        self.paginator = UncountedPaginator(self.queryset, self.list_per_page)
        self.result_count = self.full_result_count = self.count()
        self.show_full_result_count = False
        self.show_admin_actions = bool(self.result_list)
        self.can_show_all = self.multi_page = False

    def count(self) -> int:
        return self.paginator.count

    @property
    def shown_count(self) -> str:
        """In an order that fits any number, in any language."""
        return f"{capfirst(self.opts.verbose_name_plural)}: {self.paginator.shown_count}"

    def fetch(self, at: Place | None, newer: bool) -> Page:
        rows = self.model_admin.with_details(self.queryset)
        return page_of(rows, self.newest_by, self.list_per_page, at, newer)

    def _page(self, request: HttpRequest) -> Page:
        newer = NEWER in request.GET
        try:
            asked = request.GET.get(NEWER if newer else OLDER)
            at = Place.parse(asked) if asked else None
        except ValueError as error:
            raise IncorrectLookupParameters(error) from error
        page = self.fetch(at, newer and at is not None)
        # The last step towards the newest shows a whole page of them.
        return self.fetch(None, False) if newer and at and not page.newer else page

    @property
    def older_link(self) -> str | None:
        return self._link(OLDER, self.page.older)

    @property
    def newer_link(self) -> str | None:
        return self._link(NEWER, self.page.newer)

    def _link(self, direction: str, place: Place | None) -> str | None:
        if place is None:
            return None
        link: str = self.get_query_string({direction: str(place)}, remove=[OLDER, NEWER])
        return link


class NewestFirst:
    """Of a page of the admin whose rows have a time."""

    newest_by: ClassVar[str | None]
    sortable_by: ClassVar[tuple[str, ...]] = ()
    show_full_result_count = False

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return NewestFirstList

    def with_details(self, rows: QuerySet) -> QuerySet:
        """What is asked only of the rows of a page."""
        return rows
