"""Views of the admin site itself, for addresses that no click makes."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.core.paginator import InvalidPage
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse


class Choices(AutocompleteJsonView):
    def process_request(self, request: HttpRequest) -> Any:
        """Relations that no form offers: seen from their other end, or to a row's sibling."""
        try:
            asked = super().process_request(request)
        except FieldDoesNotExist:
            raise PermissionDenied from None
        if asked[2].auto_created:
            raise PermissionDenied
        return asked


def autocomplete(request: HttpRequest) -> HttpResponse:
    try:
        return Choices.as_view(admin_site=admin.site)(request)
    except (DataError, InvalidPage):
        raise Http404 from None


def search(request: HttpRequest) -> HttpResponse:
    try:
        found: HttpResponse = admin.site.search(request)
    except (InvalidPage, ValueError):
        raise Http404 from None
    return found
