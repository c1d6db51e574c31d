"""Users of the office: there is always a superuser left."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/auth/user/"


@pytest.fixture
def boss(client: Client) -> User:
    user = UserFactory(is_superuser=True)
    client.force_login(user)
    return user


def test_nobody_deletes_themselves(client: Client, boss: User) -> None:
    other = UserFactory(is_superuser=True)
    page = reverse("admin:auth_user_delete", args=[boss.pk])
    assert client.post(page, {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [boss.pk, other.pk], "post": "yes"}
    answer = client.post(LIST, chosen)
    assert "yourself" in answer.content.decode()
    assert User.objects.filter(pk__in=[boss.pk, other.pk]).count() == 2
    client.post(LIST, {**chosen, "_selected_action": [other.pk]})
    assert not User.objects.filter(pk=other.pk).exists()


def test_nobody_takes_their_own_rights(client: Client, boss: User) -> None:
    other = UserFactory(is_superuser=True)
    for user, kept in ((boss, True), (other, False)):
        answer = client.post(
            reverse("admin:auth_user_change", args=[user.pk]),
            {"username": user.username, "is_staff": "on", "date_joined_0": "2025-01-01",
             "date_joined_1": "10:00"},
        )  # fmt: skip
        assert answer.status_code == 302, answer.context["adminform"].errors
        user.refresh_from_db()
        assert user.is_superuser is user.is_active is kept
