"""The statements that secure each table of bots' rows, emitted by tenants.policies once more."""

from functools import cache

from django.apps import apps

from tenants.doctor.expectations import SECURED
from tenants.doctor.registry import kept_columns
from tenants.policies import secure_ledger, secure_tenant_table
from tenants.tenant import TenantModel


@cache
def statements() -> dict[str, list[str]]:
    """A table of bots' rows that is not here, nobody has thought about."""
    kept = kept_columns()
    secured = {}
    for model in apps.get_models():
        if issubclass(model, TenantModel):
            table = model._meta.db_table
            updatable = [
                field.column
                for field in model._meta.concrete_fields
                if field.column not in kept[table] and not field.generated
            ]
            secure = secure_ledger if model.derived else secure_tenant_table
            secured[table] = secure(table, updatable)
    return secured | {table: emit() for table, emit in SECURED.items()}
