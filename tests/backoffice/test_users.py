"""Superusers look after who works in the back office, and one of them is always left."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
LIST = reverse("admin:auth_user_changelist")


def test_the_last_superuser_stays(client: Client) -> None:
    last = UserFactory(is_superuser=True, username="last")
    UserFactory(is_superuser=True, is_active=False)
    other = UserFactory(username="other")
    client.force_login(last)
    chosen = {"action": "delete_selected", "_selected_action": [last.pk, other.pk], "post": "yes"}
    assert "the last superuser" in client.post(LIST, chosen).content.decode()
    page = client.post(reverse("admin:auth_user_delete", args=[last.pk]), {"post": "yes"})
    assert "the last superuser" in page.content.decode()
    change = reverse("admin:auth_user_change", args=[last.pk])
    rights = ("is_active", "is_staff", "is_superuser")
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    form = {"username": "last", **joined, **dict.fromkeys(rights, "on")}
    for right in rights:
        refused = client.post(change, {name: form[name] for name in form if name != right})
        assert "This is the last superuser" in refused.content.decode()
    assert User.objects.filter(is_superuser=True, is_active=True, is_staff=True).get() == last
    assert client.post(change, {**form, "email": "last@example.com"}).status_code == 302
    # The last but one may go.
    User.objects.filter(pk=other.pk).update(is_superuser=True)
    client.post(LIST, {**chosen, "_selected_action": [last.pk]})
    assert User.objects.filter(is_superuser=True, is_active=True).get() == other
