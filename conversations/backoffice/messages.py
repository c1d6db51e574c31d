"""Messages: the latest of all bots, and the search through them, each leading into its chat."""

from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from conversations.backoffice.finding import Question, all_found, marked, page_found
from conversations.backoffice.kinds import KINDS, shown_kind
from conversations.models import Message
from tenants.backoffice.days import DaysFilter, days_asked
from tenants.backoffice.filters import BotFilter
from tenants.backoffice.keyset import NewestFirst, NewestFirstList, Page, Place
from tenants.backoffice.look import (
    ChangeList,
    ChoicesDropdownFilter,
    DropdownFilter,
)
from tenants.backoffice.pages import TenantAdmin

MOST_SHOWN = 200


class KindFilter(DropdownFilter):
    title = _("type")
    parameter_name = "message_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(kind, name) for kind, (_symbol, name) in KINDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(message_type=self.value()) if self.value() else queryset


class MessageList(NewestFirstList):
    """With words the matches, found by the database with all filters of the page."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet:
        self.filtered = super().get_queryset(request, exclude_parameters)
        self.question = _question(request, self.query)
        return all_found(self.filtered, self.question) if self.searches else self.filtered

    @property
    def searches(self) -> bool:
        return bool(self.query.strip())

    def fetch(self, at: Place | None, newer: bool) -> Page:
        if not self.searches:
            return super().fetch(at, newer)
        rows = self.model_admin.with_details(self.filtered)
        return page_found(rows, self.question, self.list_per_page, at, newer)

    @property
    def shown_count(self) -> str:
        return "" if self.searches else super().shown_count

    def count(self) -> int:
        return len(self.result_list) if self.searches else super().count()

    def why_nothing(self) -> str:
        return self.question.why_nothing() if self.searches else ""

    def url_for_result(self, result: Message) -> str:
        """Into the chat, where the search goes on."""
        chat = reverse(
            "admin:conversations_conversation_change", args=[quote(result.conversation_id)]
        )
        return f"{chat}?{urlencode({'around': result.position})}#m{result.position}"


def _question(request: HttpRequest, text: str) -> Question:
    since, until = days_asked(request, "sent_at")
    asked = request.GET
    return Question(
        text,
        bot=_id(asked.get("bot__id__exact")),
        chat=_id(asked.get("conversation_id__exact")),
        since=since,
        until=until,
        sender=asked.get("sender_type__exact") or None,
        kind=asked.get("message_type") or None,
    )


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@admin.register(Message)
class MessageAdmin(NewestFirst, TenantAdmin):
    newest_by = "sent_at"
    list_display = ("sent_at", "bot", "chat", "sender_type", "text")
    list_display_links = ("sent_at",)
    list_filter = (
        ("bot", BotFilter),
        ("sent_at", DaysFilter),
        ("sender_type", ChoicesDropdownFilter),
        KindFilter,
    )
    list_filter_submit = True
    list_select_related = ("bot", "conversation", "conversation__profile")
    search_fields = ("content",)
    search_help_text = _(
        'Words in any form, "a phrase", begin* of words, this OR that, -without; newest first'
    )
    readonly_fields = ("position",)

    class Media:
        css: ClassVar = {"all": ("backoffice/marks.css",)}

    @admin.display(description=_("chat"))
    def chat(self, message: Message) -> str:
        return str(message.conversation.profile or message.conversation)

    @admin.display(description=_("text"))
    def text(self, message: Message) -> str:
        if hasattr(message, "headline"):
            return marked(message)
        if not message.content and message.message_type != "text":
            return f"[{shown_kind(message.message_type)[1]}]"
        return Truncator(message.content).chars(MOST_SHOWN)

    def with_details(self, rows: QuerySet) -> QuerySet:
        return rows.defer("search", "metadata")

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return MessageList

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A message keeps its place."""
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "conversation_id") if obj else fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """The list itself searches."""
        return queryset, False
