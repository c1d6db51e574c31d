from collections.abc import Iterator

from tenants.doctor.expectations import (
    DANGEROUS_SETTINGS,
    HIDING_SETTINGS,
    LOGIN_SETTINGS,
    OUR_SETTINGS,
    ROLES,
    RUNTIME,
    SESSION_SETTINGS,
)
from tenants.doctor.rule import Finding, rule
from tenants.doctor.snapshot import Snapshot


@rule(
    "I014",
    "No setting of a role, the database or the server, and no right to set one, stands in for a "
    "context",
    "ALTER ROLE, DATABASE or SYSTEM ... RESET, or REVOKE SET ON PARAMETER.",
    opens_data=True,
)
def settings_are_plain(catalog: Snapshot) -> Iterator[Finding]:
    for setting in catalog.settings:
        if setting.role in (*ROLES, "every role") and _is_dangerous(setting.name):
            yield Finding(setting.role, f"starts with a {setting.name} of its own")
    for grant in catalog.grants:
        if grant.kind == "parameter" and grant.grantee in (*ROLES, "PUBLIC"):
            yield Finding(grant.grantee, f"may {grant.privilege} {grant.name}")
    for name, value in SESSION_SETTINGS.items():
        if (found := catalog.session_settings[name]) != value:
            yield Finding("this session", f"has {name} = {found}")


def _is_dangerous(setting: str) -> bool:
    return setting.lower() in DANGEROUS_SETTINGS or setting.lower().startswith(OUR_SETTINGS)


@rule(
    "I034",
    "Each login has the settings of its plane, and no others",
    "Run `manage.py provision_database`. PostgreSQL lets each login change its own settings and "
    "password: who did?",
    opens_data=False,
)
def logins_have_their_settings(catalog: Snapshot) -> Iterator[Finding]:
    for login, planned in LOGIN_SETTINGS.items():
        found = [s for s in catalog.settings if s.role == login and not _is_dangerous(s.name)]
        for name in sorted(planned.keys() - {setting.name for setting in found}):
            yield Finding(login, f"has no {name} of its own")
        for setting in found:
            # I029 and I035 look after those that hide statements.
            if setting.name in HIDING_SETTINGS.get(login, {}):
                continue
            if planned.get(setting.name) != setting.value:
                yield Finding(login, f"starts with {setting.name} = {setting.value}")


@rule(
    "I035",
    "Sessions of bots do not see each other's statements",
    "Run `manage.py provision_database` with a superuser's ADMIN_DATABASE_URL, or set "
    "track_activities = off in the server's parameters: the statements have the seals of contexts.",
    opens_data=True,
)
def statements_are_hidden(catalog: Snapshot) -> Iterator[Finding]:
    if setting_of(catalog, RUNTIME, "track_activities") != "off":
        yield Finding(RUNTIME, "shows each session the others' statements (track_activities)")


def setting_of(catalog: Snapshot, login: str, name: str) -> str:
    """What its sessions have; the server's own, as far as this session has none of its login."""
    own = {
        setting.value
        for setting in catalog.settings
        if (setting.role, setting.name) == (login, name)
    }
    return own.pop() if len(own) == 1 else catalog.session_settings[name]
