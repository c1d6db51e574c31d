"""Guessing passwords, under the office's own login."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from botplatform.planes import MIGRATOR
from tests.isolation.world import DENIED, PASSWORD, World, acting, log_in, refusal

pytestmark = pytest.mark.django_db
KEPT = "SELECT username, failures_since_start FROM axes_accessattempt"
AUDITED = "SELECT count(*) FROM security_audit_log WHERE operation = 'LOGIN_FAILED'"


@pytest.fixture(autouse=True)
def forgotten(world: World) -> Iterator[None]:
    forget = "DELETE FROM axes_accessattempt"
    ask(forget)
    yield
    ask(forget)


def ask(sql: str) -> Any:
    with log_in(MIGRATOR.login, autocommit=True) as migrator:
        answer = migrator.execute(sql)
        return answer.fetchall() if answer.description else None


def attempt(client: Client, name: str, password: str = "wrong", **more: Any) -> int:
    values = {"username": name, "password": password}
    return client.post(reverse("admin:login"), values, **more).status_code


def test_the_sixth_password_is_not_tried(client: Client, staff: User) -> None:
    ((audited,),) = ask(AUDITED)
    name = staff.username
    assert [attempt(client, name) for _ in range(5)] == [200, 200, 200, 200, 429]
    assert attempt(client, name, PASSWORD) == 429
    assert attempt(client, name) == 429
    assert ask(KEPT) == [(name, 5)]
    assert ask(AUDITED) == [(audited + 5,)]
    # Not from elsewhere, and not for others.
    assert attempt(client, "someone-else") == 200
    assert attempt(client, name, PASSWORD, REMOTE_ADDR="192.0.2.7") == 302


def test_it_ends_with_time(client: Client, staff: User) -> None:
    for _ in range(5):
        attempt(client, staff.username)
    ask("UPDATE axes_accessattempt SET attempt_time = now() - interval '16 minutes'")
    assert attempt(client, staff.username, PASSWORD) == 302
    assert ask(KEPT) == []


def test_the_right_password_forgives(client: Client, staff: User) -> None:
    for _ in range(4):
        assert attempt(client, staff.username) == 200
    assert attempt(client, staff.username, PASSWORD) == 302
    assert ask(KEPT) == []


def test_many_names_from_one_address(client: Client, staff: User) -> None:
    answers = [attempt(client, f"name{n}") for n in range(31)]
    assert answers == [200] * 29 + [429, 429]
    assert attempt(client, staff.username, PASSWORD) == 429


def test_a_password_in_the_wrong_field_is_not_kept(client: Client, staff: User) -> None:
    secret = "my-dear-password"
    attempt(client, secret)
    attempt(client, f"{secret}\0")
    assert secret not in str(ask("SELECT a::text FROM axes_accessattempt a"))


def test_the_proxy_says_who_it_is(client: Client, staff: User, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for n in range(5):
        attempt(client, staff.username, headers={"X-Forwarded-For": f"10.0.0.{n}, 192.0.2.1"})
    assert ask("SELECT host(ip_address) FROM axes_accessattempt") == [("192.0.2.1",)]


def test_who_is_signed_in_may_sign_in_as_another(client: Client, staff: User, world: World) -> None:
    client.force_login(world.superuser)
    assert attempt(client, staff.username) == 200
    assert attempt(client, staff.username, PASSWORD) == 302
    assert client.session["_auth_user_id"] == str(staff.pk)


def test_in_a_context_nobody_sees_it(world: World) -> None:
    with acting("admin", user=world.superuser.pk) as session:
        for sql in ("SELECT FROM axes_accessattempt", "DELETE FROM axes_accessattempt"):
            assert refusal(session, sql) == DENIED
