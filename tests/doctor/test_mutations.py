"""Whatever breaks a rule is reported under that rule's id and no other."""

from typing import Any

import pytest
from django.db import connections, transaction

from tenants.doctor.examination import RULES, examine
from tests.doctor.mutations import LATER_VERSIONS, MUTATIONS, TOGETHER

# The first of each rule says quickly that the rule is looked at.
CASES: list[Any] = [
    pytest.param(0, rule, sql, marks=[pytest.mark.slow] if nth else [])
    for rule, mutations in MUTATIONS.items()
    for nth, sql in enumerate(mutations)
]
CASES += [(0, " ".join(rules), sql) for rules, sql in TOGETHER]


@pytest.mark.parametrize(
    ("version", "rule", "sql"),
    CASES + LATER_VERSIONS,
    ids=lambda value: " ".join(value.split())[:60] if isinstance(value, str) else "",
)
def test_a_mutation_is_reported(
    admin: str, django_db_blocker: Any, version: int, rule: str, sql: str
) -> None:
    with django_db_blocker.unblock():
        connection = connections[admin]
        connection.ensure_connection()
        if connection.pg_version < version:
            pytest.skip(f"needs PostgreSQL {version // 10000}")
        with transaction.atomic(using=admin):
            with connection.cursor() as cursor:
                cursor.execute(sql)
            examination = examine(connection, login=connection.settings_dict["USER"])
            transaction.set_rollback(True, using=admin)
    found = {broken.id: list(map(str, lines)) for broken, lines in examination.broken.items()}
    assert list(found) == [f"tenants.{one}" for one in rule.split()], found


def test_no_rule_is_without_its_mutation() -> None:
    assert {f"tenants.{rule}" for rule in MUTATIONS} == set(RULES)


def test_nothing_is_reported_before_or_after(admin: str, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        connection = connections[admin]
        examination = examine(connection, login=connection.settings_dict["USER"])
    assert not examination.broken
