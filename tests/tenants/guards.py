"""What is wrong with a tenant table, as lists of sentences: empty when nothing is."""

import re
from collections.abc import Iterable
from typing import Any

from django.apps.registry import Apps
from django.db import connection, models
from django.db.migrations import CreateModel, Migration
from psqlextra.backend.migrations.operations import PostgresCreatePartitionedModel

from tenants.models import Bot
from tenants.operations import CreateTenantTable
from tenants.partitioning import PARTITIONS
from tenants.tenant import TenantModel, sibling_keys


def query(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetchall()


def models_of_bots(registry: Apps) -> list[type[models.Model]]:
    """Models whose rows belong to a bot, whichever way they say so."""
    return [
        model
        for model in registry.get_models(include_auto_created=True)
        if issubclass(model, TenantModel)
        or any(
            field.related_model is Bot and field.many_to_one
            for field in model._meta.get_fields()
            if not field.auto_created
        )
    ]


def model_problems(model: type[models.Model]) -> list[str]:
    problems = []
    if not issubclass(model, TenantModel):
        problems.append(f"{model._meta.label} has a bot and is no TenantModel")
    for field in model._meta.get_fields():
        target = getattr(field, "related_model", None)
        if isinstance(field, models.ForeignKey) and issubclass(target, TenantModel):
            problems.append(f"{model._meta.label}.{field.name} is a key without the bot")
    problems += [
        f"{model._meta.label}.{field.name} has no CHECK on its jsonb_typeof"
        for field in model._meta.concrete_fields
        if isinstance(field, models.JSONField)
        and not json_is_checked(model._meta.db_table, field.column)
    ]
    if issubclass(model, TenantModel):
        for key in sibling_keys(model):
            problems += sibling_key_problems(
                model._meta.db_table, key.id_field.column, key.related_model._meta.db_table
            )
    return problems


def json_is_checked(table: str, column: str) -> bool:
    checks = query(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %(table)s::regclass AND contype = 'c'",
        table=table,
    )
    wanted = re.compile(rf"jsonb_typeof\(\"?{column}\"?\) = '(object|array)'")
    return any(wanted.search(definition) for (definition,) in checks)


def sibling_key_problems(table: str, column: str, target: str) -> list[str]:
    """Each partition has a key to its sibling, and an index that finds the referencing rows."""
    columns = sorted(["bot_id", column])
    problems = []
    for n in range(PARTITIONS):
        keys = [key for key in foreign_keys(f"{table}_p{n}") if sorted(key["columns"]) == columns]
        if [key["target"] for key in keys] != [f"{target}_p{n}"]:
            problems.append(f"{table}_p{n}.{column} has no key to {target}_p{n}")
    indexes = query(
        "SELECT array(SELECT attname FROM unnest(indkey[0:1]) WITH ORDINALITY AS k(n, place)"
        "  JOIN pg_attribute ON attrelid = indrelid AND attnum = n ORDER BY place)::text[]"
        " FROM pg_index WHERE indrelid = %(table)s::regclass AND indisvalid AND indpred IS NULL",
        table=table,
    )
    if (["bot_id", column],) not in indexes:
        problems.append(f"{table} has no index beginning with bot_id, {column}")
    return problems


def foreign_keys(table: str) -> list[dict[str, Any]]:
    names = "array(SELECT attname FROM unnest({}) WITH ORDINALITY AS k(n, place) JOIN pg_attribute"
    names += " ON attrelid = {} AND attnum = n ORDER BY place)::text[]"
    rows = query(
        f"SELECT conname, {names.format('conkey', 'conrelid')},"
        f" {names.format('confkey', 'confrelid')}, relname, confdeltype,"
        f" {names.format('confdelsetcols', 'conrelid')}, convalidated"
        " FROM pg_constraint JOIN pg_class ON pg_class.oid = confrelid"
        " WHERE conrelid = %(table)s::regclass AND contype = 'f' ORDER BY conname",
        table=table,
    )
    fields = ("name", "columns", "target_columns", "target", "on_delete", "nulled", "validated")
    return [dict(zip(fields, row, strict=True)) for row in rows]


def migration_problems(migrations: Iterable[Migration]) -> list[str]:
    return [
        f"{migration.app_label}.{migration.name}: {operation.name} is not made by CreateTenantTable"
        for migration in migrations
        for operation in _flat(migration.operations)
        if isinstance(operation, CreateModel)
        and not isinstance(operation, CreateTenantTable)
        and _is_a_bots(operation)
    ]


def _flat(operations: Iterable[Any]) -> Iterable[Any]:
    for operation in operations:
        yield operation
        yield from _flat(getattr(operation, "database_operations", ()))
        yield from _flat(getattr(operation, "state_operations", ()))


def _is_a_bots(operation: CreateModel) -> bool:
    return isinstance(operation, PostgresCreatePartitionedModel) or any(
        getattr(field.remote_field, "model", None) in (Bot, "tenants.bot", "tenants.Bot")
        for _, field in operation.fields
        if field.many_to_one
    )
