from collections.abc import Iterator

from tenants.doctor.expectations import OWNER
from tenants.doctor.rows import Relation
from tenants.doctor.rule import Finding, rule
from tenants.doctor.snapshot import Snapshot


@rule(
    "I020",
    "Views read with the rights of whoever asks",
    "ALTER VIEW ... SET (security_invoker = true).",
    opens_data=True,
)
def views_have_security_invoker(catalog: Snapshot) -> Iterator[Finding]:
    on = {f"security_invoker={value}" for value in ("true", "on", "1", "yes")}
    for relation in catalog.relations:
        if relation.kind == "v" and not on & {option.lower() for option in relation.options}:
            yield Finding(relation.name, "reads with the rights of its owner")


@rule(
    "I021",
    "Nobody reads a materialized view over bots' rows",
    "REVOKE SELECT: row security does not reach what a materialized view has copied.",
    opens_data=True,
)
def materialized_views_are_closed(catalog: Snapshot) -> Iterator[Finding]:
    by_oid = catalog.by_oid
    tenants = catalog.tenant_tables | catalog.partitions.keys()

    def over_tenants(relation: Relation, seen: frozenset[int] = frozenset()) -> bool:
        return relation.name in tenants or any(
            over_tenants(by_oid[oid], seen | {relation.oid})
            for oid in relation.reads
            if oid in by_oid and oid not in seen
        )

    copies = {r.name for r in catalog.relations if r.kind == "m" and over_tenants(r)}
    for grant in catalog.grants:
        if grant.kind == "relation" and grant.name in copies and grant.grantee != OWNER:
            yield Finding(grant.name, f"{grant.grantee} has {grant.privilege}")
