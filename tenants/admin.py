from contextlib import suppress
from typing import Any, ClassVar, cast

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from tenants.audit.admin import AuditEntryAdmin
from tenants.context import current_scope
from tenants.models import AuditEntry, Bot, BotAccess
from tenants.tokens import Token


class PlatformForm(forms.ModelForm):
    def _post_clean(self) -> None:
        """Looks also at constraints with a column that is not in the form, such as the bot."""
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            try:
                # The token is not read, so the constraint on its columns is the database's.
                self.instance.validate_constraints(exclude=self.instance.get_deferred_fields())
            except ValidationError as error:
                self.add_error(None, error)


class PlatformAdmin(admin.ModelAdmin):
    """What staff may do follows from their role on the bot; the database holds to it as well."""

    form = PlatformForm
    show_full_result_count = False
    list_per_page = 50

    changed_by: ClassVar = "operator"
    added_by: ClassVar = "operator"

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        secret = {"telegram_token", "token_fingerprint"} & set(lookup.split("__"))
        return not secret and super().lookup_allowed(lookup, value, request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may("viewer", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _may(self.added_by)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may(self.changed_by, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may("manager", obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Times are facts; a form would also cut them to seconds when something else is saved."""
        fields = tuple(super().get_readonly_fields(request, obj))
        if obj is None:
            return fields
        times = (f.name for f in self.opts.concrete_fields if isinstance(f, models.DateTimeField))
        return (*fields, *(name for name in times if name not in fields))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What an address names of a new row, as far as the fields take it."""
        initial = {}
        for field in self.opts.concrete_fields:
            with suppress(KeyError, ValidationError):
                initial[field.name] = field.to_python(request.GET[field.name])
        return initial

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What the database refuses after the form's own checks, where two people were at once."""
        try:
            with transaction.atomic():
                response = super().changeform_view(request, object_id, form_url, extra_context)
                # Here, where a forged value that a widget cannot show is still caught.
                return response.render() if isinstance(response, TemplateResponse) else response
        except (IntegrityError, DataError, ValidationError):
            if request.method != "POST":
                raise
            messages.error(
                request,
                "Nothing was saved: the database refused a value, perhaps because somebody else "
                "saved the same a moment ago. Please look again and repeat your change.",
            )
            return HttpResponseRedirect(request.get_full_path())


def _may(least_role: str, row: Any = None) -> bool:
    scope = current_scope()
    if scope is None or scope.user_id is None:
        return False
    if row is None:
        return scope.allows(least_role)
    return scope.allows(least_role, row.pk if isinstance(row, Bot) else row.bot_id)


def bots_allowing(least_role: str) -> models.QuerySet[Bot]:
    scope = current_scope()
    bots: models.QuerySet[Bot] = Bot.objects.all()
    if scope is None or scope.bots is None:
        return bots
    return bots.filter(pk__in=[bot for bot in scope.bots if scope.allows(least_role, bot)])


class TenantAdmin(PlatformAdmin):
    autocomplete_fields: ClassVar = ("bot",)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "bot":
            options["queryset"] = bots_allowing(self.added_by)
        return super().formfield_for_foreignkey(db_field, request, **options)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Only raw SQL can give two bots' rows one id; then neither is opened by it."""
        try:
            return super().get_object(request, object_id, from_field)
        except self.model.MultipleObjectsReturned:
            return None

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A row never changes its bot."""
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "bot") if obj else fields


class BotForm(PlatformForm):
    token = forms.CharField(
        label="New token",
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "size": 60}),
        help_text="The token from @BotFather. It is stored encrypted and never shown again; "
        "leave empty to keep the present one.",
    )

    class Meta:
        model = Bot
        fields = ("name", "username", "owner_telegram_id", "status", "config", "last_active_at")

    def clean_token(self) -> str:
        text: str = self.cleaned_data["token"]
        if text:
            Token.parse(text)
        return text

    def _post_clean(self) -> None:
        # Before the constraints are looked at: a token of another bot is a message, not a crash.
        if text := self.cleaned_data.get("token"):
            self.instance.set_token(text)
        super()._post_clean()


admin.site.register(AuditEntry, AuditEntryAdmin)


@admin.register(Bot)
class BotAdmin(PlatformAdmin):
    """Superusers add, name and delete bots; managers change theirs."""

    form = BotForm
    changed_by = "manager"
    list_display = ("name", "username", "status", "token_masked", "last_active_at")
    list_filter = ("status",)
    search_fields = ("name", "username")
    readonly_fields = ("token_masked", "created_at", "updated_at")
    fields = (
        *("name", "username", "status", "token_masked", "token", "owner_telegram_id", "config"),
        *("last_active_at", "created_at", "updated_at"),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if self.has_add_permission(request) else (*fields, "name")

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        """The form of a row offers the bots that it may be added to."""
        found, duplicates = super().get_search_results(request, queryset, search_term)
        try:
            asking = admin.site._registry[
                apps.get_model(request.GET["app_label"], request.GET["model_name"])
            ]
        except (KeyError, LookupError):
            return found, duplicates
        offered = bots_allowing(getattr(asking, "added_by", "viewer"))
        return found.filter(pk__in=offered), duplicates

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Names what the database deletes with a bot."""
        listed, counts, needed, protected = super().get_deleted_objects(objs, request)
        for relation in Bot._meta.related_objects:
            model = cast(type[models.Model], relation.related_model)
            rows = model._base_manager.filter(bot__in=list(objs))
            counts[str(model._meta.verbose_name_plural)] = rows.count()
        return listed, counts, needed, protected


@admin.register(BotAccess)
class BotAccessAdmin(TenantAdmin):
    changed_by = added_by = "manager"
    list_display = ("user", "bot", "role")
    list_filter = ("role",)
    list_select_related = ("user", "bot")
    search_fields = ("user__username", "bot__name")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """Not asked of the page of users, which managers may not open."""
        if db_field.name == "user":
            options["queryset"] = User.objects.filter(is_active=True).order_by("username")
        return super().formfield_for_foreignkey(db_field, request, **options)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "user") if obj else fields
