from collections.abc import Iterator

from tenants.doctor.expectations import APPEND_ONLY, OWNER
from tenants.doctor.planned_grants import planned_grants
from tenants.doctor.rows import Grant
from tenants.doctor.rule import Finding, rule
from tenants.doctor.snapshot import Snapshot

PAST_ROW_SECURITY = ("TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")


def on_relations(catalog: Snapshot) -> Iterator[Grant]:
    """Every grant but an owner's to itself."""
    owners = {relation.name: relation.owner for relation in catalog.relations}
    for grant in catalog.grants:
        if grant.kind == "relation" and grant.grantee not in (OWNER, owners[grant.name]):
            yield grant


def _target(grant: Grant) -> str:
    return f"{grant.name}.{grant.column}" if grant.column else grant.name


@rule(
    "I004",
    "Nobody has rights on a partition",
    "REVOKE ALL: a right on a partition goes past the policies of its table.",
    opens_data=True,
)
def partitions_are_closed(catalog: Snapshot) -> Iterator[Finding]:
    for grant in on_relations(catalog):
        if grant.name in catalog.partitions and grant.privilege not in PAST_ROW_SECURITY:
            yield Finding(_target(grant), f"{grant.grantee} has {grant.privilege}")


@rule(
    "I006",
    "Each role has the planned rights on tables, column by column, and nobody has others",
    "REVOKE, or GRANT again, what is named. A new right is planned in tenants.policies or in "
    "tenants.doctor.expectations.",
    opens_data=True,
)
def rights_are_as_planned(catalog: Snapshot) -> Iterator[Finding]:
    # An owner has its rights without a grant: I026 says who must not be one.
    owners = {(relation.name, relation.owner) for relation in catalog.relations}
    missing = {right for right in planned_grants() if (right[0], right[2]) not in owners}
    for grant in on_relations(catalog):
        # I004 and I007 look after these.
        if grant.name in catalog.partitions or grant.privilege in PAST_ROW_SECURITY:
            continue
        right = (grant.name, grant.column, grant.grantee, grant.privilege)
        missing.discard(right)
        if right not in planned_grants():
            yield Finding(_target(grant), f"{grant.grantee} has {grant.privilege}")
        elif grant.grantable:
            yield Finding(_target(grant), f"{grant.grantee} may pass on {grant.privilege}")
    for table, column, role, privilege in sorted(missing, key=str):
        yield Finding(f"{table}.{column}" if column else table, f"{role} lacks {privilege}")


@rule(
    "I007",
    "Nobody but the owner may TRUNCATE, reference, put triggers on or maintain a table",
    "REVOKE TRUNCATE, REFERENCES, TRIGGER, MAINTAIN: none of them knows row security.",
    opens_data=True,
)
def no_rights_past_row_security(catalog: Snapshot) -> Iterator[Finding]:
    for grant in on_relations(catalog):
        if grant.privilege in PAST_ROW_SECURITY:
            yield Finding(_target(grant), f"{grant.grantee} has {grant.privilege}")


@rule(
    "I008",
    "Entries of the audit log are changed and deleted by nobody, their owner included",
    f"REVOKE UPDATE, DELETE, REFERENCES, TRIGGER on it and its partitions FROM {OWNER}.",
    opens_data=False,
)
def entries_stay(catalog: Snapshot) -> Iterator[Finding]:
    owners = {relation.name: relation.owner for relation in catalog.relations}
    for grant in catalog.grants:
        if grant.kind != "relation" or grant.grantee not in (OWNER, owners[grant.name]):
            continue
        table = catalog.partitions.get(grant.name, grant.name)
        if table in APPEND_ONLY and grant.privilege in (
            "UPDATE",
            "DELETE",
            "REFERENCES",
            "TRIGGER",
        ):
            yield Finding(_target(grant), f"{grant.grantee} has {grant.privilege}")


@rule(
    "I031",
    "PostgreSQL's own objects, and extensions', are as they were installed",
    "REVOKE what is named; DROP what is not PostgreSQL's own, or ALTER FUNCTION ... SECURITY "
    "INVOKER NOT LEAKPROOF.",
    opens_data=True,
)
def the_server_is_as_installed(catalog: Snapshot) -> Iterator[Finding]:
    closed = {
        (grant.name, grant.grantee, grant.privilege)
        for grant in catalog.grants
        if grant.kind == "server function"
    }
    for grant in catalog.grants:
        # I029 says who may call those that provisioning has closed.
        right = (grant.name, grant.grantee, grant.privilege)
        if grant.kind == "server object" and right not in closed:
            yield Finding(grant.name, f"{grant.grantee} has {grant.privilege}")
    for stranger in catalog.strangers:
        yield Finding(stranger.name, stranger.problem)
