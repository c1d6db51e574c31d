"""The one migration operation that makes a tenant table complete.

A tenant table without its partitions and keys cannot exist, because nothing else creates one:
in a new migration replace the PostgresCreatePartitionedModel that `pgmakemigrations` writes by
CreateTenantTable (a test refuses the other).
"""

from typing import Any, ClassVar

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState
from django.db.models import Model
from psqlextra.backend.migrations.operations import PostgresCreatePartitionedModel
from psqlextra.types import PostgresPartitioningMethod

from tenants.partitioning import PARTITION_KEY, PARTITIONS, TenantTable
from tenants.policies import close_partition, secure_ledger, secure_tenant_table
from tenants.tenant import sibling_keys


class CreateTenantTable(PostgresCreatePartitionedModel):
    """Table, hash partitions, keys to siblings and to `bots`, row security and grants.

    Keys between tenant tables stand on sibling partitions (messages_p3 -> conversations_p3):
    loading a row costs 0.4 of what it costs with one key between the two parents.
    """

    serialization_expand_args: ClassVar = ["fields", "updatable", "options", "managers"]

    def __init__(
        self,
        name: str,
        fields: list[tuple[str, Any]],
        updatable: list[str],
        options: dict[str, Any] | None = None,
        managers: list[tuple[str, Any]] | None = None,
        sealed: bool = True,
        derived: bool = False,
    ) -> None:
        partitioning = {"method": PostgresPartitioningMethod.HASH, "key": [PARTITION_KEY]}
        super().__init__(name, fields, options, partitioning, (TenantTable,), managers)
        self.updatable = updatable
        self.sealed = sealed
        self.derived = derived

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        for implied in ("partitioning_options", "bases"):
            kwargs.pop(implied, None)
        if not self.sealed:
            kwargs["sealed"] = False
        if self.derived:
            kwargs["derived"] = True
        return path, args, {**kwargs, "updatable": self.updatable}

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        model = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            for statement in completion(model, self.updatable, self.sealed, self.derived):
                schema_editor.execute(statement, None)


def completion(
    model: type[Model], updatable: list[str], sealed: bool = True, derived: bool = False
) -> list[str]:
    table = model._meta.db_table
    keys = sibling_keys(model)
    statements = []
    if all(key.null for key in keys):
        # Otherwise the sibling it belongs to has this key already.
        statements.append(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_bot_fkey "
            "FOREIGN KEY (bot_id) REFERENCES bots (id) ON DELETE CASCADE"
        )
    for n in range(PARTITIONS):
        statements.append(
            f"CREATE TABLE {table}_p{n} PARTITION OF {table} "
            f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {n})"
        )
        for key in keys:
            column = key.id_field.column
            target = key.related_model._meta.db_table
            gone = f"SET NULL ({column})" if key.null else "CASCADE"
            statements.append(
                f"ALTER TABLE {table}_p{n} ADD CONSTRAINT {table}_p{n}_{key.name}_fkey "
                f"FOREIGN KEY (bot_id, {column}) REFERENCES {target}_p{n} (bot_id, id) "
                f"ON DELETE {gone}"
            )
        statements += close_partition(f"{table}_p{n}")
    if derived:
        return [*statements, *secure_ledger(table, updatable)]
    return [*statements, *secure_tenant_table(table, updatable, sealed)]
