"""Policies as tenants.policies emits them, to be compared with those of the catalog."""

import re
from functools import cache

from tenants.doctor.expectations import GRANTS, OWNERS
from tenants.doctor.planned_grants import granted
from tenants.doctor.rows import Policy
from tenants.doctor.secured import statements

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
    """Table -> its policies."""
    emitted = {table: list(secured) for table, secured in statements().items()}
    # The owners of definer functions see all rows of what they have a right to.
    for table, role, right in sorted({(t, role, right) for t, _, role, right in granted(GRANTS)}):
        if role in OWNERS and table in emitted:
            name = f"{table}_{role.removeprefix('botplatform_')}_{right.lower()}"
            emitted[table].append(
                f"CREATE POLICY {name} ON {table} FOR {right} TO {role} USING (true)"
            )
    return {
        table: [policy for statement in secured if (policy := parse(statement))]
        for table, secured in emitted.items()
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
