from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from http import HTTPStatus

import psycopg
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import DataError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from tenants import correlation
from tenants.audit import events
from tenants.client_address import client_address
from tenants.context import current_scope, staff_context

REFUSED = _(
    "The database refused this: your role on the bot does not allow it. Nothing was changed."
)
# What a filter in an address may come to when it is compiled or run.
ODD_FILTER = (DataError, ValueError, ArithmeticError)


class CorrelationMiddleware:
    """Gives a request the caller's well-formed X-Request-ID, or a new one, and answers with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        wanted, address = request.headers.get("X-Request-ID"), client_address(request)
        with correlation.correlated(wanted, str(address) if address else None) as correlation_id:
            response = self.get_response(request)
            response["X-Request-ID"] = correlation_id
            return response


class StaffContextMiddleware:
    """A signed-in staff user's request runs in that user's context, in one transaction.

    Everybody else's runs in none, and so cannot reach a tenant table.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        staff = user.is_authenticated and user.is_active and user.is_staff
        # Signing in is nobody's, also when somebody is signed in already.
        staff = staff and request.path != reverse("admin:login")

        def context() -> AbstractContextManager[object]:
            return staff_context(user) if staff else nullcontext()

        with context():
            response = self.get_response(request)
            refused = user.is_authenticated and _is_refusal(response, staff)
            if staff and (refused or response.status_code >= HTTPStatus.BAD_REQUEST):
                transaction.set_rollback(True)
        if refused:
            # In a context of its own: what was refused is rolled back.
            with context():
                events.denied(request)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if current_scope() is None:
            return None
        if isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
            raise PermissionDenied(REFUSED) from error
        page = request.resolver_match
        of_list = page is not None and (page.url_name or "").endswith("_changelist")
        if of_list and isinstance(error, ODD_FILTER) and request.GET.keys() - {ERROR_FLAG}:
            transaction.set_rollback(True)
            return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")
        if isinstance(error, DataError) and request.method == "GET":
            raise BadRequest("The address holds a value that the database cannot take.") from error
        return None


class PreferencesMiddleware:
    """Pages in the language and the time zone of whoever is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = getattr(request.user, "preferences", None)
        if chosen and chosen.language:
            translation.activate(chosen.language)
        with timezone.override(chosen.time_zone if chosen and chosen.time_zone else None):
            return self.get_response(request)


def _is_refusal(response: HttpResponse, staff: bool) -> bool:
    """Also the way to the login page, for who is signed in and no staff."""
    to_login = not staff and response.headers.get("Location", "").startswith(reverse("admin:login"))
    return response.status_code == HTTPStatus.FORBIDDEN or to_login
