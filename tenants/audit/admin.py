"""The audit log's page: which entries somebody sees, the database says; nobody changes one."""

from typing import Any, ClassVar

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from tenants.audit.difference import difference
from tenants.audit.model import AuditEntry
from tenants.backoffice.days import DaysFilter
from tenants.backoffice.filters import BotIdFilter
from tenants.backoffice.look import ChoicesDropdownFilter, DropdownFilter, TextFilter
from tenants.backoffice.one_order import InOneOrder
from tenants.backoffice.pages import ReadOnlyAdmin
from tenants.models import Bot

TABLES = (
    *("bots", "bot_access", "profiles", "conversations", "messages", "bot_metrics"),
    *("auth_user", "auth_group", "auth_user_groups", "auth_user_user_permissions"),
    *("auth_group_permissions", "otp_totp_totpdevice", "import_jobs"),
)
MOST_NAMED = 8
RECEIPT = "admin:conversations_profile_receipt"


class TableFilter(DropdownFilter):
    """Of a list written down: the log itself would be read from end to end."""

    title, parameter_name = _("table"), "table"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        return [(table, named(table)) for table in TABLES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(table_name=self.value()) if self.value() in TABLES else queryset


class UserFilter(TextFilter):
    """By the whole name, which tells nothing of staff who share no bot: their entries are not
    there."""

    title, parameter_name = _("staff user (name)"), "user"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not (value := (self.value() or "").strip()):
            return queryset
        if value.isdecimal():
            return queryset.filter(user_id=int(value))
        return queryset.filter(user_id__in=User.objects.filter(username=value).values("pk"))


class AuditEntryAdmin(InOneOrder, ReadOnlyAdmin):
    newest_by = "logged_at"
    list_display = (
        *("logged_at", "operation", "table", "bot", "row_key", "staff_user"),
        *("client_address", "changes"),
    )
    # The days choose the partitions, the bot the index within them.
    list_filter = (
        *(("logged_at", DaysFilter), BotIdFilter, TableFilter),
        *(("operation", ChoicesDropdownFilter), UserFilter),
    )
    list_filter_submit = True
    download_names: ClassVar = {"bot_name": "bot_name", "username": "username"}
    list_empty_text = _("What is changed of your bots is listed here as it happens.")
    search_fields = ("row_key__exact", "correlation_id__exact", "client_address__exact")
    search_help_text = _("A whole row id, user name, IP address or request id")
    fieldsets = (
        (None, {"fields": ("logged_at", "operation", "bot", "table_name", "object")}),
        (
            _("Who, and from where"),
            {"fields": ("staff_user", "client_address", "login", "role", "correlation_id")},
        ),
        (_("What changed"), {"fields": ("changed",)}),
    )
    change_form_template = "backoffice/audit/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        bots = Bot.objects.filter(pk=OuterRef("bot_id")).values("name")
        staff = User.objects.filter(pk=OuterRef("user_id")).values("username")
        entries: QuerySet[AuditEntry] = super().get_queryset(request)
        return entries.annotate(bot_name=Subquery(bots), username=Subquery(staff))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By whole values: what a staff user did, too."""
        term = search_term.strip().replace("\0", "")
        if not term:
            return queryset, False
        staff = User.objects.filter(username=term).values("pk")
        found = Q(user_id__in=staff)
        for name in self.search_fields:
            found |= Q(**{name: term})
        return queryset.filter(found), False

    @admin.display(description=_("bot"))
    def bot(self, entry: Any) -> str:
        return entry.bot_name or entry.bot_id or "—"

    @admin.display(description=_("table"))
    def table(self, entry: AuditEntry) -> str:
        return named(entry.table_name or "—")

    @admin.display(description=_("staff user"))
    def staff_user(self, entry: Any) -> str:
        return entry.username or entry.user_id or "—"

    @admin.display(description=_("changed"))
    def changes(self, entry: AuditEntry) -> str:
        keys = sorted({**(entry.before or {}), **(entry.after or {})})
        return ", ".join(keys[:MOST_NAMED]) + (", …" if len(keys) > MOST_NAMED else "")

    @admin.display(description=_("row"))
    def object(self, entry: AuditEntry) -> SafeString | str:
        """A link, where the row is there and the viewer may see it; else to the receipt."""
        if entry.operation == AuditEntry.Operation.ERASE:
            return _link(reverse(RECEIPT, args=[entry.pk]), entry.row_key)
        pages = {model._meta.db_table: model for model in self.admin_site._registry}
        model = pages.get(entry.table_name or "")
        if model is None or entry.row_key is None:
            return entry.row_key or "—"
        page = self.admin_site._registry[model]
        asking: HttpRequest = entry.asking  # type: ignore[attr-defined]
        row = page.get_object(asking, entry.row_key)
        if row is None or not page.has_view_permission(asking, row):
            return entry.row_key
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
        return _link(reverse(name, args=[row.pk]), entry.row_key)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> AuditEntry | None:
        found: Any = super().get_object(request, object_id, from_field)
        if found:
            found.asking = request
        entry: AuditEntry | None = found
        return entry

    @admin.display(description=_("before and after"))
    def changed(self, entry: AuditEntry) -> str:
        lines, more = difference(entry.before, entry.after)
        return render_to_string("backoffice/audit/difference.html", {"lines": lines, "more": more})


def named(table: str) -> str:
    """By what people call its rows."""
    names = {model._meta.db_table: model._meta.verbose_name_plural for model in apps.get_models()}
    return capfirst(str(names.get(table, table)))


def _link(url: str, text: str | None) -> SafeString:
    return format_html('<a href="{}">{}</a>', url, text)
