"""Passwords and codes asked of who is signed in: tried no more often than at login.

A session may be a stolen one. What was wrong is counted outside of the user's context, in which
nobody sees the counters, and after what the page did was undone.
"""

from collections.abc import Callable
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from botplatform import known_browsers
from botplatform.throttle import locked_out

# Pages that ask for a password or a code, and what their forms say of a wrong one.
PAGES = ("admin:password_change", "second-factor")
WRONG = "password_incorrect"
FIELDS = ("old_password", "password", "otp_token")


class GuessingMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        if request.method == "POST" and request.path in map(reverse, PAGES):
            return self._asked(request)
        response = self.get_response(request)
        if user_id := getattr(request, "signed_in", None):
            known_browsers.remember(response, user_id)
        return response

    def _asked(self, request: Any) -> HttpResponse:
        credentials = {"username": request.user.get_username()}
        if request.user.is_authenticated and not AxesProxyHandler.is_allowed(request, credentials):
            return locked_out(request)
        response = self.get_response(request)
        if _was_wrong(response):
            user_login_failed.send(sender=__name__, credentials=credentials, request=request)
            if request.axes_locked_out:
                return locked_out(request)
        return response


def _was_wrong(response: HttpResponse) -> bool:
    form = (getattr(response, "context_data", None) or {}).get("form")
    return form is not None and any(form.has_error(field, WRONG) for field in FIELDS)
