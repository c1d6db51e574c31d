import json
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tenants.audit.model import AuditEntry
from tenants.backoffice.pages import ReadOnlyAdmin
from tenants.models import Bot, BotAccess

TABLES = (
    *("bots", "bot_access", "profiles", "conversations", "messages", "bot_metrics"),
    *("auth_user", "auth_group", "auth_user_groups", "auth_user_user_permissions"),
    "auth_group_permissions",
)


class Choice(admin.SimpleListFilter):
    """Asks small tables for the choices: the log itself would be read from end to end."""

    column: str

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in {str(key) for key, _ in self.lookup_choices}:
            return queryset
        return queryset.filter(**{self.column: self.value()})


class BotFilter(Choice):
    title, parameter_name, column = "bot", "bot", "bot_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        return list(Bot.objects.values_list("id", "name"))


class TableFilter(Choice):
    title, parameter_name, column = "table", "table", "table_name"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        return [(table, table) for table in TABLES]


class UserFilter(Choice):
    """Of the colleagues who share a bot; superusers choose from all staff."""

    title, parameter_name, column = "staff user", "user", "user_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        staff = User.objects.filter(is_staff=True)
        if not getattr(request.user, "is_superuser", False):
            staff = staff.filter(pk__in=BotAccess.objects.values("user_id"))
        return list(staff.order_by("username").values_list("id", "username"))


class AuditEntryAdmin(ReadOnlyAdmin):
    """Read-only for everybody; which entries, the database says."""

    list_display = (
        *("logged_at", "operation", "table_name", "bot", "row_key", "staff_user", "login"),
        "changes",
    )
    list_filter = (
        *(("logged_at", admin.DateFieldListFilter), BotFilter, TableFilter, "operation"),
        UserFilter,
    )
    search_fields = ("row_key", "correlation_id")
    fields = (
        *("logged_at", "operation", "table_name", "row_key", "bot", "staff_user", "login", "role"),
        *("correlation_id", "before_shown", "after_shown"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        bots = Bot.objects.filter(pk=OuterRef("bot_id")).values("name")
        staff = User.objects.filter(pk=OuterRef("user_id")).values("username")
        entries: QuerySet[AuditEntry] = super().get_queryset(request)
        return entries.annotate(bot_name=Subquery(bots), username=Subquery(staff))

    @admin.display(description="bot")
    def bot(self, entry: Any) -> str:
        return entry.bot_name or entry.bot_id or "—"

    @admin.display(description="staff user")
    def staff_user(self, entry: Any) -> str:
        return entry.username or entry.user_id or "—"

    @admin.display(description="changed")
    def changes(self, entry: AuditEntry) -> str:
        return ", ".join(sorted({**(entry.before or {}), **(entry.after or {})}))

    @admin.display(description="before")
    def before_shown(self, entry: AuditEntry) -> SafeString | str:
        return _shown(entry.before)

    @admin.display(description="after")
    def after_shown(self, entry: AuditEntry) -> SafeString | str:
        return _shown(entry.after)


def _shown(values: Any) -> SafeString | str:
    if values is None:
        return "—"
    return format_html("<pre>{}</pre>", json.dumps(values, indent=2, ensure_ascii=False))
