"""No model can forget what makes a table a bot's: walks the registry and the catalog."""

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader

from tests.tenants import guards, table_guards

LEDGER = "what an operator's import did, which no bot sees; few rows for many of a bot's"
NOTES = "what a roll-up must think of again, which no bot sees; few rows"
ERASED = "keyed hashes of who was erased, which no bot sees; few rows"
# Label -> why its rows, which name a bot, are not in a tenant table.
NOT_TENANT_MODELS = {
    "tenants.BotAccess": "staff, not what a bot owns; few rows",
    "conversations.ChangedDay": NOTES,
    "conversations.ErasedPerson": ERASED,
    **{model._meta.label: LEDGER for model in apps.get_app_config("legacy_import").get_models()},
}
# Table -> why its bot_id does not make it a tenant table.
NOT_TENANT_TABLES = {
    "bot_access": "staff, not what a bot owns; few rows",
    "changed_days": NOTES,
    "erased_people": ERASED,
    "rollup_states": NOTES,
    "security_audit_log": "outlives its bot; partitioned by month",
    **{model._meta.db_table: LEDGER for model in apps.get_app_config("legacy_import").get_models()},
}
# Label -> why CreateTenantTable does not make it.
NOT_MADE_AS_TENANT_TABLES = {
    **NOT_TENANT_MODELS,
    "tenants.AuditEntry": "outlives its bot; partitioned by month",
}

pytestmark = pytest.mark.django_db

FOUND = guards.models_of_bots(apps)
TENANT_MODELS = [model for model in FOUND if model._meta.label not in NOT_TENANT_MODELS]
TENANT_TABLES = {model._meta.db_table for model in TENANT_MODELS}


def test_the_walk_finds_the_tables_of_the_design() -> None:
    assert {"profiles", "conversations", "messages", "bot_metrics"} <= TENANT_TABLES


@pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model._meta.label)
def test_model(model: type) -> None:
    assert guards.model_problems(model) == []


@pytest.mark.parametrize("table", sorted(TENANT_TABLES))
def test_table(table: str) -> None:
    assert table_guards.table_problems(table, TENANT_TABLES) == []


@pytest.mark.parametrize("table", sorted(TENANT_TABLES))
def test_rows_go_with_their_bot(table: str) -> None:
    assert table_guards.without_way_to_bots(table, TENANT_TABLES) == []


def test_every_table_with_a_bot_is_a_tenant_table() -> None:
    assert table_guards.tables_with_bot_id() - set(NOT_TENANT_TABLES) == TENANT_TABLES


def test_everything_belongs_to_the_owner() -> None:
    assert table_guards.ownership_problems() == []


def test_migrations_make_tenant_tables_by_the_one_operation() -> None:
    migrations = MigrationLoader(None).disk_migrations.values()
    excused = {label.lower() for label in NOT_MADE_AS_TENANT_TABLES}
    assert [
        problem
        for problem in guards.migration_problems(migrations)
        if not any(f": {label.split('.')[1]} " in problem.lower() for label in excused)
    ] == []


def test_allowlists_have_no_stale_entries() -> None:
    assert set(NOT_TENANT_MODELS) <= {model._meta.label for model in FOUND}
    assert set(NOT_TENANT_TABLES) <= table_guards.tables_with_bot_id()
