"""Who may try another password: django-axes, keeping no more than it needs.

A name and the address it was tried from wait after 5 wrong passwords, an address after 30 of any
names. People type their password into the wrong field: a name that nobody has is kept as a digest.
"""

import ipaddress
from typing import Any

from axes.conf import settings
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_cool_off
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from botplatform import errors

# To an address as many wrong passwords as to this many names tried from it.
NAMES_OF_ADDRESS = 6

FAILURES = """
    SELECT greatest(sum(failures_since_start) FILTER (WHERE username = %(name)s),
                    sum(failures_since_start) / %(names)s)
    FROM axes_accessattempt WHERE ip_address = %(address)s AND attempt_time > %(since)s
"""
FORGET = "DELETE FROM axes_accessattempt WHERE attempt_time <= %(since)s"
COUNT = """
    INSERT INTO axes_accessattempt (username, ip_address, failures_since_start, attempt_time,
        user_agent, http_accept, path_info, get_data, post_data)
    VALUES (%(name)s, %(address)s, 1, now(), '', '', '', '', '')
    ON CONFLICT (username, ip_address, user_agent) DO UPDATE SET attempt_time = now(),
        failures_since_start = axes_accessattempt.failures_since_start + 1
"""
FORGIVE = "DELETE FROM axes_accessattempt WHERE username = %(name)s AND ip_address = %(address)s"


class Throttle(AxesDatabaseHandler):
    def get_failures(self, request: HttpRequest, credentials: Any = None) -> int:
        return int(_execute(FAILURES, request, credentials)[0][0] or 0)

    def user_login_failed(
        self, sender: Any, credentials: Any, request: Any = None, **_: Any
    ) -> None:
        if request is None or request.axes_locked_out:
            return
        _execute(FORGET, request, credentials)
        _execute(COUNT, request, credentials)
        # The audit keeps what was counted here, and nothing of what was turned away unread.
        request.axes_failures_since_start = self.get_failures(request, credentials)
        request.axes_locked_out = request.axes_failures_since_start >= settings.AXES_FAILURE_LIMIT

    def user_logged_in(self, sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
        _execute(FORGIVE, request, {"username": user.get_username()})

    def user_logged_out(self, *_: Any, **__: Any) -> None:
        pass


def locked_out(request: HttpRequest, *_: Any) -> HttpResponse:
    return errors.locked_out(request, minutes=int(settings.AXES_COOLOFF_TIME.total_seconds()) // 60)


def address_of(request: HttpRequest) -> str:
    """The one that our proxy saw, where there is one: what stands before it, anybody may send."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        address = request.headers.get("X-Forwarded-For", address).rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return "::"


def _execute(sql: str, request: Any, credentials: Any) -> Any:
    values = {
        "name": _kept_name(str((credentials or {}).get("username") or "")),
        "address": request.axes_ip_address,
        "since": timezone.now() - get_cool_off(request),
        "names": NAMES_OF_ADDRESS,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else None


def _kept_name(name: str) -> str:
    name = name.encode("utf-8", "replace").decode().replace("\0", "")
    if User.objects.filter(username=name).exists():
        return name
    return f"…{salted_hmac('botplatform.throttle', name).hexdigest()}"
