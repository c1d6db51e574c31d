from collections.abc import Callable
from http import HTTPStatus

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from tenants import correlation
from tenants.audit import events
from tenants.context import staff_context


class CorrelationMiddleware:
    """Gives a request the caller's well-formed X-Request-ID, or a new one, and answers with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with correlation.correlated(request.headers.get("X-Request-ID")) as correlation_id:
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
        if not (user.is_authenticated and user.is_active and user.is_staff):
            return self._answer(request)
        with staff_context(user):
            response = self._answer(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == HTTPStatus.FORBIDDEN:
            events.denied(request)
        return response
