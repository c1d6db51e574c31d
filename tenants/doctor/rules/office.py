from collections.abc import Iterator

from tenants import office
from tenants.doctor.expected_policies import parse
from tenants.doctor.rule import Finding, rule
from tenants.doctor.rules.row_security import RESTORE, differences
from tenants.doctor.snapshot import Snapshot


@rule(
    "I030",
    "Staff read of Django's log what they did themselves",
    RESTORE,
    opens_data=True,
)
def the_log_is_their_own(catalog: Snapshot) -> Iterator[Finding]:
    for relation in catalog.relations:
        if relation.name == office.TABLE and not (relation.secured and relation.forced):
            yield Finding(office.TABLE, "row security is not enabled and forced")
    expected = {
        policy.name: policy
        for statement in (*office.secure_admin_log(), *office.let_keeper_erase())
        if (policy := parse(statement))
    }
    found = {policy.name: policy for policy in catalog.policies if policy.table == office.TABLE}
    for name in sorted(expected.keys() | found.keys()):
        if name not in found or name not in expected:
            yield Finding(office.TABLE, f"policy {name} is {'extra' if name in found else 'gone'}")
        elif changed := differences(found[name], expected[name]):
            yield Finding(office.TABLE, f"policy {name} has another {changed}")
