from collections.abc import Iterator

from tenants import office
from tenants.doctor.expected_policies import parse
from tenants.doctor.rule import Finding, rule
from tenants.doctor.rules.row_security import RESTORE, differences
from tenants.doctor.snapshot import Snapshot


@rule(
    "I030",
    "Staff read of Django's log what they did themselves, and have what is their own",
    RESTORE,
    opens_data=True,
)
def rows_of_staff_are_their_own(catalog: Snapshot) -> Iterator[Finding]:
    for relation in catalog.relations:
        if relation.name in office.OF_STAFF and not (relation.secured and relation.forced):
            yield Finding(relation.name, "row security is not enabled and forced")
    for table, secure in office.OF_STAFF.items():
        expected = {policy.name: policy for statement in secure() if (policy := parse(statement))}
        found = {policy.name: policy for policy in catalog.policies if policy.table == table}
        for name in sorted(expected.keys() | found.keys()):
            if name not in found or name not in expected:
                yield Finding(table, f"policy {name} is {'extra' if name in found else 'gone'}")
            elif changed := differences(found[name], expected[name]):
                yield Finding(table, f"policy {name} has another {changed}")
