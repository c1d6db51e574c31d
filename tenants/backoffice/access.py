"""Which staff have which role on a bot: a list of its own, and a part of the bot's page."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.models import User
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.backoffice.look import TabularInline
from tenants.backoffice.pages import PlatformForm, TenantAdmin, is_superuser, may
from tenants.models import BotAccess


def _staff_to_choose(db_field: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Not asked of the page of users, which managers may not open."""
    if db_field.name == "user":
        options["queryset"] = User.objects.filter(is_active=True).order_by("username")
    return options


class NamesItsUser:
    """The page of a user is for superusers: to others a link would lead nowhere."""

    @admin.display(description=_("user"))
    def user_name(self, access: BotAccess) -> str:
        return str(access.user)


@admin.register(BotAccess)
class BotAccessAdmin(NamesItsUser, TenantAdmin):
    changed_by = added_by = "manager"
    list_display = ("user", "bot", "role")
    list_filter = ("role",)
    list_empty_text = _("Add somebody: a person, a bot and a role.")
    list_select_related = ("user", "bot")
    download_names: ClassVar = {"bot_name": "bot__name", "username": "user__username"}
    search_fields = ("user__username", "bot__name")
    readonly_fields = ("user_name",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        named = obj is not None and not is_superuser(request)
        return ("user_name" if named else "user", "bot", "role")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        options = _staff_to_choose(db_field, options)
        return super().formfield_for_foreignkey(db_field, request, **options)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "user") if obj else fields


class AccessForm(PlatformForm):
    """Whoever has a role keeps the row: another one gets a new row."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # In a table the name is the column's, which nobody hears with the field.
            widget: Any = getattr(field.widget, "widget", field.widget)
            widget.attrs["aria-label"] = str(field.label)
        if not self.instance._state.adding and "user" in self.fields:
            user = self.instance.user
            self.fields["user"].disabled = True
            self.fields["user"].choices = [(user.pk, str(user))]  # type: ignore[attr-defined]


class AccessInline(NamesItsUser, TabularInline):
    model = BotAccess
    form = AccessForm
    readonly_fields = ("user_name",)
    extra = 0

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("user" if self.has_change_permission(request, obj) else "user_name", "role")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        rows: models.QuerySet = super().get_queryset(request)
        return rows.select_related("user", "bot").order_by("user__username")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        options = _staff_to_choose(db_field, options)
        return super().formfield_for_foreignkey(db_field, request, **options)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may("viewer", obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may("manager", obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may("manager", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may("manager", obj)
