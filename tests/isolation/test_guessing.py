"""Guessing passwords and codes with somebody's session, under the office's own login."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from botplatform.planes import MIGRATOR
from tests.isolation.test_second_factor import code_of
from tests.isolation.test_throttle import ask, attempt
from tests.isolation.world import PASSWORD, World, log_in

pytestmark = pytest.mark.django_db
CHANGE = "/admin/password_change/"
TWO_FACTOR = "/admin/two-factor/"
NEW = "another horse battery staple"
FAILED = (
    "SELECT row_key, after ->> 'path' FROM security_audit_log WHERE operation = 'LOGIN_FAILED'"
    " ORDER BY logged_at"
)


@pytest.fixture(autouse=True)
def forgotten(world: World) -> Iterator[None]:
    yield
    for table in ("axes_accessattempt", "otp_totp_totpdevice"):
        ask(f"DELETE FROM {table}")


@pytest.fixture
def thief(client: Client, staff: User) -> Client:
    assert attempt(client, staff.username, PASSWORD) == 302
    return client


def change(client: Client, old: str, **more: str) -> int:
    values = {"old_password": old, "new_password1": NEW, "new_password2": NEW}
    return client.post(CHANGE, values, **more).status_code


def test_the_old_password(thief: Client, staff: User) -> None:
    audited = ask(FAILED)
    with log_in(MIGRATOR.login) as migrator:
        sql = "SELECT password FROM auth_user WHERE id = %s"
        before = migrator.execute(sql, [staff.pk]).fetchall()
        # What was forgotten is no guess.
        assert change(thief, "") == 200
        assert [change(thief, f"wrong{n}") for n in range(5)] == [200] * 4 + [429]
        assert change(thief, PASSWORD) == 429
        assert migrator.execute(sql, [staff.pk]).fetchall() == before
    assert ask(FAILED)[len(audited) :] == [(staff.username, CHANGE)] * 5
    assert "wrong" not in str(ask("SELECT a::text FROM axes_accessattempt a"))
    # It is one count, wherever it is asked.
    assert attempt(Client(raise_request_exception=False), staff.username, PASSWORD) == 429
    # Pages that ask for nothing go on.
    assert thief.get(CHANGE).status_code == 200
    assert thief.get(reverse("admin:index")).status_code == 200


def test_the_right_one_after_wrong_ones(thief: Client, staff: User) -> None:
    assert [change(thief, "wrong") for _ in range(4)] == [200] * 4
    assert change(thief, PASSWORD) == 302


def test_it_says_so_in_the_readers_language(thief: Client) -> None:
    for _ in range(5):
        values = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
        page = thief.post(CHANGE, values, headers={"Accept-Language": "ru"})
    assert page.status_code == 429
    assert page["Retry-After"] == "900"
    assert "паролей или кодов" in page.content.decode()


def test_codes_and_the_password_of_the_second_factor(thief: Client, staff: User) -> None:
    form = thief.get(TWO_FACTOR).context["form"]
    right = {
        **{"key": form.sealed, "otp_token": code_of(form.device().key)},
        "password": PASSWORD,
    }
    # Setting one up does not make up for wrong passwords.
    assert change(thief, "wrong") == 200
    assert thief.post(TWO_FACTOR, {**right, "password": "wrong"}).status_code == 200
    assert thief.post(TWO_FACTOR, {**right, "otp_token": "abcdef"}).status_code == 200
    # What was forgotten is no guess.
    assert thief.post(TWO_FACTOR, {**right, "otp_token": "", "password": ""}).status_code == 200
    assert thief.post(TWO_FACTOR, right).status_code == 302
    assert thief.post(TWO_FACTOR, {"password": "wrong"}).status_code == 200
    assert thief.post(TWO_FACTOR, {"password": "wrong"}).status_code == 429
    assert thief.post(TWO_FACTOR, {"password": PASSWORD}).status_code == 429
    assert ask("SELECT count(*) FROM otp_totp_totpdevice") == [(1,)]
    last = ask(FAILED)[:-4:-1]
    assert last == [(staff.username, TWO_FACTOR)] * 3


def test_from_many_addresses(thief: Client) -> None:
    answers = [change(thief, "wrong", REMOTE_ADDR=f"192.0.2.{n // 4}") for n in range(51)]
    assert answers == [200] * 49 + [429] * 2


def test_who_is_not_signed_in_is_asked_to(client: Client, staff: User) -> None:
    for _ in range(6):
        assert change(client, "wrong") == 302
    assert ask("SELECT count(*) FROM axes_accessattempt") == [(0,)]
