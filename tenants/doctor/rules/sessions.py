import re
from collections.abc import Iterator

from tenants.doctor.expectations import CLOSED, GROUPS, LOGINS, MIGRATOR, RUNTIME
from tenants.doctor.rule import Finding, rule
from tenants.doctor.snapshot import Snapshot


@rule(
    "I029",
    "Sessions of one login cannot reach into each other",
    "Run `manage.py provision_database` with a superuser's ADMIN_DATABASE_URL. Where the server "
    "gives nobody one, set track_activities = off in its parameters: who sees another's statements "
    "sees the seals of its contexts.",
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
    hidden = any(
        (setting.role, setting.name, setting.value) == (RUNTIME, "track_activities", "off")
        for setting in catalog.settings
    )
    if catalog.tracks_activities and not hidden:
        yield Finding(RUNTIME, "shows each session the others' statements (track_activities)")
