"""Logins, refusals and the id that ties entries to a request."""

import re
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import reverse

from botplatform import command_line, logs
from tenants import correlation
from tenants.context import bot_context, staff_context
from tests.audit.support import login, new_entries
from tests.factories import BotAccessFactory, BotFactory, ProfileFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

LOGIN = "/admin/login/"
ID = "req_1234.abcd-XYZ"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("anna", password="right horse", is_staff=True)


def attempt(client: Client, username: str, password: str) -> Any:
    return client.post(reverse("admin:login"), {"username": username, "password": password})


def events(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(e["operation"], e["row_key"], e["user_id"]) for e in found if not e["table_name"]]


def test_login_and_logout(person: User) -> None:
    client = Client()
    with new_entries() as found:
        assert attempt(client, "anna", "right horse").status_code == 302
        client.post(reverse("admin:logout"))
    assert events(found) == [("LOGIN", "anna", person.pk), ("LOGOUT", "anna", person.pk)]
    assert found[0]["after"] == {"path": reverse("admin:login")}
    assert len(found) == 2, "the last login is not a change of its own"


@pytest.mark.parametrize("username", ["anna", "nobody", "a" * 5000, "'; --"])
def test_a_failed_login_keeps_who_it_was_and_never_the_password(
    person: User, username: str
) -> None:
    from django.contrib.auth import authenticate

    with new_entries() as found:
        request = RequestFactory().post(LOGIN)
        assert authenticate(request, username=username, password="wrong horse") is None
    ((operation, key, user_id),) = events(found)
    assert (operation, user_id) == ("LOGIN_FAILED", None)
    assert key == ("anna" if username == "anna" else f"{username[:2]}…")
    assert "horse" not in str(found)


def test_a_failed_login_through_the_page(person: User) -> None:
    with new_entries() as found:
        attempt(Client(), "anna", "wrong horse")
        attempt(Client(), "123456789:" + "A" * 35, "x")
    assert events(found) == [
        ("LOGIN_FAILED", "anna", None),
        ("LOGIN_FAILED", "12…", None),
    ]


def test_a_refused_page(person: User) -> None:
    BotAccessFactory(user=person)
    client = signed_in(person)
    url = reverse("admin:tenants_bot_add")
    with new_entries() as found:
        assert client.get(url, headers={"X-Request-ID": ID}).status_code == 403
    assert events(found) == [("DENIED", "anna", person.pk)]
    assert (found[0]["role"], found[0]["correlation_id"]) == ("admin", ID)
    assert found[0]["after"] == {"path": url}


def test_nobody_fills_the_log_without_signing_in() -> None:
    with new_entries() as found:
        assert Client(enforce_csrf_checks=True).post(reverse("admin:login")).status_code == 403
        assert Client().get(reverse("admin:index")).status_code == 302
    assert found == []


def test_a_forged_form() -> None:
    user = UserFactory(is_superuser=True)
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    with new_entries() as found:
        assert client.post(reverse("admin:tenants_bot_add")).status_code == 403
    assert events(found) == [("DENIED", user.username, user.pk)]


def test_a_user_who_is_no_staff_asks_for_a_page() -> None:
    user = UserFactory(is_staff=False)
    client = signed_in(user)
    with new_entries() as found:
        assert client.get(reverse("admin:tenants_bot_changelist")).status_code == 302
        assert client.get(reverse("admin:login")).status_code == 200
    assert events(found) == [("DENIED", user.username, user.pk)]


def test_an_answer_carries_the_id_and_so_do_entries() -> None:
    client = signed_in(UserFactory(is_superuser=True))
    bot = BotFactory()
    url = reverse("admin:tenants_bot_delete", args=[bot.pk])
    with new_entries("bots") as found:
        answer = client.post(url, {"post": "yes"}, headers={"X-Request-ID": ID})
    assert answer["X-Request-ID"] == ID
    assert [e["correlation_id"] for e in found] == [ID]


@pytest.mark.parametrize("wanted", ["", "short", "a" * 65, "with space", "x'; DROP --", "é" * 10])
def test_a_malformed_id_is_replaced(wanted: str) -> None:
    first, second = (
        Client().get(reverse("admin:login"), headers={"X-Request-ID": wanted})["X-Request-ID"]
        for _ in range(2)
    )
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second


