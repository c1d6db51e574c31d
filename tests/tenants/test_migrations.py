"""Migrations say what the models say, and can be taken back and applied again."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connections

from tests.tenants.scratch_database import catalog, scratch_database

OUR_APPS = ["legacy_import", "metrics", "conversations", "tenants"]


@pytest.fixture
def scratch(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """Outside the tests' own database, so nothing here can disturb them."""
    with django_db_blocker.unblock(), scratch_database() as alias:
        call_command("migrate", database=alias, verbosity=0)
        yield alias


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["makemigrations", "pgmakemigrations"])
def test_no_migration_is_missing(command: str) -> None:
    call_command(command, check=True, dry_run=True, verbosity=0)


@pytest.mark.slow
def test_the_scratch_database_is_like_the_one_of_the_tests(scratch: str) -> None:
    assert catalog(scratch) == catalog("default")


@pytest.mark.slow
def test_backwards_to_nothing_and_forwards_again(scratch: str) -> None:
    before = catalog(scratch)
    for app in OUR_APPS:
        call_command("migrate", app, "zero", database=scratch, verbosity=0)
    left = {name for name, *_ in catalog(scratch)["relations"]}
    tables = {
        model._meta.db_table
        for app in OUR_APPS
        for model in apps.get_app_config(app).models.values()
    }
    assert not {name for name in left if any(name.startswith(table) for table in tables)}
    assert catalog(scratch)["triggers"] == []
    call_command("migrate", database=scratch, verbosity=0)
    assert catalog(scratch) == before


@pytest.mark.slow
def test_backwards_leaves_no_function_behind(scratch: str) -> None:
    for app in OUR_APPS:
        call_command("migrate", app, "zero", database=scratch, verbosity=0)
    assert [name for name, *_ in catalog(scratch)["functions"]] == []


@pytest.mark.slow
def test_every_app_back_to_zero(scratch: str) -> None:
    before = catalog(scratch)
    for app in sorted({label for label, _ in _applied(scratch)}, key=_last_first):
        call_command("migrate", app, "zero", database=scratch, verbosity=0)
    assert _applied(scratch) == []
    call_command("migrate", database=scratch, verbosity=0)
    assert catalog(scratch) == before


def _applied(alias: str) -> list[tuple[str, str]]:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        return list(cursor.fetchall())


def _last_first(app: str) -> int:
    order = [*OUR_APPS, "admin", "sessions", "auth", "contenttypes"]
    return order.index(app) if app in order else -1
