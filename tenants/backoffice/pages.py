"""What the pages of all models have in common."""

from contextlib import suppress
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.backoffice.counting import CappedPaginator
from tenants.backoffice.lists import LargeList
from tenants.context import current_scope
from tenants.models import Bot


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


class ViewedAdmin(LargeList):
    """For whoever is a viewer of the row's bot."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may("viewer", obj)


class ReadOnlyAdmin(ViewedAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PlatformAdmin(ViewedAdmin):
    """What staff may do follows from their role on the bot; the database holds to it as well."""

    form = PlatformForm

    changed_by: ClassVar = "operator"
    added_by: ClassVar = "operator"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(self.added_by)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(self.changed_by, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may("manager", obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Times are facts; a form would also cut them to seconds when something else is saved."""
        fields = tuple(super().get_readonly_fields(request, obj))
        if obj is None:
            return fields
        times = (f.name for f in self.opts.concrete_fields if isinstance(f, models.DateTimeField))
        return (*fields, *(name for name in times if name not in fields))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What the database gives a row is nothing yet while it is added."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None:
            return fieldsets
        given = set(self.get_readonly_fields(request))
        left = (
            (
                title,
                {**options, "fields": [name for name in options["fields"] if name not in given]},
            )
            for title, options in fieldsets
        )
        return [(title, options) for title, options in left if options["fields"]]

    def response_action(self, request: HttpRequest, queryset: Any) -> Any:
        """An id that cannot be one is like one that is not there."""
        chosen = request.POST.copy()
        ids = filter(self._can_be_id, chosen.getlist(ACTION_CHECKBOX_NAME))
        chosen.setlist(ACTION_CHECKBOX_NAME, [*ids])
        request.POST = chosen  # type: ignore[assignment]
        return super().response_action(request, queryset)

    def _can_be_id(self, text: str) -> bool:
        with suppress(ValidationError):
            self.opts.pk.to_python(text)
            return True
        return False

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Says what the database deletes with them."""
        listed, counts, needed, protected = super().get_deleted_objects(objs, request)
        for relation in self.opts.related_objects:
            model = relation.related_model
            rows = model._base_manager.filter(**{f"{relation.field.name}__in": list(objs)})
            counts[model._meta.verbose_name_plural] = CappedPaginator(
                rows.order_by("pk"), 1
            ).shown_count
        return listed, counts, needed, protected

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
        except (IntegrityError, DataError, ValidationError) as error:
            if request.method != "POST":
                raise
            told = self._told_by_constraint(error) or gettext(
                "Nothing was saved: the database refused a value, perhaps because somebody "
                "else saved the same a moment ago. Please look again and repeat your change."
            )
            messages.error(request, told)
            return HttpResponseRedirect(request.get_full_path())

    def _told_by_constraint(self, error: Exception) -> str | None:
        """Also of rows that nobody here sees, such as another's bot with the same token."""
        broken = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        for constraint in self.opts.constraints:
            if constraint.name == broken:
                why = gettext(constraint.get_violation_error_message())
                return gettext("Nothing was saved: %(why)s") % {"why": why}
        return None


def may(least_role: str, row: Any = None) -> bool:
    scope = current_scope()
    if scope is None or scope.user_id is None:
        return False
    if row is None:
        return scope.allows(least_role)
    return scope.allows(least_role, row.pk if isinstance(row, Bot) else row.bot_id)


def sees_a_bot(request: HttpRequest) -> bool:
    return may("viewer")


def manages_a_bot(request: HttpRequest) -> bool:
    return may("manager")


def is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


def bots_allowing(least_role: str) -> models.QuerySet[Bot]:
    scope = current_scope()
    bots: models.QuerySet[Bot] = Bot.objects.all()
    if scope is None or scope.bots is None:
        return bots
    return bots.filter(pk__in=[bot for bot in scope.bots if scope.allows(least_role, bot)])


class TenantAdmin(PlatformAdmin):
    list_empty_text = _("They come from bots that are running and from imports.")
    download_names: ClassVar[dict[str, str]] = {"bot_name": "bot__name"}
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
