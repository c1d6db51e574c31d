from collections.abc import Iterator

from tenants.doctor.expectations import SECURED
from tenants.doctor.expected_policies import expected_policies, normalised
from tenants.doctor.registry import tenant_tables
from tenants.doctor.rows import Policy
from tenants.doctor.rule import Finding, rule
from tenants.doctor.snapshot import Snapshot

RESTORE = "Take back what was done by hand, or emit the statements of tenants.policies again."


@rule(
    "I001",
    "Row security is enabled and forced on every table of bots' rows and every partition",
    "ALTER TABLE ... ENABLE ROW LEVEL SECURITY and FORCE ROW LEVEL SECURITY.",
    opens_data=True,
)
def row_security_is_forced(catalog: Snapshot) -> Iterator[Finding]:
    tables = catalog.tenant_tables | catalog.partitions.keys()
    for relation in catalog.relations:
        if relation.name in tables and not relation.secured:
            yield Finding(relation.name, "row security is not enabled")
        elif relation.name in tables and not relation.forced:
            yield Finding(relation.name, "row security is not forced, so its owner sees all")


@rule(
    "I002",
    "Each role has the policies that tenants.policies gives it, and no other",
    RESTORE,
    opens_data=True,
)
def policies_are_as_written(catalog: Snapshot) -> Iterator[Finding]:
    for table, expected in expected_policies().items():
        found = {policy.name: policy for policy in catalog.policies if policy.table == table}
        for policy in expected:
            if policy.name not in found:
                yield Finding(table, f"policy {policy.name} is missing")
            elif changed := differences(found[policy.name], policy):
                yield Finding(table, f"policy {policy.name} has another {changed}")
        for name in sorted(found.keys() - {policy.name for policy in expected}):
            yield Finding(table, f"policy {name} is not one of ours")


def differences(found: Policy, expected: Policy) -> str:
    parts = {
        "kind": found.permissive == expected.permissive,
        "command": found.command == expected.command,
        "role": found.roles == expected.roles,
        "USING": normalised(found.using) == normalised(expected.using),
        "WITH CHECK": normalised(found.check) == normalised(expected.check),
    }
    return ", ".join(part for part, same in parts.items() if not same)


@rule(
    "I003",
    "Partitions have no policies of their own",
    "DROP POLICY: a partition is only reached through its table.",
    opens_data=True,
)
def partitions_have_no_policies(catalog: Snapshot) -> Iterator[Finding]:
    for policy in catalog.policies:
        if policy.table in catalog.partitions:
            yield Finding(policy.table, f"has the policy {policy.name}")


@rule(
    "I005",
    "Every table with a bot_id is a model's, and its policies are known",
    "Make it a TenantModel with CreateTenantTable, or add it to tenants.doctor.expectations.",
    opens_data=True,
)
def tables_are_known(catalog: Snapshot) -> Iterator[Finding]:
    for table in sorted(catalog.tenant_tables - tenant_tables()):
        yield Finding(table, "has a bot_id and no model")
    for table in sorted(tenant_tables() - expected_policies().keys()):
        yield Finding(table, "has a bot_id, and nothing says what its policies are")
    for table in sorted(SECURED.keys() - tenant_tables()):
        yield Finding(table, "is expected and has no model")
