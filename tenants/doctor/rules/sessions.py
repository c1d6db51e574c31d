import re
from collections.abc import Iterator

from tenants.doctor.expectations import CLOSED, GROUPS, HIDING_SETTINGS, LOGINS, MIGRATOR
from tenants.doctor.rule import Finding, rule
from tenants.doctor.rules.settings import setting_of
from tenants.doctor.snapshot import Snapshot

LOGGED = "log_min_error_statement"


@rule(
    "I029",
    "Sessions of one login cannot reach into each other, nor the server's log into them",
    "Run `manage.py provision_database` with a superuser's ADMIN_DATABASE_URL. Where the server "
    "gives nobody one, set log_min_error_statement = panic in its parameters.",
    opens_data=False,
)
def sessions_are_apart(catalog: Snapshot) -> Iterator[Finding]:
    for grantee in ("PUBLIC", *GROUPS, *LOGINS):
        if grantee == MIGRATOR:
            continue
        functions = {
            grant.name
            for grant in catalog.grants
            if grant.kind == "server function" and grant.grantee == grantee
        }
        for what, names in CLOSED.items():
            if found := sorted(name for name in functions if re.fullmatch(names, name)):
                yield Finding(grantee, f"may {what}: {', '.join(found)}")
    for login, planned in HIDING_SETTINGS.items():
        logged = setting_of(catalog, login, LOGGED)
        if logged != planned[LOGGED]:
            yield Finding(login, f"has its statements, seals and all, logged at {logged}s")
