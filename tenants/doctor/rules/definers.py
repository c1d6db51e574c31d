from collections.abc import Iterator

from tenants.doctor import registry
from tenants.doctor.bodies import digest
from tenants.doctor.expectations import DEFINERS, OWNERS
from tenants.doctor.rule import Finding, rule
from tenants.doctor.snapshot import Snapshot
from tenants.policies import KEEPER

# pg_temp last: otherwise a temporary table of that name would be found before the real one.
SAFE_PATHS = ("pg_catalog, public, pg_temp", "pg_catalog, pg_temp")


def _keeper_triggers() -> list[str]:
    return [trigger.name for trigger in registry.triggers() if trigger.runs_as_keeper]


@rule(
    "I018",
    "Functions are executed by those they are for; PUBLIC executes none",
    "REVOKE ALL ON FUNCTION ... FROM PUBLIC, and from whoever is named.",
    opens_data=True,
)
def functions_are_closed(catalog: Snapshot) -> Iterator[Finding]:
    callers = {name: definer.callers for name, definer in DEFINERS.items()}
    callers |= dict.fromkeys(_keeper_triggers(), frozenset())
    definers = {function.name: function.owner for function in catalog.definers}
    for grant in catalog.grants:
        if grant.kind != "function":
            continue
        if grant.grantee == "PUBLIC":
            yield Finding(f"{grant.name}()", "everybody may execute it")
        elif grant.name in definers and grant.name in callers:
            allowed = {definers[grant.name], *callers[grant.name]}
            if grant.grantee not in allowed or (grant.grantable and grant.grantee not in OWNERS):
                yield Finding(f"{grant.name}()", f"{grant.grantee} may execute it")


@rule(
    "I019",
    "SECURITY DEFINER functions are as reviewed, owned as planned, and have a fixed search_path",
    "SET search_path = pg_catalog, public, pg_temp. A new one, or a new body, is reviewed and gets "
    "a line in tenants.doctor.expectations.DEFINERS.",
    opens_data=True,
)
def definers_are_known(catalog: Snapshot) -> Iterator[Finding]:
    owners = {name: definer.owner for name, definer in DEFINERS.items()}
    owners |= dict.fromkeys(_keeper_triggers(), KEEPER)
    for name in sorted(owners.keys() - {function.name for function in catalog.definers}):
        yield Finding(f"{name}()", "is missing, or no longer SECURITY DEFINER")
    for function in catalog.definers:
        where = f"{function.name}()"
        if function.name not in owners:
            yield Finding(where, f"runs with the rights of {function.owner} and is not expected")
        elif function.owner != owners[function.name]:
            yield Finding(where, f"runs as {function.owner}, not as {owners[function.name]}")
        known, now = DEFINERS.get(function.name), digest(function.body)
        if known and known.body != now:
            yield Finding(where, f"has another body than was reviewed: its digest is now {now}")
        paths = [
            setting.partition("=")[2].replace('"', "")
            for setting in function.settings
            if setting.startswith("search_path=")
        ]
        if not paths:
            yield Finding(where, "takes the search_path of its caller")
        elif paths[0] not in SAFE_PATHS:
            yield Finding(where, f"has the search_path {paths[0]}")
