"""Addresses that nobody's click makes: a page or a refusal, never a failure."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse

from tests.factories import MessageFactory, UserFactory

pytestmark = pytest.mark.django_db

VALUES = ("x", "-1", "9" * 30, "%00", "1e400", "2026-13-45", "[]")
LOOKUPS = ("", "__in", "__isnull", "__gt", "__contains", "__range")
OTHERS = [
    *("o=x", "o=1.99.-7", "p=x", "p=-1", "p=99999999999", "all=x", "q=%00", "q=" + "%22" * 99),
    *("older=x", "newer=2026-01-01~x", "older=9999-99~", "e=1", "_to_field=x", "_popup=x"),
]


def lists() -> list[str]:
    return sorted(model._meta.label for model in admin.site._registry)


@pytest.fixture
def superuser_client(client: Client) -> Client:
    MessageFactory()
    client.force_login(UserFactory(is_superuser=True))
    client.raise_request_exception = False
    return client


def failures(client: Client, addresses: Iterator[str]) -> list[tuple[int, str]]:
    answers = ((client.get(address).status_code, address) for address in addresses)
    return [(status, address) for status, address in answers if status >= 500]


def odd_filters(model: type[models.Model]) -> Iterator[str]:
    page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    yield from (f"{page}?{other}" for other in OTHERS)
    for n, field in enumerate(model._meta.concrete_fields):
        for m, lookup in enumerate(LOOKUPS):
            # Each value with each kind of lookup comes up, with some field.
            yield f"{page}?{field.name}{lookup}={VALUES[(n + m) % len(VALUES)]}"


@pytest.mark.slow
@pytest.mark.parametrize("label", lists())
def test_a_list(superuser_client: Client, label: str) -> None:
    model = next(each for each in admin.site._registry if each._meta.label == label)
    assert failures(superuser_client, odd_filters(model)) == []


@pytest.mark.slow
def test_autocomplete(superuser_client: Client) -> None:
    def addresses() -> Iterator[str]:
        page = reverse("admin:autocomplete")
        yield page
        for model in admin.site._registry:
            of = f"app_label={model._meta.app_label}&model_name={model._meta.model_name}"
            yield f"{page}?{of}"
            for field in model._meta.get_fields():
                for more in ("", "&term=x", "&term=%00", "&page=x"):
                    yield f"{page}?{of}&field_name={field.name}{more}"

    assert failures(superuser_client, addresses()) == []


@pytest.mark.parametrize("asked", ["s=", "s=a&page=abc", "s=a&page=99", "s=a&page=0", "s=%00"])
def test_search_for_a_page(superuser_client: Client, asked: str) -> None:
    assert failures(superuser_client, iter([f"{reverse('admin:search')}?{asked}"])) == []
