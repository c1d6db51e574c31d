from collections.abc import Iterator

from tenants.doctor.expectations import (
    DATABASE_RIGHTS,
    MIGRATOR,
    OWNERS,
    ROLES,
    SCHEMA_CREATORS,
)
from tenants.doctor.rule import Finding, rule
from tenants.doctor.snapshot import Snapshot


@rule(
    "I016",
    "Our roles have the planned rights on the database, PUBLIC none; only owners create objects",
    "REVOKE what is named. `manage.py provision_database` revokes PUBLIC's rights.",
    opens_data=True,
)
def the_database_is_closed(catalog: Snapshot) -> Iterator[Finding]:
    # I026 and I027 look after owners.
    owners = {(kind, name, owner) for kind, name, owner in catalog.owned}
    for grant in catalog.grants:
        if (grant.kind, grant.name, grant.grantee) in owners:
            continue
        if grant.kind in ("schema", "database") and grant.privilege == "CREATE":
            if grant.grantee not in {*SCHEMA_CREATORS, *catalog.superusers}:
                yield Finding(f"{grant.kind} {grant.name}", f"{grant.grantee} may create in it")
        elif (
            grant.kind == "database"
            and grant.grantee in ("PUBLIC", *ROLES)
            and ((grant.privilege, grant.grantee) not in DATABASE_RIGHTS or grant.grantable)
        ):
            yield Finding(f"database {grant.name}", f"{grant.grantee} has {grant.privilege}")


@rule(
    "I017",
    "A new table, partition or function starts with no rights for anyone",
    "ALTER DEFAULT PRIVILEGES FOR ROLE botplatform_migrator REVOKE EXECUTE ON FUNCTIONS FROM "
    "PUBLIC; and REVOKE whatever else is named.",
    opens_data=False,
)
def defaults_give_nothing(catalog: Snapshot) -> Iterator[Finding]:
    kinds = {"r": "tables", "S": "sequences", "f": "functions", "T": "types", "n": "schemas"}
    for default in catalog.default_privileges:
        if default.grantee not in (None, default.creator, *OWNERS):
            kind = kinds.get(default.kind, "large objects")
            yield Finding(
                default.creator, f"gives {default.grantee} {default.privilege} on its new {kind}"
            )
    revoked = {
        (default.creator, default.kind) for default in catalog.default_privileges
        if not default.schema
    }  # fmt: skip
    if (MIGRATOR, "f") not in revoked:
        yield Finding(MIGRATOR, "gives PUBLIC EXECUTE on its new functions")
