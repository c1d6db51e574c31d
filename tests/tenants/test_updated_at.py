"""updated_at is the database's: it moves with any change, by whatever SQL, and only then."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, models

from tenants.models import Bot
from tests.factories import BotFactory, ConversationFactory, ProfileFactory
from tests.tenants.guards import query

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CHANGES = {
    "bots": (BotFactory, "owner_telegram_id"),
    "profiles": (ProfileFactory, "last_active_at"),
    "conversations": (ConversationFactory, "profile_id"),
}


def run(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


@pytest.fixture(params=CHANGES)
def row(request: pytest.FixtureRequest) -> models.Model:
    factory, _ = CHANGES[request.param]
    return factory()


def age(row: models.Model) -> None:
    """An insert may give any time; only an update touches it."""
    table = row._meta.db_table
    columns = [field.column for field in row._meta.concrete_fields]
    values = ", ".join("%s" if name == "updated_at" else f"old.{name}" for name in columns)
    run(f"CREATE TEMPORARY TABLE old ON COMMIT DROP AS SELECT * FROM {table} WHERE id = %s", row.pk)
    run(f"DELETE FROM {table} WHERE id = %s", row.pk)
    run(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM old", LONG_AGO)
    row.refresh_from_db()
    assert row.updated_at == LONG_AGO


def test_it_moves_with_a_change_by_sql(row: models.Model) -> None:
    age(row)
    table = row._meta.db_table
    column = CHANGES[table][1]
    new = {"owner_telegram_id": 5, "last_active_at": LONG_AGO, "profile_id": None}[column]
    run(f"UPDATE {table} SET {column} = %s WHERE id = %s", new, row.pk)
    row.refresh_from_db()
    assert row.updated_at > LONG_AGO


def test_it_stays_when_nothing_changes(row: models.Model) -> None:
    age(row)
    run(f"UPDATE {row._meta.db_table} SET created_at = created_at WHERE id = %s", row.pk)
    row.refresh_from_db()
    row.save()
    row.refresh_from_db()
    assert row.updated_at == LONG_AGO


def test_nobody_sets_it_by_an_update(row: models.Model) -> None:
    run(f"UPDATE {row._meta.db_table} SET updated_at = %s WHERE id = %s", LONG_AGO, row.pk)
    row.refresh_from_db()
    assert row.updated_at > LONG_AGO


def test_a_queryset_update_moves_it(alice_bot: Bot) -> None:
    age(alice_bot)
    Bot.objects.filter(pk=alice_bot.pk).update(status="error")
    alice_bot.refresh_from_db()
    assert alice_bot.updated_at > LONG_AGO


def test_every_table_with_the_column_is_tested() -> None:
    tables = query(
        "SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND NOT relispartition AND attname = 'updated_at'"
    )
    assert {name for (name,) in tables} == set(CHANGES)
