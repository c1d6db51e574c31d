"""Which browsers a user has signed in from: each says so itself, by a cookie that we signed.

It opens nothing. It tells the user's own attempts from those of others who know the name.
"""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

SALT = "known-browser"
REMEMBERED = timedelta(days=180)


def is_known(request: HttpRequest, user_id: int) -> bool:
    return bool(request.get_signed_cookie(_name(user_id), None, SALT, max_age=REMEMBERED))


def remember(response: HttpResponse, user_id: int) -> None:
    response.set_signed_cookie(
        _name(user_id),
        "1",
        SALT,
        max_age=REMEMBERED,
        path=reverse("admin:index"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _name(user_id: int) -> str:
    """Part of what is signed."""
    return f"known_browser_{user_id}"
