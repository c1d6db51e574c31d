"""What browsers may do with our pages."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse

CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    # Alpine, which unfold's pages are made with, compiles the expressions of their attributes.
    "script-src": "'self' 'unsafe-eval'",
    "style-src": "'self'",
    # unfold's and select2's pages have style attributes; those cannot load or run anything here.
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    # A verification's report.
    "frame-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
PERMISSIONS_POLICY = (
    *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer"),
    *("microphone", "midi", "payment", "screen-wake-lock", "usb", "xr-spatial-tracking"),
)
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{k} {v}" for k, v in CONTENT_SECURITY_POLICY.items()),
    "Permissions-Policy": ", ".join(f"{name}=()" for name in PERMISSIONS_POLICY),
}
# Django's own pages about an error, with scripts in them.
DEBUG_PAGES = (HTTPStatus.NOT_FOUND, HTTPStatus.INTERNAL_SERVER_ERROR)


class SecurityHeadersMiddleware:
    """Beside Django's: of where a page came from (Referrer-Policy), windows and https."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not (settings.DEBUG and response.status_code in DEBUG_PAGES):
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
        return response
