"""pgpartition makes months ahead, closed, and drops those past their time."""

from datetime import UTC, datetime
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from django.core.management import call_command
from django.db import connection

from tests.audit.support import entries
from tests.audit.test_immutable import partitions, test_every_part_is_closed
from tests.factories import BotFactory
from tests.tenants.guards import query

pytestmark = pytest.mark.django_db


def month(offset: int) -> str:
    return f"security_audit_log_{datetime.now(UTC) + relativedelta(months=offset):%Y_%m}"


def execute(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def old_entry(offset: int) -> None:
    execute(
        "INSERT INTO security_audit_log (logged_at, login, operation) VALUES (%s, 'old', 'LOGIN')",
        datetime.now(UTC) + relativedelta(months=offset),
    )


def pgpartition() -> None:
    call_command("pgpartition", yes=True, verbosity=0)


def test_the_migration_makes_this_and_the_next_months() -> None:
    assert {month(n) for n in range(4)} | {"security_audit_log_default"} == set(partitions())


def test_nothing_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    pgpartition()
    assert "Nothing to be done" in capsys.readouterr().out


def test_a_missing_month_is_made_closed_and_takes_its_entries_along() -> None:
    acl = query("SELECT relacl::text FROM pg_class WHERE relname = %(name)s", name=month(1))
    execute(f"DROP TABLE {month(0)}")
    BotFactory()
    before = entries()
    assert query("SELECT count(*) FROM security_audit_log_default") == [(len(before),)]
    pgpartition()
    assert entries() == before
    assert query(f"SELECT count(*) FROM {month(0)}") == [(len(before),)]
    assert query("SELECT count(*) FROM security_audit_log_default") == [(0,)]
    test_every_part_is_closed()
    for name in (month(0), "security_audit_log_default"):
        assert query("SELECT relacl::text FROM pg_class WHERE relname = %(n)s", n=name) == acl


def test_an_entry_without_a_month_is_kept() -> None:
    old_entry(-30)
    assert query("SELECT login FROM security_audit_log_default") == [("old",)]


@pytest.mark.parametrize(("kept", "left"), [(0, {-1, -2, -3, -4}), (2, {-1, -2}), (1, {-1})])
def test_retention(settings: Any, kept: int, left: set[int]) -> None:
    for n in range(-4, 0):
        start = f"{datetime.now(UTC) + relativedelta(months=n):%Y-%m-01}"
        end = f"{datetime.now(UTC) + relativedelta(months=n + 1):%Y-%m-01}"
        execute(
            f"CREATE TABLE {month(n)} PARTITION OF security_audit_log"
            f" FOR VALUES FROM ('{start} 00:00+00') TO ('{end} 00:00+00')"
        )
        execute(f"COMMENT ON TABLE {month(n)} IS 'psqlextra_auto_partitioned'")
        old_entry(n)
    settings.AUDIT_RETENTION_MONTHS = kept
    pgpartition()
    assert {name for name in partitions() if name < month(0)} == {month(n) for n in left}
    assert query("SELECT count(*) FROM security_audit_log WHERE login = 'old'") == [(len(left),)]


def test_retention_reaches_what_waits_in_the_default_partition(settings: Any) -> None:
    for n in (-30, -5, -2):
        old_entry(n)
    settings.AUDIT_RETENTION_MONTHS = 3
    pgpartition()
    assert query("SELECT count(*) FROM security_audit_log_default") == [(0,)]
    assert query("SELECT count(*) FROM security_audit_log WHERE login = 'old'") == [(1,)]
    assert {name for name in partitions() if name < month(0)} == {month(-2)}
    test_every_part_is_closed()


def test_retention_goes_beyond_a_month_that_was_never_made(settings: Any) -> None:
    for n in (-9, -2):
        old_entry(n)
    pgpartition()
    assert {name for name in partitions() if name < month(0)} == {month(-9), month(-2)}
    settings.AUDIT_RETENTION_MONTHS = 3
    pgpartition()
    assert {name for name in partitions() if name < month(0)} == {month(-2)}
