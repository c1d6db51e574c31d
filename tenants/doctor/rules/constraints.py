from collections.abc import Iterator

from tenants.doctor import constraints
from tenants.doctor.rule import Finding, rule
from tenants.doctor.snapshot import Snapshot


@rule(
    "I037",
    "The keys, unique constraints and checks of the models are there",
    "ALTER TABLE ... ADD CONSTRAINT again, as the migrations have it.",
    opens_data=False,
)
def constraints_are_there(catalog: Snapshot) -> Iterator[Finding]:
    for kind, wanted, found in (
        ("unique constraint", constraints.uniques(), catalog.uniques),
        ("check", constraints.checks(), catalog.checks),
    ):
        named = {(one.table, one.name) for one in found}
        of_columns = {
            (one.table, one.name, tuple(sorted(one.columns)))
            for one in found
            if not getattr(one, "partial", False)
        }
        unnamed = {(table, columns) for table, _, columns in of_columns}
        for table, name, columns in wanted:
            if columns is None:
                there = (table, name) in named
            elif name is None:
                there = (table, columns) in unnamed
            else:
                there = (table, name, columns) in of_columns
            if not there:
                what = name or f"on {', '.join(columns or ())}"
                yield Finding(table, f"{kind} {what} is missing or another")
    by_oid = catalog.by_oid
    keys = {
        (key.table, tuple(key.columns), by_oid[key.target].name, tuple(key.target_columns))
        for key in catalog.foreign_keys
        if key.target in by_oid
    }
    for key in constraints.foreign_keys():
        if tuple(key) not in keys:
            yield Finding(key.table, f"the key {', '.join(key.columns)} to {key.target} is missing")
