"""What the models say about isolation."""

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models

from tenants.audit.accounts import ACCOUNTS, SECOND_FACTORS
from tenants.audit.triggers import AuditTriggerSql, audit_rows
from tenants.models import Bot
from tenants.triggers import KeeperTriggerSql

CREATE_TRIGGER = re.compile(r"(?P<create>CREATE\s+TRIGGER[^;]+);")


def tenant_models() -> list[type[models.Model]]:
    """Models whose rows belong to a bot, and the bots themselves."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model is Bot or any(field.column == "bot_id" for field in model._meta.concrete_fields)
    ]


def tenant_tables() -> set[str]:
    return {model._meta.db_table for model in tenant_models()}


def kept_columns() -> dict[str, set[str]]:
    """Table -> columns that no UPDATE may touch."""
    return {
        model._meta.db_table: {"id", "bot_id", *getattr(model, "kept", ())}
        for model in tenant_models()
    }


@dataclass(frozen=True)
class ExpectedTrigger:
    table: str
    name: str
    # CREATE TRIGGER, as we emit it.
    definition: str
    body: str
    # Fires for session_replication_role = replica as well.
    always: bool
    runs_as_keeper: bool


@cache
def triggers() -> list[ExpectedTrigger]:
    """Those of our models, and those that tenants.audit puts on Django's."""
    found = [
        _expected(trigger, model)
        for model in apps.get_models()
        for trigger in getattr(model._meta, "triggers", ())
    ]
    for model, columns in [*ACCOUNTS, *SECOND_FACTORS]:
        for trigger in audit_rows(bot=None, **columns):
            expected = _expected(trigger, model)
            names = {
                field: getattr(expected, field).replace("pgtrigger_audit", "audit")
                for field in ("name", "definition")
            }
            found.append(replace(expected, **names))
    return found


def _expected(trigger: Any, model: type[models.Model]) -> ExpectedTrigger:
    sql = trigger.compile(model).sql
    definition = CREATE_TRIGGER.search(str(sql))
    assert definition
    return ExpectedTrigger(
        sql.kwargs["table"],
        sql.kwargs["pgid"],
        definition["create"],
        " ".join(f"{sql.kwargs.get('declare', '')} BEGIN {sql.kwargs['func']} END;".split()),
        always=isinstance(sql, AuditTriggerSql),
        runs_as_keeper=isinstance(sql, KeeperTriggerSql),
    )
