"""What staff may not do is not offered; what the database refuses is said in words and audited."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from botplatform.planes import MIGRATOR
from conversations.models import Profile
from tenants.models import Bot, BotAccess
from tests.factories import BotAccessFactory, UserFactory
from tests.isolation.world import DENIED, World, acting, log_in, refusal
from tests.tenants.test_admin_forms import form_data, page

pytestmark = pytest.mark.django_db

ADDED_PROFILE = {
    **{"telegram_id": "31", "name": "x", "interests": "[]", "additional_data": "{}"},
    **{"created_at_0": "2026-01-01", "created_at_1": "00:00:00"},
}


@pytest.fixture(scope="module")
def people(world: World, django_db_blocker: Any) -> dict[str, User]:
    """Of Alice's bot; and who may make users as far as Django is asked. World deletes them."""
    with django_db_blocker.unblock():
        users = {name: UserFactory(username=name) for name in ("operator", "manager", "personnel")}
        for name in ("operator", "manager"):
            BotAccessFactory(user=users[name], bot=world.alice.bot, role=name)
            BotAccessFactory(user=users[name], bot=world.bob.bot, role="viewer")
        rights = Permission.objects.filter(codename__in=["add_user", "change_user", "view_user"])
        users["personnel"].user_permissions.set(rights)
        users["idle"] = UserFactory(username="idle", is_active=False)
        users["customer"] = UserFactory(username="customer", is_staff=False)
        users["newcomer"] = UserFactory(username="newcomer")
    return users


def choices(client: Client, model: type, term: str = "") -> set[str]:
    meta = model._meta
    query = {"app_label": meta.app_label, "model_name": meta.model_name, "field_name": "bot"}
    answer = client.get(reverse("admin:autocomplete"), {**query, "term": term})
    assert answer.status_code == 200
    return {row["text"] for row in json.loads(answer.content)["results"]}


def test_the_bots_that_a_form_offers(client: Client, world: World, people: dict[str, User]) -> None:
    client.force_login(people["operator"])
    assert choices(client, Profile) == {"alice's bot"}
    assert choices(client, Profile, "bob") == set()
    client.force_login(people["manager"])
    assert choices(client, BotAccess) == {"alice's bot"}
    client.force_login(world.superuser)
    assert choices(client, Profile) == {"alice's bot", "bob's bot"}


def test_a_row_for_a_bot_that_is_only_read(
    client: Client, world: World, people: dict[str, User]
) -> None:
    client.force_login(people["operator"])
    for bot in (world.bob.id, "01a1fdf1-8a0a-783c-8f80-cbfa4bf2f91d"):
        answer = client.post(page(Profile, "add"), {**ADDED_PROFILE, "bot": str(bot)})
        assert answer.status_code == 200
        assert "bot" in answer.context["adminform"].form.errors
    client.force_login(people["manager"])
    data = {"bot": str(world.bob.id), "user": people["newcomer"].pk, "role": "manager"}
    answer = client.post(page(BotAccess, "add"), data)
    assert "bot" in answer.context["adminform"].form.errors


def test_a_manager_gives_access(client: Client, world: World, people: dict[str, User]) -> None:
    client.force_login(people["manager"])
    form = client.get(page(BotAccess, "add")).context["adminform"].form
    offered = {label for _, label in form.fields["user"].choices}
    assert {"newcomer", "manager", "staff-of-bob"} <= offered
    assert not {"idle", "customer"} & offered
    given = {"bot": str(world.alice.id), "user": people["newcomer"].pk, "role": "viewer"}
    taken = [world.alice.id, people["newcomer"].pk]
    with log_in(MIGRATOR.login, autocommit=True) as migrator:
        try:
            assert client.post(page(BotAccess, "add"), given).status_code == 302
            client.force_login(people["newcomer"])
            shown = client.get(page(Profile, "changelist")).content.decode()
            assert "alice-secret" in shown
            assert "bob-secret" not in shown
        finally:
            sql = "DELETE FROM bot_access WHERE bot_id = %s AND user_id = %s"
            assert migrator.execute(sql, taken).rowcount == 1
    for name in ("idle", "customer"):
        client.force_login(people["manager"])
        answer = client.post(page(BotAccess, "add"), {**given, "user": people[name].pk})
        assert "user" in answer.context["adminform"].form.errors