def test_a_context_hands_the_id_to_the_database_and_gives_it_back() -> None:
    profile = ProfileFactory()
    with new_entries("profiles") as found, correlation.correlated(ID):
        with bot_context(profile.bot_id):
            type(profile).objects.update(name="x")
        with staff_context(UserFactory(is_superuser=True)):
            type(profile).objects.update(name="y")
    assert [e["correlation_id"] for e in found] == [ID, ID]
    assert correlation.current() is None


def test_log_lines_carry_the_id() -> None:
    import logging

    record = logging.LogRecord("x", logging.INFO, "x", 1, "hello", None, None)
    with correlation.correlated(ID):
        assert f'"correlation_id": "{ID}"' in logs.JsonFormatter().format(record)
    assert "correlation_id" not in logs.JsonFormatter().format(record)


def test_a_command_has_one_id(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(
        command_line, "execute_from_command_line", lambda argv: seen.append(correlation.current())
    )
    with correlation.correlated():
        outer = correlation.current()
        command_line.run(["manage.py", "check"])
    assert seen[0] not in (None, outer)


@pytest.mark.parametrize("event", ["DELETE", "INSERT", "", None])
def test_only_events_can_be_made(event: str | None) -> None:
    with login("botplatform_office") as session, pytest.raises(psycopg.Error):
        session.execute("SELECT audit_event(%s, 'x', NULL, NULL)", [event])


@pytest.mark.parametrize("name", ["botplatform_runtime", "botplatform_ops"])
def test_only_the_office_makes_events(name: str) -> None:
    with login(name) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute("SELECT audit_event('LOGIN', 'x', NULL, NULL)")


def test_the_office_itself_makes_events() -> None:
    with new_entries() as found, login("botplatform_office") as session:
        session.execute("RESET ROLE")
        session.execute("SELECT audit_event('LOGIN_FAILED', 'x', NULL, %s)", [ID])
    assert [(e["login"], e["role"]) for e in found] == [("botplatform_office", None)]
    assert found[0]["correlation_id"] == ID


@pytest.mark.parametrize(
    ("proxy", "headers", "kept"),
    [
        (None, {"REMOTE_ADDR": "192.0.2.7"}, "192.0.2.7"),
        (None, {"REMOTE_ADDR": "2001:db8::7"}, "2001:db8::7"),
        (None, {"REMOTE_ADDR": "::ffff:192.0.2.7"}, "192.0.2.7"),
        (None, {"REMOTE_ADDR": "fe80::1%eth0'; DROP TABLE bots; --"}, "fe80::1"),
        (None, {"REMOTE_ADDR": "a socket"}, None),
        (None, {"REMOTE_ADDR": "192.0.2.7", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}, "192.0.2.7"),
        # What stands before the last one, the client wrote itself.
        (
            ("HTTP_X_FORWARDED_PROTO", "https"),
            {"HTTP_X_FORWARDED_FOR": "198.51.100.1, 203.0.113.9"},
            "203.0.113.9",
        ),
    ],
)
def test_entries_say_where_a_request_came_from(
    person: User, settings: Any, proxy: Any, headers: dict[str, str], kept: str | None
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = proxy
    manager = UserFactory(is_superuser=True)
    bot = BotFactory()
    delete = reverse("admin:tenants_bot_delete", args=[bot.pk])
    login_page = reverse("admin:login")
    with new_entries() as found:
        Client(**headers).post(login_page, {"username": "anna", "password": "wrong horse"})
        Client(**headers).post(login_page, {"username": "anna", "password": "right horse"})
        client = Client(**headers)
        client.force_login(manager)
        client.post(delete, {"post": "yes"})
    asked = [(e["operation"], e["client_address"]) for e in found if e["login"] != "postgres"]
    assert ("LOGIN_FAILED", kept) in asked
    assert ("LOGIN", kept) in asked
    assert ("DELETE", kept) in asked
    assert {address for operation, address in asked if operation != "INSERT"} <= {kept, None}


def test_what_no_request_asked_for_came_from_nowhere() -> None:
    profile = ProfileFactory()
    with new_entries("profiles") as found, bot_context(profile.bot_id):
        type(profile).objects.update(name="x")
    assert [e["client_address"] for e in found] == [None]


def test_a_malformed_address_is_left_out() -> None:
    with new_entries() as found, login("botplatform_office") as session:
        session.execute("RESET ROLE")
        session.execute("SET LOCAL app.client_address = 'the moon'")
        session.execute("SELECT audit_event('LOGIN_FAILED', 'x', NULL, NULL)")
    assert [e["client_address"] for e in found] == [None]
