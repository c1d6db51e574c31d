from collections import Counter
from collections.abc import Iterable, Iterator

from tenants.doctor import registry
from tenants.doctor.bodies import digest
from tenants.doctor.expectations import DEFINERS, OWNER, OWNERS
from tenants.doctor.rule import Finding, rule
from tenants.doctor.snapshot import Snapshot
from tenants.policies import KEEPER

# pg_temp last: otherwise a temporary table of that name would be found before the real one.
SAFE_PATHS = ("pg_catalog, public, pg_temp", "pg_catalog, pg_temp")


@rule(
    "I018",
    "Functions are executed by those they are for; PUBLIC executes none",
    "REVOKE ALL ON FUNCTION ... FROM PUBLIC, and from whoever is named.",
    opens_data=True,
)
def functions_are_closed(catalog: Snapshot) -> Iterator[Finding]:
    callers = {trigger.name: frozenset[str]() for trigger in registry.triggers()}
    callers |= {name: definer.callers for name, definer in DEFINERS.items()}
    owners = {function.name: function.owner for function in catalog.functions}
    for grant in catalog.grants:
        if grant.kind != "function":
            continue
        if grant.grantee == "PUBLIC":
            yield Finding(f"{grant.name}()", "everybody may execute it")
        elif grant.name in callers:
            allowed = {owners[grant.name], *callers[grant.name]}
            if grant.grantee not in allowed or (grant.grantable and grant.grantee not in OWNERS):
                yield Finding(f"{grant.name}()", f"{grant.grantee} may execute it")


@rule(
    "I019",
    "Functions are known and as reviewed, owned as planned, and have a fixed search_path",
    "SET search_path = pg_catalog, public, pg_temp, and RESET any other setting; none is "
    "LEAKPROOF, STRICT or IMMUTABLE. A new one, or a new body, is reviewed and gets a line in "
    "tenants.doctor.expectations.DEFINERS.",
    opens_data=True,
)
def functions_are_known(catalog: Snapshot) -> Iterator[Finding]:
    expected = {
        trigger.name: (KEEPER if trigger.runs_as_keeper else OWNER, trigger.runs_as_keeper)
        for trigger in registry.triggers()
    }
    expected |= {name: (known.owner, known.definer) for name, known in DEFINERS.items()}
    times = Counter(function.name for function in catalog.functions)
    for name in sorted(expected.keys() - times.keys()):
        yield Finding(f"{name}()", "is missing")
    for function in catalog.functions:
        where = f"{function.name}()"
        if function.name not in expected:
            yield Finding(where, f"belongs to {function.owner} and is not expected")
            continue
        owner, definer = expected[function.name]
        if times[function.name] > 1:
            yield Finding(where, "is there more than once, with other arguments")
        if function.owner != owner:
            yield Finding(where, f"belongs to {function.owner}, not to {owner}")
        if function.definer != definer:
            yield Finding(where, f"is {'not' if definer else 'made'} SECURITY DEFINER")
        # The bodies of triggers are the models': I022.
        known, now = DEFINERS.get(function.name), digest(function.body)
        if known and known.body != now:
            yield Finding(where, f"has another body than was reviewed: its digest is now {now}")
        attributes = set(function.attributes) - (
            {"IMMUTABLE"} if known and known.immutable else set()
        )
        yield from (Finding(where, f"is {attribute}") for attribute in sorted(attributes))
        settings = set(function.settings) - set(known.settings if known else ())
        yield from (Finding(where, problem) for problem in _settings(sorted(settings)))


def _settings(settings: Iterable[str]) -> Iterator[str]:
    values = dict(setting.split("=", 1) for setting in settings)
    path = values.pop("search_path", "").replace('"', "")
    if not path:
        yield "takes the search_path of its caller"
    elif path not in SAFE_PATHS:
        yield f"has the search_path {path}"
    for name in values:
        yield f"sets {name}"
