"""What all lists have: counts and pages that stay cheap at any size, and downloads."""

from copy import copy
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError, ProgrammingError, transaction
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from tenants.audit import events
from tenants.backoffice.counting import CappedPaginator
from tenants.backoffice.days import is_no_end
from tenants.backoffice.downloads import download
from tenants.backoffice.look import ChangeList, ModelAdmin
from tenants.backoffice.site import MOST

FORMS = ("csv", "json")
WRONG_FILTERS = (DataError, ProgrammingError, ValidationError, IndexError, TypeError, ValueError)
SECRET = {"telegram_token", "token_fingerprint"}
# Made by the database from the rest of the row.
DERIVED = {"search"}


class CountedList(ChangeList):
    """Says how many rows there are below the list, where about and at least have room."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.full_result_count = self.result_count


class LargeList(ModelAdmin):
    paginator = CappedPaginator
    list_per_page = 50
    show_full_result_count = False
    change_list_template = "backoffice/change_list.html"
    # The row's own columns; all but secret ones where it says nothing.
    download_columns: ClassVar[tuple[str, ...]] = ()
    # And of what they lead to, for people.
    download_names: ClassVar[dict[str, str]] = {}
    # Of an empty list: where its rows come from.
    list_empty_text: ClassVar[Any] = ""

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return CountedList

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Also filters that only the database finds wrong are the address's fault."""
        if not request.GET:
            return super().get_changelist_instance(request)
        try:
            with transaction.atomic():
                return super().get_changelist_instance(request)
        except WRONG_FILTERS as error:
            raise IncorrectLookupParameters(error) from error

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        return not SECRET & set(lookup.split("__")) and super().lookup_allowed(
            lookup, value, request
        )

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_download"
        view = self.admin_site.admin_view(self.download_view)
        return [path("download/<str:form>/", view, name=name), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        names = f"admin:{self.opts.app_label}_{self.opts.model_name}_download"
        downloads = [(form.upper(), reverse(names, args=[form])) for form in FORMS]
        context: dict[str, Any] = {"downloads": downloads, "asked": request.GET.urlencode()}
        context["title"] = capfirst(str(self.opts.verbose_name_plural))
        answer = super().changelist_view(request, {**context, **(extra_context or {})})
        if (shown := getattr(answer, "context_data", {}).get("cl")) and shown.result_count > MOST:
            # No action takes all of them.
            shown.model_admin = copy(self)
            shown.model_admin.list_disable_select_all = True
        return answer

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Of a row that is there the page is named as its list is; Russian has no verb that fits
        all models."""
        named = {"title": capfirst(str(self.opts.verbose_name))} if object_id else {}
        context = {**named, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def download_view(self, request: HttpRequest, form: str) -> HttpResponseBase:
        """The whole list as it is filtered, searched and ordered."""
        if form not in FORMS:
            raise Http404
        if not self.has_view_permission(request):
            raise PermissionDenied
        page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        try:
            queryset = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"{page}?{ERROR_FLAG}=1")
        if wrong := [value for name, value in request.GET.items() if is_no_end(name, str(value))]:
            said = _("Nothing was downloaded: %(value)s is no day and no number.")
            messages.error(request, said % {"value": wrong[0]})
            return HttpResponseRedirect(f"{page}?{request.GET.urlencode()}")
        events.downloaded(request)
        return download(
            request.user, queryset, self._columns(), self.opts.model_name or "list", form
        )

    def _columns(self) -> dict[str, str]:
        names = self.download_columns or tuple(
            field.attname
            for field in self.opts.concrete_fields
            if field.attname not in SECRET | DERIVED
        )
        return {name: name for name in names} | self.download_names
