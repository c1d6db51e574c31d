from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from tenants.context import staff_context


class StaffContextMiddleware:
    """A signed-in staff user's request runs in that user's context, in one transaction.

    Everybody else's runs in none, and so cannot reach a tenant table.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not (user.is_authenticated and user.is_active and user.is_staff):
            return self.get_response(request)
        with staff_context(user):
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            return response
