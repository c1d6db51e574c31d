"""Keys, unique constraints and checks that the models say the tables have."""

from functools import cache
from typing import Any, NamedTuple

from django.apps import apps
from django.db import connection, models

from tenants.models import Bot
from tenants.partitioning import PARTITIONS
from tenants.tenant import TenantModel, sibling_keys


class Wanted(NamedTuple):
    table: str
    # None where PostgreSQL or Django chose it.
    name: str | None
    columns: tuple[str, ...] | None


class WantedKey(NamedTuple):
    table: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]


@cache
def uniques() -> list[Wanted]:
    found = []
    for model in _models():
        table = model._meta.db_table
        sets: list[Any] = [(f.name,) for f in model._meta.concrete_fields if f.unique]
        # The key of a partitioned table contains what it is partitioned by.
        partitioned = issubclass(model, TenantModel) or hasattr(model, "_partitioning_meta")
        if partitioned:
            sets.remove((model._meta.pk.name,))
            found.append(Wanted(table, f"{table}_pkey", None))
        sets += model._meta.unique_together
        found += [Wanted(table, None, _columns(model, names)) for names in sets]
        for constraint in model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint):
                plain = constraint.fields and not constraint.condition
                columns = _columns(model, constraint.fields) if plain else None
                found.append(Wanted(table, constraint.name, columns))
    return found


@cache
def checks() -> list[Wanted]:
    found = []
    for model in _models():
        table = model._meta.db_table
        for constraint in model._meta.constraints:
            if isinstance(constraint, models.CheckConstraint):
                condition: Any = constraint.condition
                names = condition.referenced_base_fields
                found.append(Wanted(table, constraint.name, _columns(model, names)))
        for field in model._meta.concrete_fields:
            if field.db_check(connection):
                found.append(Wanted(table, None, (field.column,)))
    return found


@cache
def foreign_keys() -> list[WantedKey]:
    found = []
    for model in _models():
        table = model._meta.db_table
        siblings = sibling_keys(model)
        for key in siblings:
            target = key.related_model._meta.db_table
            for n in range(PARTITIONS):
                columns = ("bot_id", key.id_field.column)
                found.append(
                    WantedKey(f"{table}_p{n}", columns, f"{target}_p{n}", ("bot_id", "id"))
                )
        for field in model._meta.concrete_fields:
            if not field.many_to_one:
                continue
            # With a sibling it always has, a row has its bot as well.
            with_sibling = any(not key.null for key in siblings)
            if field.db_constraint or (field.related_model is Bot and not with_sibling):
                target = field.related_model._meta.db_table
                found.append(
                    WantedKey(table, (field.column,), target, (field.target_field.column,))
                )
    return found


def _models() -> list[Any]:
    every = apps.get_models(include_auto_created=True)
    return [model for model in every if model._meta.managed and not model._meta.proxy]


def _columns(model: Any, names: Any) -> tuple[str, ...]:
    return tuple(sorted(model._meta.get_field(name).column for name in names))
