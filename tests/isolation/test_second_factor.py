"""Codes of an app, under the office's own login: set up, asked for, used once, taken away."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp

from botplatform.planes import MIGRATOR, OFFICE
from tenants.audit.accounts import SECOND_FACTORS, account_triggers
from tenants.office import secure_second_factors
from tests.isolation.world import DENIED, PASSWORD, World, acting, log_in, refusal

pytestmark = pytest.mark.django_db
PAGE = "/admin/two-factor/"
TABLE = "otp_totp_totpdevice"


@pytest.fixture(autouse=True)
def none_left(world: World) -> Iterator[None]:
    yield
    for table in (TABLE, "axes_accessattempt"):
        ask(f"DELETE FROM {table}")


def ask(sql: str) -> Any:
    with log_in(MIGRATOR.login, autocommit=True) as migrator:
        answer = migrator.execute(sql)
        return answer.fetchall() if answer.description else None


def sign_in(client: Client, user: User, code: Any = "") -> int:
    values = {"username": user.username, "password": PASSWORD, "otp_token": code}
    return client.post(reverse("admin:login"), values).status_code


def code_of(key: str, steps: int = 0) -> str:
    return f"{totp(bytes.fromhex(key), drift=steps):06}"


def set_up(client: Client, key: str, code: str, password: str = PASSWORD) -> Any:
    return client.post(PAGE, {"key": key, "otp_token": code, "password": password})


@pytest.fixture
def key(client: Client, staff: User) -> str:
    """Set up by the page, signed out again."""
    assert sign_in(client, staff) == 302
    form = client.get(PAGE).context["form"]
    key = form.device().key
    for wrong in ("000000", "abcdef", "", "²²²²²²"):
        if wrong != code_of(key):
            assert set_up(client, form.sealed, wrong).status_code == 200
    assert set_up(client, form.sealed, code_of(key, -1)).status_code == 302
    client.post(reverse("admin:logout"))
    ask("DELETE FROM axes_accessattempt")
    return key


def test_migration_holds_what_is_emitted() -> None:
    def words(text: str) -> str:
        return " ".join(text.split())

    migration = import_module("botplatform.migrations.0005_second_factors")
    assert words(migration.SQL) == words("".join(f"{s};\n" for s in secure_second_factors()))
    there, back = zip(*account_triggers(SECOND_FACTORS), strict=True)
    assert words(migration.AUDIT) == words("".join(there))
    assert words(migration.AUDIT_UNDO) == words("".join(back))


def test_the_code_is_asked_for_and_good_for_once(client: Client, staff: User, key: str) -> None:
    assert sign_in(client, staff) == 200
    assert sign_in(client, staff, "12") == 200
    ask(f"UPDATE {TABLE} SET throttling_failure_timestamp = NULL, throttling_failure_count = 0")
    # That of the setting up is not good for signing in.
    assert sign_in(client, staff, code_of(key, -1)) == 200
    ask(f"UPDATE {TABLE} SET throttling_failure_timestamp = NULL, throttling_failure_count = 0")
    code = code_of(key)
    assert sign_in(client, staff, f"{code[:3]} {code[3:]}") == 302
    client.post(reverse("admin:logout"))
    assert sign_in(client, staff, code) == 200


def test_wrong_codes_make_it_wait(client: Client, staff: User, key: str) -> None:
    for _ in range(3):
        assert sign_in(client, staff, "000000") == 200
    # Those that came too early were not looked at.
    ((failures,),) = ask(f"SELECT throttling_failure_count FROM {TABLE}")
    assert failures in (1, 2, 3)
    ask(f"UPDATE {TABLE} SET throttling_failure_timestamp = now(), throttling_failure_count = 6")
    assert sign_in(client, staff, code_of(key)) == 200
    ago = "now() - interval '33 seconds'"
    ask(f"UPDATE {TABLE} SET throttling_failure_timestamp = {ago}")
    assert sign_in(client, staff, code_of(key)) == 302
    assert ask(f"SELECT throttling_failure_count FROM {TABLE}") == [(0,)]


def test_it_is_set_up_with_ones_password(client: Client, staff: User) -> None:
    """Who finds a session must not lock its owner out."""
    assert sign_in(client, staff) == 302
    form = client.get(PAGE).context["form"]
    code = code_of(form.device().key)
    for wrong in ("", "wrong"):
        answer = set_up(client, form.sealed, code, wrong)
        assert answer.status_code == 200
        assert [*answer.context["form"].errors] == ["password"]
    assert ask(f"SELECT count(*) FROM {TABLE}") == [(0,)]
    assert set_up(client, form.sealed, code).status_code == 302
    assert ask(f"SELECT count(*) FROM {TABLE}") == [(1,)]


def test_ones_password_removes_it(client: Client, staff: User, key: str) -> None:
    assert sign_in(client, staff, code_of(key)) == 302
    assert client.post(PAGE, {"password": "wrong"}).status_code == 200
    assert ask(f"SELECT count(*) FROM {TABLE}") == [(1,)]
    assert client.post(PAGE, {"password": PASSWORD}).status_code == 302
    assert ask(f"SELECT count(*) FROM {TABLE}") == [(0,)]


def test_a_superuser_takes_it_away(client: Client, staff: User, key: str, world: World) -> None:
    address = reverse("second-factor-of", args=[staff.pk])
    client.force_login(world.bob.staff)
    assert client.post(address).status_code == 403
    client.force_login(world.superuser)
    user = reverse("admin:auth_user_change", args=[staff.pk])
    assert address in client.get(user).content.decode()
    assert client.get(reverse("admin:auth_user_delete", args=[staff.pk])).status_code == 200
    assert client.get(address).status_code == 200
    assert client.post(address).status_code == 302
    assert client.post(address).status_code == 404
    client.post(reverse("admin:logout"))
    assert sign_in(client, staff) == 302


def test_it_goes_with_its_user(client: Client, world: World) -> None:
    ask(
        "INSERT INTO auth_user (username, password, is_staff, is_active, is_superuser, first_name,"
        " last_name, email, date_joined) VALUES ('gone', '', true, true, false, '', '', '', now())"
    )
    ((pk,),) = ask("SELECT id FROM auth_user WHERE username = 'gone'")
    ask(
        f"INSERT INTO {TABLE} (user_id, name, confirmed, key, step, t0, digits, tolerance, drift,"
        f" last_t, throttling_failure_count) VALUES ({pk}, '', true, '00', 30, 0, 6, 1, 0, -1, 0)"
    )
    client.force_login(world.superuser)
    address = reverse("admin:auth_user_delete", args=[pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"post": "yes"}).status_code == 302
    assert ask(f"SELECT count(*) FROM {TABLE}") == [(0,)]


def test_another_users_sealed_key(client: Client, staff: User, world: World) -> None:
    client.force_login(world.superuser)
    sealed = client.get(PAGE).context["form"].sealed
    assert sign_in(client, staff) == 302
    assert set_up(client, sealed, "000000").context["form"].sealed != sealed


def test_nobody_in_a_context_reads_a_secret(staff: User, key: str, world: World) -> None:
    for user in (staff, world.superuser):
        with acting("admin", user=user.pk) as session:
            assert session.execute(f"SELECT user_id FROM {TABLE}").fetchall() == [(staff.pk,)]
            assert refusal(session, f"SELECT key FROM {TABLE}") == DENIED
            assert refusal(session, f"UPDATE {TABLE} SET key = '00'") == DENIED
    with acting("admin", user=world.bob.staff.pk) as session:
        assert session.execute(f"SELECT user_id FROM {TABLE}").fetchall() == []
        assert session.execute(f"DELETE FROM {TABLE}").rowcount == 0
    with log_in(OFFICE.login) as session:
        assert refusal(session, f"UPDATE {TABLE} SET key = '00'") == DENIED
        assert refusal(session, f"UPDATE {TABLE} SET confirmed = false") == DENIED
        assert refusal(session, f"DELETE FROM {TABLE}") == DENIED


def test_the_audit_has_it_without_the_secret(staff: User, key: str) -> None:
    entries = ask(
        f"SELECT operation, user_id, after::text FROM security_audit_log"
        f" WHERE table_name = '{TABLE}' ORDER BY logged_at DESC LIMIT 1"
    )
    ((operation, user_id, after),) = entries
    assert (operation, user_id) == ("INSERT", staff.pk)
    assert key not in after
