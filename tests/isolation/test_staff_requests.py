"""Requests to the back office under its real login."""

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from botplatform.planes import MIGRATOR
from tests.isolation.world import ALL_TABLES, NEW_ROWS, World, log_in

pytestmark = pytest.mark.django_db

LISTS = ["tenants_bot", "conversations_profile", "conversations_message",
         "conversations_conversation"]  # fmt: skip


def changelist(model: str) -> str:
    return reverse(f"admin:{model}_changelist")


@pytest.mark.parametrize("model", LISTS)
def test_lists_show_given_bots_only(client: Client, world: World, model: str) -> None:
    for mine, other in (("alice", "bob"), ("bob", "alice")):
        client.force_login(getattr(world, mine).staff)
        page = client.get(changelist(model)).content.decode()
        assert f"{mine}" in page
        assert f"{other}'s bot" not in page.replace("&#x27;", "'")
        assert f"{other}-secret" not in page
    client.force_login(world.superuser)
    page = client.get(changelist(model)).content.decode().replace("&#x27;", "'")
    assert "alice's bot" in page
    assert "bob's bot" in page


def test_anothers_row_by_its_address(client: Client, world: World) -> None:
    client.force_login(world.alice.staff)
    for tenant, status in ((world.alice, 200), (world.bob, 302)):
        for model, row in (
            ("conversations_profile", tenant.profile),
            ("conversations_conversation", tenant.conversation),
            ("conversations_message", tenant.message),
            ("metrics_botmetric", tenant.metric),
            ("tenants_bot", tenant.bot),
        ):
            try:
                address = reverse(f"admin:{model}_change", args=[row.pk])
            except LookupError:
                continue
            except Exception as error:
                if type(error).__name__ == "NoReverseMatch":
                    continue
                raise
            answer = client.get(address)
            assert answer.status_code == status
            if status == 200:
                assert "bob-secret" not in answer.content.decode()


def test_a_search_for_anothers_rows(client: Client, world: World) -> None:
    client.force_login(world.alice.staff)
    for model, text in (("conversations_profile", "bob"), ("conversations_conversation", "222")):
        answer = client.get(changelist(model), {"q": text})
        assert "bob-secret" not in answer.content.decode()
        assert answer.context["cl"].result_count == 0
    for query in ({"bot__id__exact": str(world.bob.id)}, {"e": "1"}):
        page = client.get(changelist("conversations_profile"), query).content.decode()
        assert "bob-secret" not in page


def test_access_revoked_takes_effect_on_the_next_request(client: Client, world: World) -> None:
    client.force_login(world.alice.staff)
    address = changelist("conversations_profile")
    assert "alice-secret" in client.get(address).content.decode()
    with log_in(MIGRATOR.login, autocommit=True) as migrator:
        migrator.execute("DELETE FROM bot_access WHERE user_id = %s", [world.alice.staff.pk])
        try:
            answer = client.get(address)
            assert answer.status_code == 403
            assert "alice-secret" not in answer.content.decode()
        finally:
            keys = {"bot": world.alice.id, "user": world.alice.staff.pk}
            migrator.execute(f"INSERT INTO bot_access {NEW_ROWS['bot_access']}", keys)
    assert "alice-secret" in client.get(address).content.decode()


@pytest.mark.parametrize("column", ["is_staff", "is_active"])
def test_a_user_switched_off(client: Client, world: World, column: str) -> None:
    client.force_login(world.alice.staff)
    address = changelist("conversations_profile")
    with log_in(MIGRATOR.login, autocommit=True) as migrator:
        change = f"UPDATE auth_user SET {column} = %s WHERE id = %s"
        migrator.execute(change, [False, world.alice.staff.pk])
        try:
            answer = client.get(address)
            assert answer.status_code == 302
        finally:
            migrator.execute(change, [True, world.alice.staff.pk])


def test_anonymous_requests_touch_no_tenant_table(client: Client, world: World) -> None:
    with CaptureQueriesContext(connections["office"]) as queries:
        client.get(reverse("admin:login"))
        client.get(reverse("admin:index"))
        client.post(reverse("admin:login"), {"username": "staff-of-bob", "password": "x"})
        for model in LISTS:
            assert client.get(changelist(model)).status_code == 302
    sql = " ".join(query["sql"] for query in queries)
    assert "auth_user" in sql
    assert not [table for table in ALL_TABLES if f'"{table}"' in sql or f" {table} " in sql]
    assert "SET LOCAL role" not in sql
    assert "app.current" not in sql


def test_nothing_stays_on_the_connection_between_requests(client: Client, world: World) -> None:
    for tenant in (world.alice, world.bob):
        client.force_login(tenant.staff)
        client.get(changelist("conversations_profile"))
        with connections["office"].cursor() as cursor:
            cursor.execute(
                "SELECT current_user, coalesce(current_setting('app.current_user_id', true), '')"
            )
            assert cursor.fetchone() == ("botplatform_office", "")
        assert not connections["office"].in_atomic_block
