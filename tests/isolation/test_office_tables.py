"""What staff can do with Django's own tables: sessions, its log of clicks."""

from importlib import import_module

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from botplatform.planes import MIGRATOR
from botplatform.sessions import SessionStore, row_key
from tenants.office import secure_admin_log
from tests.isolation.world import DENIED, PASSWORD, World, acting, log_in, refusal
from tests.tenants.test_admin_forms import accept

pytestmark = pytest.mark.django_db


def test_the_migration_holds_what_is_emitted() -> None:
    migration = import_module("botplatform.migrations.0002_office")
    statements = "".join(f"{statement};\n" for statement in secure_admin_log())
    assert migration.SQL.endswith(f"\n{statements}")


def sign_in(client: Client, staff: User, password: str = PASSWORD) -> str:
    answer = client.post(reverse("admin:login"), {"username": staff.username, "password": password})
    assert answer.status_code == 302
    return client.session.session_key


def rows() -> set[str]:
    with log_in(MIGRATOR.login) as migrator:
        return {key for (key,) in migrator.execute("SELECT session_key FROM django_session")}


def test_nobody_in_a_context_reaches_sessions(world: World) -> None:
    for user in (world.alice.staff, world.superuser):
        with acting("admin", user=user.pk) as session:
            for sql in (
                "SELECT session_key FROM django_session",
                "SELECT count(*) FROM django_session",
                "DELETE FROM django_session",
                "UPDATE django_session SET expire_date = now()",
                "INSERT INTO django_session VALUES ('x', 'y', now())",
            ):
                assert refusal(session, sql) == DENIED


def test_signing_in_and_out(client: Client, staff: User) -> None:
    before = rows()
    key = sign_in(client, staff)
    assert rows() - before == {row_key(key)}
    assert client.get(reverse("admin:index")).status_code == 200
    answer = client.post(reverse("admin:logout"))
    assert answer.status_code == 200
    assert rows() == before
    assert client.get(reverse("admin:index")).status_code == 302


def test_a_stolen_key_ends_with_the_session(client: Client, staff: User) -> None:
    key = sign_in(client, staff)
    client.post(reverse("admin:logout"))
    client.cookies["sessionid"] = key
    assert client.get(reverse("admin:index")).status_code == 302


def test_a_new_password_gives_a_new_session(client: Client, staff: User) -> None:
    other = Client()
    other_key, old_key = sign_in(other, staff), sign_in(client, staff)
    new = f"{PASSWORD} 2"
    answer = client.post(
        reverse("admin:password_change"),
        {"old_password": PASSWORD, "new_password1": new, "new_password2": new},
    )
    assert answer.status_code == 302, answer.content.decode()
    new_key = client.session.session_key
    assert new_key not in (old_key, other_key)
    assert row_key(new_key) in rows()
    assert row_key(old_key) not in rows()
    assert client.get(reverse("admin:index")).status_code == 200
    # The other browser is signed out: its session has the hash of the old password.
    assert other.get(reverse("admin:index")).status_code == 302


def test_a_request_that_fails_changes_no_session(
    client: Client, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = sign_in(client, staff)
    monkeypatch.setattr("tenants.audit.events.record", fail)
    assert client.post(reverse("admin:logout")).status_code == 500
    monkeypatch.undo()
    assert row_key(key) in rows()
    assert client.get(reverse("admin:index")).status_code == 200


def fail(*_: object) -> None:
    raise LookupError


def test_sessions_that_ran_out_are_cleared(client: Client, staff: User) -> None:
    key = sign_in(client, staff)
    assert Session.objects.filter(pk=row_key(key)).exists()
    with log_in(MIGRATOR.login, autocommit=True) as migrator:
        migrator.execute("UPDATE django_session SET expire_date = now() - interval '1 day'")
    SessionStore.clear_expired()
    assert row_key(key) not in rows()
    assert not Session.objects.filter(pk=row_key(key)).exists()


@pytest.fixture
def clicks(world: World, staff: User) -> None:
    with log_in(MIGRATOR.login, autocommit=True) as migrator:
        for tenant in (world.alice, world.bob):
            migrator.execute(
                "INSERT INTO django_admin_log (action_time, object_id, object_repr, action_flag,"
                " change_message, user_id, content_type_id) SELECT now(), %s, %s, 2, '', %s, id"
                " FROM django_content_type WHERE model = 'profile'",
                [str(tenant.profile.pk), tenant.profile.name, tenant.staff.pk],
            )


def test_staff_read_what_they_did(world: World, clicks: None) -> None:
    sql = "SELECT object_repr FROM django_admin_log ORDER BY 1"
    with acting("admin", user=world.alice.staff.pk) as session:
        assert session.execute(sql).fetchall() == [("alice-secret",)]
        assert session.execute("DELETE FROM django_admin_log").rowcount == 0
        assert refusal(session, "UPDATE django_admin_log SET object_repr = 'x'") == DENIED
        forged = (
            "INSERT INTO django_admin_log (action_time, object_repr, action_flag, change_message,"
            " user_id) VALUES (now(), 'x', 1, '', %s)"
        )
        assert refusal(session, forged, [world.bob.staff.pk]) == DENIED
        assert refusal(session, forged, [world.alice.staff.pk]) is None
    with acting("admin", user=world.superuser.pk) as session:
        assert session.execute(sql).fetchall() == [("alice-secret",), ("bob-secret",)]
    for role in ("bot", "super_admin"):
        with acting(role, bot=world.alice.id) as session:
            assert refusal(session, sql) == DENIED


def test_the_back_office_shows_ones_own_clicks(
    client: Client, world: World, staff: User, clicks: None
) -> None:
    sign_in(client, staff)
    profile = reverse("admin:conversations_profile_change", args=[world.alice.profile.pk])
    page = client.get(profile.replace("change", "history"))
    assert page.status_code == 200
    assert "bob-secret" not in page.content.decode()
    with log_in(MIGRATOR.login) as migrator:
        assert len(migrator.execute("SELECT FROM django_admin_log").fetchall()) == 2
    accept(client, profile)
    with log_in(MIGRATOR.login) as migrator:
        assert len(migrator.execute("SELECT FROM django_admin_log").fetchall()) == 3


def test_a_superuser_deletes_a_user_with_all_clicks(
    client: Client, world: World, staff: User
) -> None:
    with log_in(MIGRATOR.login, autocommit=True) as migrator:
        (pk,) = migrator.execute(
            "INSERT INTO auth_user (username, password, is_staff, is_active, is_superuser,"
            " first_name, last_name, email, date_joined)"
            " VALUES ('leaving', '', true, true, false, '', '', '', now()) RETURNING id"
        ).fetchone()
        migrator.execute(
            "INSERT INTO django_admin_log (action_time, object_repr, action_flag, change_message,"
            " user_id) VALUES (now(), 'x', 1, '', %s)",
            [pk],
        )
    client.force_login(world.superuser)
    answer = client.post(reverse("admin:auth_user_delete", args=[pk]), {"post": "yes"})
    assert answer.status_code == 302, answer.content.decode()
    with log_in(MIGRATOR.login) as migrator:
        left = migrator.execute("SELECT FROM django_admin_log WHERE user_id = %s", [pk])
        assert left.fetchall() == []
