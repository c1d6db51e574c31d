"""Pages about failures: each with its status, the request's number, and no secrets."""

from collections.abc import Iterator

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, connections
from django.test import Client
from django.urls import path, reverse

from botplatform import errors
from botplatform.embedded import EmbeddedServerError
from botplatform.urls import urlpatterns

ID = {"headers": {"X-Request-ID": "number-of-a-request"}}
REFUSED = "<b>not you</b>"


def forbid(request):
    raise PermissionDenied(REFUSED)


def fail(request):
    raise LookupError("a-secret")


def wait(request):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)")


class Urls:
    urlpatterns = [
        *urlpatterns,
        path("forbid", forbid),
        path("fail", fail),
        path("wait", wait),
    ]
    handler400, handler403 = staticmethod(errors.bad_request), staticmethod(errors.forbidden)
    handler404, handler500 = staticmethod(errors.not_found), staticmethod(errors.failed)


@pytest.fixture
def client(settings) -> Client:
    settings.ROOT_URLCONF = Urls
    settings.DEBUG = False
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


def does_not_start():
    raise EmbeddedServerError("The disk is full.") from OSError("No space left on device")


@pytest.fixture(params=[lambda: None, does_not_start], ids=["no server", "none that starts"])
def dead_database(request, db: None, django_db_blocker) -> Iterator[None]:
    """A connection to where no server is, or where the embedded one cannot be started."""
    default = connections["default"]
    dead = default.copy()
    dead.settings_dict = {**default.settings_dict, "HOST": "127.0.0.1", "PORT": "9"}
    dead.serve = request.param
    connections["default"] = dead
    with django_db_blocker.unblock():
        yield
    connections["default"] = default


def shows(answer, status: int, title: str) -> str:
    text = answer.content.decode()
    assert answer.status_code == status
    assert f"<h1>{title}</h1>" in text
    assert "number-of-a-request" in text
    assert answer["X-Request-ID"] == "number-of-a-request"
    assert "'unsafe" not in answer["Content-Security-Policy"]
    return text


@pytest.mark.django_db
def test_pages(client: Client) -> None:
    shows(client.get("/nothing/here", **ID), 404, "Not found")
    assert REFUSED not in shows(client.get("/forbid", **ID), 403, "Not allowed")
    assert "a-secret" not in shows(client.get("/fail", **ID), 500, "This failed")
    shows(client.get("/wait", **ID), 503, "This took too long")
    shows(client.get("/", headers={**ID["headers"], "Host": "a b"}), 400, "Not understood")
    shows(client.post(reverse("admin:login"), **ID), 403, "Please try again")


def test_no_database(client: Client, dead_database: None) -> None:
    client.cookies["sessionid"] = "a" * 32
    for page in ("index", "login", "conversations_message_changelist"):
        answer = client.get(reverse(f"admin:{page}"), **ID)
        shows(answer, 503, "The database cannot be reached")
        assert answer["Retry-After"] == "30"
    download = reverse("admin:conversations_message_download", args=["csv"])
    shows(client.get(download, **ID), 503, "The database cannot be reached")
