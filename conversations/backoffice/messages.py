import uuid
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from conversations.models import Message
from conversations.search import MOST_FOUND, InOrderOf
from tenants.backoffice.pages import TenantAdmin


@admin.register(Message)
class MessageAdmin(TenantAdmin):
    list_display = ("position", "bot", "conversation", "sender_type", "beginning", "sent_at")
    list_display_links = ("position", "beginning")
    list_filter = ("bot", "sender_type")
    list_select_related = ("bot", "conversation")
    search_fields = ("content",)
    readonly_fields = ("position",)

    @admin.display(description="content")
    def beginning(self, message: Message) -> str:
        return message.content if len(message.content) <= 80 else f"{message.content[:79]}…"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A message keeps its place."""
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "conversation_id") if obj else fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        if not search_term.strip():
            return queryset, False
        try:
            bots = [uuid.UUID(request.GET["bot__id__exact"])]
        except (KeyError, ValueError):
            bots = None
        # Found once: the page and its count are two queries.
        best_first = queryset.search(search_term, limit=MOST_FOUND, bots=bots)  # type: ignore[attr-defined]
        ids = list(best_first.values_list("pk", flat=True))
        found = queryset.filter(pk__in=ids)
        # Until a column is clicked.
        return found if "o" in request.GET else found.order_by(InOrderOf(ids)), False
