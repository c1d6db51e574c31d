"""Logins and refused requests, written by the one function that may write such an entry."""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import connection
from django.http import HttpRequest

from tenants import correlation, session


def record(event: str, username: str | None, path: str | None) -> None:
    """Where it fails the request fails with it: no login goes unrecorded."""
    values = (event, username, path, correlation.current())
    with connection.cursor() as cursor:
        cursor.execute(
            # In one message, and so in one transaction, where there is none.
            f"{session.came_from()}; SELECT audit_event(%s, %s, %s, %s)",
            [value if value is None else _storable(value) for value in values],
        )


def denied(request: HttpRequest) -> None:
    record("DENIED", request.user.get_username(), request.path)


def downloaded(request: HttpRequest) -> None:
    """With the filters of the list."""
    record("DOWNLOAD", request.user.get_username(), request.get_full_path())


def connect() -> None:
    user_logged_in.connect(_logged_in, dispatch_uid="audit")
    user_logged_out.connect(_logged_out, dispatch_uid="audit")
    user_login_failed.connect(_login_failed, dispatch_uid="audit")


def _logged_in(request: HttpRequest | None, user: Any, **_: Any) -> None:
    record("LOGIN", user.get_username(), _path(request))


def _logged_out(request: HttpRequest | None, user: Any, **_: Any) -> None:
    if user is not None:
        record("LOGOUT", user.get_username(), _path(request))


def _login_failed(
    credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    """People type their password into the wrong field: what names nobody is not kept.

    Nor are attempts that axes turned away unread, after the failures it counted.
    """
    locked = getattr(request, "axes_locked_out", False)
    if locked and getattr(request, "axes_failures_since_start", None) is None:
        return
    username = credentials.get("username")
    if username is not None:
        username = _storable(str(username))
        if not User.objects.filter(username=username).exists():
            username = f"{username[:2]}…"
    record("LOGIN_FAILED", username, _path(request))


def _path(request: HttpRequest | None) -> str | None:
    return request.path if request else None


def _storable(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()
