"""What people see when a request fails: pages that need no database, template or other file."""

import base64
import hashlib
import logging
import sys
from http import HTTPStatus

import psycopg
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext

from botplatform.embedded import EmbeddedServerError
from tenants import correlation

logger = logging.getLogger(__name__)

STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center;
  font: 16px/1.6 system-ui, sans-serif; color: #1e2939; background: #f9fafb; }
main { max-width: 32rem; padding: 2rem 1.5rem; }
h1 { margin: 0 0 .5rem; font-size: 1.6rem; line-height: 1.2; }
.status { margin: 0; font-weight: 600; color: #155dfc; }
.id { margin-top: 2rem; font-size: .875rem; color: #4a5565; overflow-wrap: anywhere; }
a { display: inline-block; margin-top: 1rem; padding: .6rem 1.2rem; border-radius: 6px;
  color: #fff; background: #155dfc; text-decoration: none; }
a:focus-visible { outline: 3px solid #51a2ff; outline-offset: 2px; }
@media (prefers-color-scheme: dark) {
  body { color: #e5e7eb; background: #101828; }
  .status { color: #51a2ff; }
  .id { color: #99a1af; }
}
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'"
)
PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>{title} | botplatform</title>
<style>{style}</style></head>
<body><main>
<p class="status">{status}</p>
<h1>{title}</h1>
<p>{text}</p>
<a href="/">{back}</a>
<p class="id">{id_label}: <code>{id}</code></p>
</main></body></html>
"""


def page(status: int, title: str, text: str) -> HttpResponse:
    html = format_html(
        PAGE,
        language=get_language() or "en",
        style=mark_safe(STYLE),  # noqa: S308
        status=status,
        title=title,
        text=text,
        back=gettext("To the start page"),
        id_label=gettext("Number of this request, for whoever looks into it"),
        id=correlation.current() or "-",
    )
    response = HttpResponse(html, status=status)
    response["Content-Security-Policy"] = POLICY
    response["Cache-Control"] = "no-store"
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    text = gettext("The address or the form holds something that is not understood here.")
    return page(HTTPStatus.BAD_REQUEST, gettext("Not understood"), text)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    text = str(exception or "") or gettext("You may not open this page, or not do this.")
    return page(HTTPStatus.FORBIDDEN, gettext("Not allowed"), text)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    logger.warning("A form was refused: %s", reason)
    text = gettext(
        "The form was too old, or cookies are switched off in this browser. Nothing was changed: "
        "go back, load the page again and repeat it."
    )
    return page(HTTPStatus.FORBIDDEN, gettext("Please try again"), text)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    text = gettext("There is nothing at this address, or you may not see it.")
    return page(HTTPStatus.NOT_FOUND, gettext("Not found"), text)


def failed(request: HttpRequest) -> HttpResponse:
    """Called while the exception is handled."""
    cause = _database_error(sys.exc_info()[1])
    if isinstance(cause, psycopg.errors.QueryCanceled):
        text = gettext("Ask for less: a shorter time, one bot, or a rarer word.")
        return page(HTTPStatus.SERVICE_UNAVAILABLE, gettext("This took too long"), text)
    if cause is not None and _is_away(cause):
        text = gettext("Nothing you entered was saved. Please try again in a minute.")
        title = gettext("The database cannot be reached")
        response = page(HTTPStatus.SERVICE_UNAVAILABLE, title, text)
        response["Retry-After"] = "30"
        return response
    text = gettext("Something went wrong here. Nothing was changed; the failure was logged.")
    return page(HTTPStatus.INTERNAL_SERVER_ERROR, gettext("This failed"), text)


def locked_out(request: HttpRequest, minutes: int) -> HttpResponse:
    text = gettext("Too many wrong passwords or codes. Try again in %(minutes)d minutes.")
    title = gettext("Please wait")
    response = page(HTTPStatus.TOO_MANY_REQUESTS, title, text % {"minutes": minutes})
    response["Retry-After"] = str(minutes * 60)
    return response


def _database_error(error: BaseException | None) -> BaseException | None:
    while error is not None:
        if isinstance(error, psycopg.OperationalError | EmbeddedServerError):
            return error
        if isinstance(error, OperationalError) and error.__cause__ is None:
            return error
        error = error.__cause__ or error.__context__
    return None


def _is_away(error: BaseException) -> bool:
    """No answer at all, a connection that broke, or a server that stops or starts."""
    state = getattr(error, "sqlstate", None)
    return state is None or state[:2] in ("08", "53") or state[:3] == "57P"
