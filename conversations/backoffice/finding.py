"""Finds messages for pages: newest first, with filters, from any place on; and marks the words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchHeadline, SearchQuery
from django.db import connection
from django.db.models import (
    BooleanField,
    DateTimeField,
    F,
    Func,
    IntegerField,
    QuerySet,
    TextField,
    UUIDField,
    Value,
)
from django.db.models.functions import Left
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from conversations.models import Message
from conversations.search import CONFIG, MOST_FOUND, EqualsAny, search_query
from tenants.backoffice.keyset import Page, Place, page_from

# No text has them: they are taken out of it before the database puts them around words.
BEGIN, END = "\ue000", "\ue001"
# Of a longer message; a word that stands behind is not shown.
LONGEST_SEARCHED = 20_000
FRAGMENTS: dict[str, Any] = {
    "max_fragments": 2,
    "min_words": 8,
    "max_words": 30,
    "fragment_delimiter": " … ",
}
# As find_messages sees it.
IS_EMPTY = "SELECT querytree(to_tsquery(%s::regconfig, %s)) IN ('', 'T')"
NO_WORD = gettext_lazy(
    "There is no word to look for in this: common ones such as “the” or “и”, signs and emoji are "
    "not searched for, and words to leave out need another one to be found."
)


@dataclass(frozen=True)
class Question:
    text: str
    bot: UUID | None = None
    chat: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    sender: str | None = None
    kind: str | None = None

    @property
    def query(self) -> SearchQuery | None:
        typed = search_query(self.text)
        return SearchQuery(typed, config=CONFIG, search_type="raw") if typed else None

    def why_nothing(self) -> str:
        """Of a question to which there is no answer whatever the messages say."""
        with connection.cursor() as cursor:
            cursor.execute(IS_EMPTY, [CONFIG, search_query(self.text)])
            [(is_empty,)] = cursor.fetchall()
        return str(NO_WORD) if is_empty else ""


class Found(Func):
    """Calls the database's find_messages, which knows whose rows it may look at."""

    template = "(ARRAY(SELECT found.id FROM find_messages(%(expressions)s) AS found))"
    output_field = ArrayField(UUIDField())

    def __init__(self, asked: Question, most: int, at: Place | None, newer: bool) -> None:
        times: Any = DateTimeField(null=True)
        texts: Any = TextField(null=True)
        super().__init__(
            asked.query,
            Value(most, IntegerField()),
            Value([asked.bot] if asked.bot else None, ArrayField(UUIDField(), null=True)),
            Value(asked.chat, UUIDField(null=True)),
            *(Value(asked.since, times), Value(asked.until, times)),
            *(Value(asked.sender, texts), Value(asked.kind, texts)),
            *(Value(at.time if at else None, times), Value(at.id if at else None, UUIDField())),
            Value(newer, BooleanField()),
        )


def all_found(rows: QuerySet, asked: Question) -> QuerySet:
    """The newest thousand."""
    if asked.query is None:
        return rows.none()
    return rows.filter(EqualsAny(F("pk"), Found(asked, MOST_FOUND, None, newer=False)))


def page_found(
    rows: QuerySet, asked: Question, size: int, at: Place | None = None, newer: bool = False
) -> Page:
    if asked.query is None:
        return Page([])
    clean = Func(
        Left("content", LONGEST_SEARCHED), Value(BEGIN + END), Value(""), function="translate"
    )
    headline = SearchHeadline(
        clean, asked.query, config=CONFIG, start_sel=BEGIN, stop_sel=END, **FRAGMENTS
    )
    found = rows.filter(EqualsAny(F("pk"), Found(asked, size + 1, at, newer)))
    order = ("sent_at", "-pk") if newer else ("-sent_at", "pk")
    in_order = {row.pk: row for row in found.annotate(headline=headline).order_by(*order)}
    return page_from(in_order, [*in_order], "sent_at", size, at, newer)


def marked(message: Message) -> SafeString:
    """The words that were looked for; everything else stays the text it is."""
    headline: str = message.headline  # type: ignore[attr-defined]
    return format_html_join("", "{}", ((part,) for part in _parts(headline)))


def _parts(headline: str) -> Iterator[Any]:
    before, *rest = headline.split(BEGIN)
    yield before
    for piece in rest:
        word, _, after = piece.partition(END)
        yield format_html("<mark>{}</mark>", word)
        yield after
