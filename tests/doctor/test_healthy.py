"""A database as migrations and provisioning make it, seen by each plane's own login."""

import re
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from botplatform import planes
from botplatform.planes import PLANES, Plane
from botplatform.provision.closed import CLOSED, hide_statements
from botplatform.provision.script import settings_of
from tenants.doctor import expectations
from tenants.doctor.examination import RULES, examine
from tenants.doctor.expected_policies import expected_policies, normalised
from tenants.doctor.planned_grants import planned_grants
from tenants.doctor.registry import kept_columns, tenant_tables
from tests.doctor.logins import alias_of_login

# The settings of the session and its transaction included.
MOST_QUERIES = 25


@pytest.mark.parametrize("plane", PLANES, ids=lambda plane: plane.name)
def test_nothing_is_found(
    superuser: dict[str, Any],
    database: None,
    settings: Any,
    django_db_blocker: Any,
    plane: Plane,
) -> None:
    settings.PLANE = plane
    with (
        django_db_blocker.unblock(),
        alias_of_login(f"doctor_{plane.name}", USER=plane.login) as alias,
    ):
        examination = examine(connections[alias])
    assert examination.broken == {}
    assert len(examination.findings) == len(RULES)


def test_an_examination_is_a_handful_of_queries(database: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock(), CaptureQueriesContext(connection) as captured:
        examine(connection)
    assert len(captured) <= MOST_QUERIES


def test_it_leaves_the_session_as_it_was(database: None, db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = public, pg_catalog")
        examine(connection)
        cursor.execute("SHOW search_path")
        assert cursor.fetchone() == ("public, pg_catalog",)


def test_what_only_test_clusters_may_have_is_found_in_production(
    superuser: dict[str, Any], database: None, settings: Any, django_db_blocker: Any
) -> None:
    settings.PRODUCTION = True
    with django_db_blocker.unblock():
        examination = examine(connection)
    assert [rule.id for rule in examination.broken] == ["tenants.I011", "tenants.I012"]


def test_the_expectations_are_those_of_the_planes() -> None:
    owners = (planes.OWNER, planes.KEEPER, planes.SEARCHER)
    assert owners == expectations.OWNERS
    assert expectations.GROUPS == planes.GROUPS
    assert {plane.login: {plane.member_of} for plane in PLANES} == {
        login: {*roles} - {planes.KEEPER, planes.SEARCHER}
        for login, roles in expectations.LOGINS.items()
    }


def test_the_closed_functions_are_those_of_provisioning() -> None:
    assert {what: names for what, (names, _) in CLOSED.items()} == expectations.CLOSED


def test_no_expectation_is_stale() -> None:
    assert set(expectations.SECURED) <= tenant_tables()
    assert {table for table, _ in expectations.UNIQUE_WITHOUT_BOT} <= tenant_tables()


def test_the_settings_are_those_of_provisioning() -> None:
    for plane in PLANES:
        set_by = [s for s in (*settings_of(plane), hide_statements()) if plane.login in s]
        found = {
            (name, value.strip("'"))
            for statement in set_by
            for name, value in re.findall(
                rf"ALTER ROLE {plane.login} SET (\w+) = ([\w']+);?", statement
            )
        }
        planned = expectations.LOGIN_SETTINGS[plane.login]
        hiding = expectations.HIDING_SETTINGS.get(plane.login, {})
        assert found == {*planned.items(), *hiding.items()}


def test_the_plan_of_rights_keeps_ids_counters_and_tokens() -> None:
    """What row security cannot say, the plan itself must not allow."""
    plan = planned_grants()
    tables = tenant_tables()
    for table, column, role, right in plan:
        if table in tables and right == "UPDATE" and role in expectations.GROUPS:
            assert column is not None
            assert column not in kept_columns()[table]
        if table == "bots" and right == "SELECT" and role != "bot":
            assert column not in (None, "telegram_token")
        if table == "context_keys":
            assert (role, right) == (planes.KEEPER, "SELECT")
        if table not in tables and role in ("bot", "app_base", planes.RUNTIME.login):
            assert (table, right) == ("django_migrations", "SELECT")
        if role in (planes.OFFICE.login, planes.RUNTIME.login, planes.OPS.login, "app_base"):
            assert table not in tables
        if table == "security_audit_log":
            # Only the keeper's functions write, and erase the values of an entry.
            assert right in ("SELECT", "INSERT", "UPDATE")
            assert right == "SELECT" or role == planes.KEEPER
            assert right != "UPDATE" or column in ("before", "after")


def test_every_tenant_table_has_expected_policies() -> None:
    assert expected_policies().keys() == tenant_tables()
    assert all(len(policies) >= 3 for policies in expected_policies().values())


@pytest.mark.parametrize(
    "printed",
    [
        "(bot_id = ( SELECT current_bot() AS current_bot))",
        "(bot_id = ( SELECT public.current_bot() AS current_bot))",
    ],
)
def test_printed_expressions_compare_equal(printed: str) -> None:
    (policy,) = [p for p in expected_policies()["messages"] if p.name == "messages_bot"]
    assert normalised(printed) == normalised(policy.using)
    assert normalised(printed.replace("bot_id =", "bot_id <>")) != normalised(policy.using)
    assert normalised(f"{printed} OR true") != normalised(policy.using)
