from collections.abc import Iterator

from tenants import office
from tenants.doctor.expectations import RUNTIME
from tenants.doctor.expected_policies import parse
from tenants.doctor.rule import Finding, rule
from tenants.doctor.rules.grants import ROW_RIGHTS, on_relations
from tenants.doctor.rules.row_security import RESTORE, differences
from tenants.doctor.snapshot import Snapshot

SESSIONS = "django_session"
SIGNS_IN = "botplatform_office"


@rule(
    "I030",
    "Sessions are the office login's alone, and staff read of Django's log what they did",
    f"REVOKE ALL ON {SESSIONS}: its keys sign in whoever has them. {RESTORE}",
    opens_data=True,
)
def the_office_is_closed(catalog: Snapshot) -> Iterator[Finding]:
    for grant in on_relations(catalog):
        # I010 looks after bot processes, I016 after PUBLIC.
        elsewhere = grant.grantee in ("bot", "app_base", RUNTIME, SIGNS_IN, "PUBLIC")
        if grant.name == SESSIONS and grant.privilege in ROW_RIGHTS and not elsewhere:
            yield Finding(SESSIONS, f"{grant.grantee} has {grant.privilege}")
    for relation in catalog.relations:
        if relation.name == office.TABLE and not (relation.secured and relation.forced):
            yield Finding(office.TABLE, "row security is not enabled and forced")
    expected = {
        policy.name: policy
        for statement in office.secure_admin_log()
        if (policy := parse(statement))
    }
    found = {policy.name: policy for policy in catalog.policies if policy.table == office.TABLE}
    for name in sorted(expected.keys() | found.keys()):
        if name not in found or name not in expected:
            yield Finding(office.TABLE, f"policy {name} is {'extra' if name in found else 'gone'}")
        elif changed := differences(found[name], expected[name]):
            yield Finding(office.TABLE, f"policy {name} has another {changed}")
