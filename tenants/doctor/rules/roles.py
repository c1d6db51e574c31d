from collections.abc import Iterator

from tenants.doctor.expectations import (
    LOGINS,
    MIGRATOR,
    OWNER,
    POWERFUL,
    ROLES,
    TEST_MEMBERSHIPS,
)
from tenants.doctor.rule import Finding, rule
from tenants.doctor.snapshot import Snapshot


@rule(
    "I011",
    "No role of ours is a superuser or can pass row security, make roles or replicate",
    "ALTER ROLE ... NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOREPLICATION NOCREATEDB; group roles "
    "and owners NOLOGIN. Only the migrator has BYPASSRLS.",
    opens_data=True,
)
def roles_are_plain(catalog: Snapshot) -> Iterator[Finding]:
    for role in catalog.roles:
        if role.name not in ROLES:
            continue
        makes_test_databases = role.name == MIGRATOR and not catalog.production
        wrong = {
            "is a superuser": role.superuser,
            "passes row security (BYPASSRLS)": role.bypasses_row_security and role.name != MIGRATOR,
            "may create roles": role.creates_roles,
            "may replicate, and so read all files": role.replicates,
            "may create databases": role.creates_databases and not makes_test_databases,
            "can log in": role.logs_in and role.name not in LOGINS,
        }
        for problem, present in wrong.items():
            if present:
                yield Finding(role.name, problem)
        if role.name == MIGRATOR and not role.bypasses_row_security:
            yield Finding(role.name, "lacks BYPASSRLS: migrations would silently miss rows")


@rule(
    "I012",
    "Each login is a member of its plane's role and of nothing else, and nobody else of ours",
    "REVOKE the role, or run `manage.py provision_database` when one is missing. Memberships in "
    "the server's own pg_... roles count: they read and write past row security.",
    opens_data=True,
)
def memberships_are_planned(catalog: Snapshot) -> Iterator[Finding]:
    roles = {role.name: role for role in catalog.roles}
    for name in ROLES:
        planned = LOGINS.get(name, frozenset())
        allowed = planned if catalog.production else planned | TEST_MEMBERSHIPS.get(name, planned)
        found = {link.role for link in catalog.memberships if link.member == name}
        for role in sorted(found - allowed):
            yield Finding(name, f"can become {role}")
        for role in sorted(planned - found):
            yield Finding(name, f"is not a member of {role}")
    for link in catalog.memberships:
        if link.member in ROLES:
            if link.admin:
                yield Finding(link.member, f"may give {link.role} to others")
        elif link.role in ROLES:
            # Who administers roles could take any; on PostgreSQL 16 making one says so here.
            administrator = roles[link.member].superuser or roles[link.member].creates_roles
            if not administrator:
                yield Finding(link.member, f"is not one of ours and can become {link.role}")


@rule(
    "I013",
    "No login inherits a role's rights but the migrator",
    "ALTER ROLE ... NOINHERIT; on PostgreSQL 16 and later also GRANT role TO login WITH INHERIT "
    "FALSE. Permissive policies add up through inheritance.",
    opens_data=True,
)
def nobody_inherits(catalog: Snapshot) -> Iterator[Finding]:
    for role in catalog.roles:
        if role.name in ROLES and role.inherits and role.name not in (MIGRATOR, OWNER):
            yield Finding(role.name, "would inherit what it is made a member of")
    for link in catalog.memberships:
        if link.member in ROLES and link.inherits and link.member != MIGRATOR:
            yield Finding(link.member, f"inherits the rights of {link.role}")


@rule(
    "I015",
    "This process has the login of its plane",
    "Put the login of this plane into DATABASE_URL; botplatform.planes lists them.",
    opens_data=True,
)
def login_suits_plane(catalog: Snapshot) -> Iterator[Finding]:
    if catalog.login != catalog.expected_login:
        yield Finding(catalog.login, f"is the login here, where {catalog.expected_login} should be")


@rule(
    "I036",
    "No other login passes row security",
    "ALTER ROLE ... NOBYPASSRLS NOREPLICATION, or REVOKE the role. Superusers, and who makes "
    "roles, are the server's own affair.",
    opens_data=False,
)
def others_do_not_pass(catalog: Snapshot) -> Iterator[Finding]:
    roles = {role.name: role for role in catalog.roles}
    for role in catalog.roles:
        if not role.logs_in or role.name in ROLES or role.superuser or role.creates_roles:
            continue
        for taken in sorted(_can_become(catalog, role.name)):
            if roles[taken].bypasses_row_security or roles[taken].replicates or taken in POWERFUL:
                through = "" if taken == role.name else f" as {taken}"
                yield Finding(role.name, f"may read all rows{through}")


def _can_become(catalog: Snapshot, member: str) -> set[str]:
    reached, new = {member}, {member}
    while new:
        new = {link.role for link in catalog.memberships if link.member in new} - reached
        reached |= new
    # I012 says who may become one of ours.
    return reached - set(ROLES)