def test_what_the_database_refuses(client: Client, people: dict[str, User]) -> None:
    """Django lets them add users; the database lets superusers alone."""
    client.force_login(people["personnel"])
    url = reverse("admin:auth_user_add")
    data = {"username": "evil", "password1": "Xk29dkslw", "password2": "Xk29dkslw"}
    answer = client.post(
        url, {**data, "usable_password": "true"}, headers={"X-Request-ID": "refused-0001"}
    )
    assert answer.status_code == 403
    assert "The database refused this" in answer.content.decode()
    with log_in(MIGRATOR.login) as migrator:
        sql = (
            "SELECT operation, row_key, role, user_id, after FROM security_audit_log"
            " WHERE correlation_id = 'refused-0001'"
        )
        denied = ("DENIED", "personnel", "admin", people["personnel"].pk, {"path": url})
        assert migrator.execute(sql).fetchall() == [denied]
        assert not migrator.execute("SELECT FROM auth_user WHERE username = 'evil'").fetchall()
    assert client.get(reverse("admin:index")).status_code == 200


def test_only_superusers_name_bots(client: Client, world: World, people: dict[str, User]) -> None:
    with acting("admin", user=people["manager"].pk) as session:
        for name in ("bob's bot", "a free name", "ALICE'S BOT"):
            sql = "UPDATE bots SET name = %s WHERE id = %s"
            assert refusal(session, sql, [name, world.alice.id]) == DENIED
        assert refusal(session, "UPDATE bots SET name = name, status = 'error'") is None
    with acting("admin", user=world.superuser.pk) as session:
        sql = "UPDATE bots SET name = 'a free name' WHERE id = %s"
        assert session.execute(sql, [world.alice.id]).rowcount == 1
    with acting("super_admin") as session:
        assert session.execute(sql, [world.alice.id]).rowcount == 1
    url = page(Bot, "change", world.alice.id)
    client.force_login(world.superuser)
    assert "name" in form_data(client, url)
    client.force_login(people["manager"])
    data = form_data(client, url)
    assert "name" not in data
    assert client.post(url, {**data, "name": "bob's bot"}).status_code == 302
    with acting("super_admin") as session:
        ((name,),) = session.execute("SELECT name FROM bots WHERE id = %s", [world.alice.id])
    assert name == "alice's bot"


ODD = [
    "tenants/bot/?telegram_token__startswith=g",
    "tenants/bot/?telegram_token__isnull=1",
    "tenants/bot/?token_fingerprint__startswith=a",
    "conversations/message/?bot__telegram_token__isnull=1",
    "tenants/bot/?_to_field=telegram_token&_popup=1",
    "tenants/bot/?o=99.-3",
    "tenants/botaccess/?user__password__startswith=pbkdf2",
    "conversations/profile/?last_active_at__year=99999",
    "conversations/profile/?telegram_id=99999999999999999999",
    "conversations/profile/?nothing=1",
    "conversations/profile/?e=1&last_active_at__year=99999",
    "conversations/profile/add/?bot=xyz",
    "conversations/profile/add/?bot=01a1fdf1-8a0a-783c-8f80-cbfa4bf2f91d&age=18",
    "conversations/message/add/?conversation_id=x&search=x&metadata=%00&position=x",
    "metrics/botmetric/add/?metric_value=nan&recorded_at=99999-1-1",
    "conversations/profile/add/?telegram_id=%00&created_at=x&interests={",
    "conversations/message/?metadata=%00",
    "conversations/message/?metadata__contains=1",
    "conversations/message/?bot__id__exact=xyz",
    "conversations/message/?p=999999999999999999999",
    "metrics/botmetric/?metric_value__gt=1e999999",
    "metrics/botmetric/?metric_value=nan",
    "metrics/botmetric/?metric_value__gt=x",
    "tenants/auditentry/?logged_at__gte=x",
    "tenants/auditentry/?user_id=999999999999999999999",
    "tenants/auditentry/?logged_at__year=99999",
    "tenants/auditentry/%00/change/",
    "auth/user/?date_joined__year=99999",
    "auth/user/?id__exact=99999999999999999999",
    "r/4/1/",
    "r/99999/x/",
    "autocomplete/?app_label=conversations&model_name=profile&field_name=bot&term=%00",
    "autocomplete/?app_label=conversations&model_name=profile&field_name=bot&page=x",
    "autocomplete/?app_label=x&model_name=%00&field_name=bot",
]


@pytest.mark.parametrize("address", ODD)
def test_no_address_is_an_error_page(client: Client, world: World, address: str) -> None:
    for user in (world.superuser, world.alice.staff):
        client.force_login(user)
        answer = client.get(f"/admin/{address}")
        # Where a redirect leads to there is a page.
        for _ in range(3):
            assert answer.status_code in (200, 302, 400, 403, 404), user
            if answer.status_code != 302:
                break
            answer = client.get(answer["Location"])
        assert answer.status_code != 302, f"goes on to {answer['Location']}"
    if "token" in address:
        assert answer.status_code == 400


def test_an_action_on_an_odd_list(client: Client, world: World) -> None:
    client.force_login(world.superuser)
    data = {"action": "delete_selected", "_selected_action": [str(world.alice.message.pk)]}
    answer = client.post("/admin/conversations/message/?metadata=%00", {**data, "post": "yes"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/conversations/message/?e=1")
