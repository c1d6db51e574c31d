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


def test_one_name_from_many_addresses(client: Client, staff: User) -> None:
    """A botnet waits, and its victim does not, in a browser that the name has signed in from."""
    name, own = staff.username, {"REMOTE_ADDR": "198.51.100.7"}
    known, stranger = client, Client(raise_request_exception=False)
    assert attempt(known, name, PASSWORD, **own) == 302
    known.post(reverse("admin:logout"))
    answers = [attempt(stranger, name, REMOTE_ADDR=f"192.0.2.{n // 4}") for n in range(51)]
    assert answers == [200] * 49 + [429] * 2
    assert attempt(stranger, name, PASSWORD, **own) == 429
    assert attempt(stranger, "someone-else", **own) == 200
    # The cookie is another name's, or nobody's.
    cookie = known.cookies[f"known_browser_{staff.pk}"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/admin/")
    stranger.cookies[f"known_browser_{staff.pk}"] = f"{cookie.value}x"
    assert attempt(stranger, name, PASSWORD, **own) == 429
    stranger.cookies[f"known_browser_{staff.pk}"] = "1"
    assert attempt(stranger, name, PASSWORD, **own) == 429
    assert attempt(known, name, PASSWORD, **own) == 302
    # Known browsers have a number of their own, and it ends as well.
    for n in range(50):
        attempt(known, name, REMOTE_ADDR=f"203.0.113.{n // 4}")
    assert attempt(known, name, PASSWORD, **own) == 429


def test_one_network_of_ipv6(client: Client, staff: User) -> None:
    for n in range(5):
        attempt(client, staff.username, REMOTE_ADDR=f"2001:db8:1:2:{n}::{n}")
    assert ask("SELECT host(ip_address) FROM axes_accessattempt") == [("2001:db8:1:2::",)]
    assert attempt(client, staff.username, PASSWORD, REMOTE_ADDR="2001:db8:1:2:f::1") == 429
    assert attempt(client, staff.username, PASSWORD, REMOTE_ADDR="2001:db8:1:3::1") == 302


def test_an_ipv4_address_written_as_ipv6_is_itself(client: Client, staff: User) -> None:
    for n in range(5):
        attempt(client, staff.username, REMOTE_ADDR=f"{'::ffff:' * (n % 2)}192.0.2.1")
    assert ask("SELECT host(ip_address) FROM axes_accessattempt") == [("192.0.2.1",)]
    assert attempt(client, staff.username, PASSWORD, REMOTE_ADDR="::ffff:192.0.2.2") == 302


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
