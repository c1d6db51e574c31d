from collections.abc import Iterator

from tenants.doctor.expectations import GROUPS, LOGINS, MIGRATOR, OWNER, SERVER_OWNERS
from tenants.doctor.rows import Owned
from tenants.doctor.rule import Finding, rule
from tenants.doctor.snapshot import Snapshot

IN_USE = {*GROUPS, *LOGINS} - {MIGRATOR}


def _owned(catalog: Snapshot) -> Iterator[Owned]:
    yield from catalog.owned
    for relation in catalog.relations:
        yield Owned("relation", relation.name, relation.owner)


@rule(
    "I026",
    "No role that a process takes on owns anything",
    "ALTER ... OWNER TO botplatform_owner: an owner can switch row security off.",
    opens_data=True,
)
def processes_own_nothing(catalog: Snapshot) -> Iterator[Finding]:
    for kind, name, owner in _owned(catalog):
        if owner in IN_USE:
            yield Finding(f"{kind} {name}", f"belongs to {owner}")


@rule(
    "I027",
    "Everything but functions belongs to botplatform_owner",
    "ALTER ... OWNER TO botplatform_owner, as every migration of manage.py does at its end.",
    opens_data=False,
)
def everything_is_the_owners(catalog: Snapshot) -> Iterator[Finding]:
    servers = {"schema": SERVER_OWNERS}
    for kind, name, owner in _owned(catalog):
        # I019 says whose each function is.
        if kind != "function" and owner not in {OWNER, *IN_USE, *servers.get(kind, ())}:
            yield Finding(f"{kind} {name}", f"belongs to {owner}")
