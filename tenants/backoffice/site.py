"""What the admin site itself does, where Django knows no limits."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.core.paginator import InvalidPage
from django.db import DataError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext

# As many are shown before they are deleted.
MOST = 500


@admin.action(permissions=["delete"], description=delete_selected.short_description)  # type: ignore[attr-defined]
def delete_chosen(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> Any:
    if queryset.order_by()[: MOST + 1].count() > MOST:
        text = gettext("Nothing was deleted: choose at most %(most)s at once.")
        model_admin.message_user(request, text % {"most": MOST}, messages.ERROR)
        return None
    return delete_selected(model_admin, request, queryset)


admin.site.add_action(delete_chosen, "delete_selected")


class Choices(AutocompleteJsonView):
    def process_request(self, request: HttpRequest) -> Any:
        """Relations that no form offers: seen from their other end, or to a row's sibling."""
        try:
            asked = super().process_request(request)  # type: ignore[misc]
        except FieldDoesNotExist:
            raise PermissionDenied from None
        if asked[2].auto_created:
            raise PermissionDenied
        return asked


def autocomplete(request: HttpRequest) -> HttpResponseBase:
    try:
        return Choices.as_view(admin_site=admin.site)(request)
    except (DataError, InvalidPage):
        raise Http404 from None


def search(request: HttpRequest) -> HttpResponse:
    try:
        found: HttpResponse = admin.site.search(request)  # type: ignore[attr-defined]
    except (InvalidPage, ValueError):
        raise Http404 from None
    return found
