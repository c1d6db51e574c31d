"""Policies as tenants.policies emits them, to be compared with those of the catalog."""

import re
from functools import cache

from django.apps import apps

from tenants.doctor.expectations import DEFINER_READS, SECURED
from tenants.doctor.rows import Policy
from tenants.policies import secure_tenant_table
from tenants.tenant import TenantModel

CREATE_POLICY = re.compile(
    r"CREATE POLICY (?P<name>\w+) ON (?P<table>\w+)(?: FOR (?P<command>\w+))?"
    r" TO (?P<roles>[\w, ]+?)"
    r"(?: USING \((?P<using>.*?)\))?(?: WITH CHECK \((?P<check>.*)\))?"
)
# What PostgreSQL adds when it prints an expression, differently in each version: casts, brackets,
# names of columns. What is left is the same words in the same order, and in ours no cast or bracket
# decides who sees a row.
PRINTED = re.compile(r'::\w+|\bAS "?\w+"?|\bpublic\.|[()\[\]\s"]', re.IGNORECASE)


@cache
def expected_policies() -> dict[str, list[Policy]]:
    """Table -> its policies. A table of bots' rows that is not here, nobody has thought about."""
    statements = {
        model._meta.db_table: secure_tenant_table(model._meta.db_table, [])
        for model in apps.get_models()
        if issubclass(model, TenantModel)
    }
    statements |= {table: emit() for table, emit in SECURED.items()}
    for role, tables in DEFINER_READS.items():
        for table, updated in tables.items():
            for command in ("SELECT", "UPDATE") if updated else ("SELECT",):
                name = f"{table}_{role.removeprefix('botplatform_')}_{command.lower()}"
                statements[table].append(
                    f"CREATE POLICY {name} ON {table} FOR {command} TO {role} USING (true)"
                )
    return {
        table: [policy for statement in emitted if (policy := parse(statement))]
        for table, emitted in statements.items()
    }


def parse(statement: str) -> Policy | None:
    if not (found := CREATE_POLICY.fullmatch(statement)):
        return None
    return Policy(
        found["table"],
        found["name"],
        True,
        found["command"] or "ALL",
        sorted(found["roles"].split(", ")),
        found["using"] or "",
        found["check"] or "",
    )


def normalised(expression: str) -> str:
    return PRINTED.sub("", expression).lower()
