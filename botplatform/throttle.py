"""Who may try another password: django-axes, keeping no more than it needs.

A name and the address it was tried from wait after 5 wrong passwords, an address after 30 of any
names, a name after 50 from all addresses. That last number is one of the browsers that the name has
signed in from, and another one of all others: else who knows a name could lock its owner out.
People type their password into the wrong field: a name that nobody has is kept as a digest.
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

from botplatform import errors, known_browsers
from tenants.client_address import client_address

# To an address as many wrong passwords as to this many names tried from it.
NAMES_OF_ADDRESS = 6
# And to a name as many as from this many addresses.
ADDRESSES_OF_NAME = 10
# Who has one /64 has all its addresses.
IPV6_HOST_BITS = 64

# The browser, known to the name or not, stands where axes has the browser's own words.
FAILURES = """
    SELECT greatest(
        sum(failures_since_start) FILTER (
            WHERE username = %(name)s AND ip_address = %(address)s),
        sum(failures_since_start) FILTER (WHERE ip_address = %(address)s) / %(names)s,
        sum(failures_since_start) FILTER (
            WHERE username = %(name)s AND user_agent = %(browser)s) / %(addresses)s)
    FROM axes_accessattempt WHERE attempt_time > %(since)s
        AND (ip_address = %(address)s OR username = %(name)s)
"""
FORGET = "DELETE FROM axes_accessattempt WHERE attempt_time <= %(since)s"
COUNT = """
    INSERT INTO axes_accessattempt (username, ip_address, failures_since_start, attempt_time,
        user_agent, http_accept, path_info, get_data, post_data)
    VALUES (%(name)s, %(address)s, 1, now(), %(browser)s, '', '', '', '')
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

    def user_logged_in(self, sender: Any, request: Any, user: Any, **_: Any) -> None:
        _execute(FORGIVE, request, {"username": user.get_username()})
        request.signed_in = user.pk

    def user_logged_out(self, *_: Any, **__: Any) -> None:
        pass


def locked_out(request: HttpRequest, *_: Any) -> HttpResponse:
    return errors.locked_out(request, minutes=int(settings.AXES_COOLOFF_TIME.total_seconds()) // 60)


def address_of(request: HttpRequest) -> str:
    address = client_address(request)
    if isinstance(address, ipaddress.IPv6Address):
        address = ipaddress.IPv6Address(int(address) >> IPV6_HOST_BITS << IPV6_HOST_BITS)
    return str(address or "::")


def _execute(sql: str, request: Any, credentials: Any) -> Any:
    name, browser = _kept(request, str((credentials or {}).get("username") or ""))
    values = {
        "name": name,
        "browser": browser,
        "address": request.axes_ip_address,
        "since": timezone.now() - get_cool_off(request),
        "names": NAMES_OF_ADDRESS,
        "addresses": ADDRESSES_OF_NAME,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else None


def _kept(request: HttpRequest, name: str) -> tuple[str, str]:
    name = name.encode("utf-8", "replace").decode().replace("\0", "")
    user_id = User.objects.filter(username=name).values_list("pk", flat=True).first()
    if user_id is None:
        return f"…{salted_hmac('botplatform.throttle', name).hexdigest()}", ""
    return name, "known" if known_browsers.is_known(request, user_id) else ""
