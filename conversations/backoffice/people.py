"""People: a bot's list of them, and one person with their chats and all that is known."""

import json
import uuid
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, Func, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from conversations.backoffice.erasing import erase_page, receipt_page
from conversations.backoffice.export import export
from conversations.backoffice.tree import tree
from conversations.models import Conversation, Profile
from conversations.personal import chats_of
from tenants.backoffice.days import DaysFilter
from tenants.backoffice.filters import BotFilter
from tenants.backoffice.keyset import NewestFirst
from tenants.backoffice.look import RangeNumericFilter, TextFilter
from tenants.backoffice.pages import TenantAdmin
from tenants.models import Bot

MOST_CHATS = 50
MOST_INTERESTS = 5


class LocationFilter(TextFilter):
    title, parameter_name = _("location"), "location_contains"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        found: QuerySet[Any] = queryset.filter(location__icontains=self.value())
        return found


class AnyInterest(Func):
    """Whether a word is in one of them, in any case: in the text itself, not in how JSON writes
    it."""

    template = "EXISTS (SELECT FROM jsonb_array_elements_text(%(expressions)s::text)) > 0)"
    arg_joiner = ") AS interest WHERE strpos(upper(interest), upper("
    output_field = BooleanField()


class InterestFilter(TextFilter):
    title, parameter_name = _("interest"), "interest"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not (word := self.value()):
            return queryset
        # Read from all people, and taken apart of the few that have it.
        written = json.dumps(word, ensure_ascii=False)[1:-1]
        rows = queryset.alias(interests_text=Cast("interests", TextField()))
        found: QuerySet[Any] = rows.filter(
            AnyInterest("interests", Value(word)), interests_text__icontains=written
        )
        return found


@admin.register(Profile)
class ProfileAdmin(NewestFirst, TenantAdmin):
    newest_by = "last_active_at"
    list_display = (
        *("name_or_id", "bot", "telegram_id", "age", "location", "some_interests"),
        "last_active_at",
    )
    list_filter = (
        ("bot", BotFilter),
        ("age", RangeNumericFilter),
        *(LocationFilter, InterestFilter),
        ("last_active_at", DaysFilter),
    )
    list_filter_submit = True
    list_select_related = ("bot",)
    search_fields = ("name", "location")
    search_help_text = _("Part of a name or location, or a whole Telegram id")
    readonly_fields = ("updated_at",)
    fieldsets = (
        (None, {"fields": ("bot", "telegram_id", "name", "age", "location", "interests")}),
        (_("Character"), {"fields": ("chat_style", "personality")}),
        (_("Times"), {"fields": ("created_at", "last_active_at", "updated_at")}),
        (_("Additional data"), {"fields": ("additional_data",), "classes": ("collapse",)}),
    )
    change_form_template = "backoffice/people/change_form.html"

    def save_model(self, request: HttpRequest, obj: Profile, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            unlinked = Conversation.objects.filter(bot=obj.bot_id, profile_id=None)
            unlinked.filter(chat_id=obj.telegram_id).update(profile_id=obj.pk)

    @admin.display(description=_("name"), ordering="name")
    def name_or_id(self, person: Profile) -> str:
        return str(person)

    @admin.display(description=_("interests"))
    def some_interests(self, person: Profile) -> str:
        shown = ", ".join(f"{each}"[:40] for each in person.interests[:MOST_INTERESTS])
        return shown + (", …" if len(person.interests) > MOST_INTERESTS else "")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        term = search_term.strip()
        if term.lstrip("-").isdecimal() and len(term) < 20:
            # By the index of each bot: none leads to the people of all.
            return queryset.filter(bot__in=Bot.objects.all(), telegram_id=int(term)), False
        found, duplicates = super().get_search_results(request, queryset, search_term)
        return found, duplicates

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str) -> Any:
            full_name = f"conversations_profile_{name}"
            return path(route, self.admin_site.admin_view(view), name=full_name)

        return [
            page("erased/<uuid:receipt>/", self.receipt_view, "receipt"),
            page("erased/<uuid:receipt>.<str:form>", self.receipt_view, "receipt_file"),
            page("<path:object_id>/export/", self.export_view, "export"),
            page("<path:object_id>/erase/", self.erase_view, "erase"),
            *super().get_urls(),
        ]

    def has_export_permission(self, request: HttpRequest, person: Profile) -> bool:
        """Beyond what lists show: viewers do not take the whole of a person away."""
        return self.has_change_permission(request, person)

    def export_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        if (person := self.get_object(request, object_id)) is None:
            return self._missing(request, object_id)
        if not self.has_export_permission(request, person):
            raise PermissionDenied
        return export(request.user, person)

    def erase_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        if (person := self.get_object(request, object_id)) is None:
            return self._missing(request, object_id)
        if not self.has_delete_permission(request, person):
            raise PermissionDenied
        return erase_page(request, person, self._common(request))

    def receipt_view(
        self, request: HttpRequest, receipt: uuid.UUID, form: str | None = None
    ) -> HttpResponseBase:
        return receipt_page(request, receipt, form, self._common(request))

    def get_actions(self, request: HttpRequest) -> Any:
        """A profile alone would leave its chats behind, which nobody could erase any more."""
        actions = super().get_actions(request)
        return {name: action for name, action in actions.items() if name != "delete_selected"}

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:conversations_profile_erase", args=[object_id]))

    def _missing(self, request: HttpRequest, object_id: str) -> HttpResponse:
        answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return answer

    def _common(self, request: HttpRequest) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts}

    def _ways(self, request: HttpRequest, person: Profile) -> list[dict[str, Any]]:
        ways = []
        if self.has_export_permission(request, person):
            url = reverse("admin:conversations_profile_export", args=[person.pk])
            ways.append({"title": _("Export everything (JSON)"), "url": url, "download": True})
        if self.has_delete_permission(request, person):
            url = reverse("admin:conversations_profile_erase", args=[person.pk])
            ways.append({"title": _("Erase this person"), "url": url, "danger": True})
        return ways

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        if person := options.get("obj"):
            chats = list(chats_of(person)[: MOST_CHATS + 1])
            others = Profile.objects.filter(
                bot__in=Bot.objects.all(), telegram_id=person.telegram_id
            ).exclude(pk=person.pk)
            context |= {
                # What goes with a person is erased with them.
                "show_delete": False,
                "chats": chats[:MOST_CHATS],
                "more_chats": len(chats) > MOST_CHATS,
                "legacy": tree(person.additional_data),
                "ways": self._ways(request, person),
                "others": others.select_related("bot").order_by("bot__name")[:MOST_CHATS],
            }
        page: HttpResponse = super().render_change_form(request, context, *args, **options)
        return page
