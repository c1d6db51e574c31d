"""What the office's login reads and writes before it knows who is there signs nobody in."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from botplatform.planes import MIGRATOR, OFFICE
from botplatform.sessions import row_key
from tests.isolation.world import DENIED, PASSWORD, World, acting, log_in, refusal
from tests.tenants.test_admin_forms import page

pytestmark = pytest.mark.django_db

STRONG = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
WEAK = "django.contrib.auth.hashers.MD5PasswordHasher"


def sign_in(client: Client, user: User, password: str = PASSWORD) -> int:
    answer = client.post(reverse("admin:login"), {"username": user.username, "password": password})
    return answer.status_code


def stored_hash(user: User) -> str:
    with log_in(MIGRATOR.login) as migrator:
        sql = "SELECT password FROM auth_user WHERE id = %s"
        return migrator.execute(sql, [user.pk]).fetchone()[0]


def test_nobody_gives_anybody_a_password(world: World) -> None:
    everybodys = "UPDATE auth_user SET password = 'x'"
    with log_in(OFFICE.login) as session:
        assert refusal(session, everybodys) == DENIED
        assert refusal(session, "UPDATE auth_user SET last_login = now()") is None
        session.rollback()
    with acting("admin", user=world.alice.staff.pk) as session:
        assert refusal(session, everybodys) == DENIED
        assert refusal(session, f"RESET ROLE; {everybodys} WHERE is_superuser") == DENIED
        assert refusal(session, f"{everybodys} WHERE id = {world.alice.staff.pk}") is None


def test_an_outdated_hash_is_renewed(client: Client, staff: User, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [STRONG, WEAK]
    weak = stored_hash(staff)
    assert sign_in(client, staff, "wrong") == 200
    assert stored_hash(staff) == weak
    assert sign_in(client, staff) == 302
    assert stored_hash(staff).startswith("pbkdf2_sha256$")
    assert client.get(reverse("admin:index")).status_code == 200
    assert sign_in(Client(), staff) == 302


def test_a_user_who_is_no_staff_does_not_get_in(client: Client, staff: User, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [STRONG, WEAK]
    with log_in(MIGRATOR.login, autocommit=True) as migrator:
        change = "UPDATE auth_user SET is_staff = %s WHERE id = %s"
        migrator.execute(change, [False, staff.pk])
        try:
            assert sign_in(client, staff) == 200
        finally:
            migrator.execute(change, [True, staff.pk])


def test_the_table_of_sessions_signs_nobody_in(client: Client, staff: User, world: World) -> None:
    assert sign_in(client, staff) == 302
    with log_in(OFFICE.login, autocommit=True) as thief:
        ((name, data),) = thief.execute("SELECT session_key, session_data FROM django_session")
        assert name != client.session.session_key
        client.cookies["sessionid"] = name
        assert client.get(reverse("admin:index")).status_code == 302
        # Another's data under a key of one's own, in a new row or in the row of one's own session.
        insert = "INSERT INTO django_session VALUES (%s, %s, now() + interval '1 day')"
        thief.execute(insert, [row_key("my-own-session-key"), data])
        client.cookies["sessionid"] = "my-own-session-key"
        assert client.get(reverse("admin:index")).status_code == 302
        client.force_login(world.bob.staff)
        own = client.session.session_key
        client.cookies["sessionid"] = own
        assert client.get(page(type(world.bob.bot), "changelist")).status_code == 200
        update = "UPDATE django_session SET session_data = %s WHERE session_key = %s"
        assert thief.execute(update, [data, row_key(own)]).rowcount == 1
        assert client.get(reverse("admin:index")).status_code == 302


def test_a_key_that_is_no_key(client: Client, staff: User) -> None:
    for key in ("", "x", "é" * 40, "\ud800" * 40, "a" * 5000, "'; --"):
        client.cookies["sessionid"] = key.encode("utf-8", "replace").decode()
        assert client.get(reverse("admin:index")).status_code == 302
