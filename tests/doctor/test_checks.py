"""The doctor as `manage.py check --database default`."""

from typing import Any

import pytest
from django.core.checks import Error, Tags, Warning, run_checks
from django.core.checks.registry import registry
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from tenants.doctor.checks import isolation


def test_it_is_a_check_of_databases() -> None:
    assert isolation in registry.registered_checks
    assert isolation.tags == (Tags.database,)


def test_it_looks_at_no_database_that_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenants.doctor.checks.examine", None)
    monkeypatch.setattr("tenants.doctor.checks.MigrationExecutor", None)
    run_checks()
    assert isolation(app_configs=None, databases=None) == []
    assert isolation(app_configs=None, databases=["other"]) == []


def test_a_healthy_database(database: None, db: None) -> None:
    assert isolation(app_configs=None, databases=["default"]) == []


@pytest.mark.parametrize(
    ("sql", "kind", "identity"),
    [
        ("GRANT SELECT ON messages_p3 TO bot", Error, "tenants.I004"),
        ("ALTER TABLE bots DISABLE TRIGGER USER", Warning, "tenants.I022"),
    ],
)
def test_a_finding_is_a_message_with_id_and_hint(
    database: None, db: None, sql: str, kind: type, identity: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
    messages = isolation(app_configs=None, databases=["default"])
    assert messages
    assert {(type(message), message.id) for message in messages} == {(kind, identity)}
    assert all(message.hint for message in messages)


def test_nothing_is_said_before_migrate_is_done(database: None, db: None) -> None:
    """`migrate` runs the checks first, and must be able to mend what they find."""
    with connection.cursor() as cursor:
        cursor.execute("GRANT SELECT ON messages_p3 TO bot")
    MigrationRecorder(connection).record_unapplied("metrics", _last_migration_of_metrics())
    assert isolation(app_configs=None, databases=["default"]) == []


def _last_migration_of_metrics() -> str:
    applied: Any = MigrationRecorder(connection).applied_migrations()
    return max(name for app, name in applied if app == "metrics")
