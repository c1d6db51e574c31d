"""Rights on tables as tenants.policies and the expectations grant them, column by column."""

import re
from collections.abc import Iterable
from functools import cache

from tenants.doctor.expectations import GRANTS
from tenants.doctor.secured import statements

GRANT = re.compile(r"GRANT (?P<rights>.+) ON (?P<tables>[\w, ]+) TO (?P<roles>[\w, ]+)")
RIGHT = re.compile(r"(\w+)(?: \(([^)]*)\))?")

# Table, column (or None: the whole table), role, right.
Right = tuple[str, str | None, str, str]


@cache
def planned_grants() -> frozenset[Right]:
    emitted = [statement for secured in statements().values() for statement in secured]
    return frozenset(granted([*emitted, *GRANTS]))


def granted(emitted: Iterable[str]) -> Iterable[Right]:
    for statement in emitted:
        if not (found := GRANT.fullmatch(statement)):
            continue
        for right, columns in RIGHT.findall(found["rights"]):
            for column in columns.split(", ") if columns else (None,):
                for table in found["tables"].split(", "):
                    for role in found["roles"].split(", "):
                        yield table, column, role, right
