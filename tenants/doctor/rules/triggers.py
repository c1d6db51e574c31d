import re
from collections.abc import Iterator

from tenants.doctor import registry
from tenants.doctor.expectations import TRIGGERS
from tenants.doctor.expected_policies import normalised
from tenants.doctor.rule import Finding, rule
from tenants.doctor.snapshot import Snapshot

# PostgreSQL prints a comparison of rows column by column.
ROWS = re.compile(r"ROW\(([^()]*)\) IS DISTINCT FROM ROW\(([^()]*)\)")


@rule(
    "I022",
    "The triggers of the models are there as written, enabled, and no others",
    "Run `manage.py migrate`, or `manage.py pgtrigger install` (where a function is gone, between "
    "GRANT CREATE ON SCHEMA public TO botplatform_keeper and its REVOKE); ALTER TABLE ... ENABLE "
    "TRIGGER.",
    opens_data=False,
)
def triggers_are_as_written(catalog: Snapshot) -> Iterator[Finding]:
    installed = {(trigger.table, trigger.name): trigger for trigger in catalog.triggers}
    expected = {(trigger.table, trigger.name): trigger for trigger in registry.triggers()}
    for (table, name), wanted in expected.items():
        found = installed.get((table, name))
        if found is None:
            yield Finding(table, f"trigger {name} is missing")
        elif (
            _normalised(wanted.definition) != _normalised(found.definition)
            or " ".join(found.body.split()) != wanted.body
        ):
            yield Finding(table, f"trigger {name} is not as its model says")
    for trigger in catalog.triggers:
        table = catalog.partitions.get(trigger.table, trigger.table)
        of_model = expected.get((table, trigger.name))
        if (trigger.table, trigger.name) in TRIGGERS:
            continue
        if trigger.enabled not in ("O", "A"):
            yield Finding(trigger.table, f"trigger {trigger.name} is disabled")
        elif of_model and of_model.always and trigger.enabled != "A":
            yield Finding(trigger.table, f"trigger {trigger.name} is not ENABLE ALWAYS")
        elif not (of_model or trigger.internal):
            yield Finding(trigger.table, f"trigger {trigger.name} is not one of ours")


def _normalised(definition: str) -> str:
    return normalised(
        ROWS.sub(_by_column, definition.replace("EXECUTE PROCEDURE", "EXECUTE FUNCTION"))
    )


def _by_column(rows: re.Match[str]) -> str:
    sides = zip(rows[1].split(", "), rows[2].split(", "), strict=True)
    return " OR ".join(f"{old} IS DISTINCT FROM {new}" for old, new in sides)


@rule(
    "I032",
    "Accounts are guarded: staff cannot give themselves what row security refuses them",
    "Create the triggers of tenants.migrations.0004_accounts again, ENABLE ALWAYS.",
    opens_data=True,
)
def accounts_are_guarded(catalog: Snapshot) -> Iterator[Finding]:
    installed = {(trigger.table, trigger.name): trigger for trigger in catalog.triggers}
    for (table, name), fires in TRIGGERS.items():
        found = installed.get((table, name))
        definition = (
            f"CREATE TRIGGER {name} {fires} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
        if found is None:
            yield Finding(table, f"trigger {name} is missing")
        elif normalised(found.definition) != normalised(definition):
            yield Finding(table, f"trigger {name} is another")
        elif found.enabled != "A":
            yield Finding(table, f"trigger {name} is not ENABLE ALWAYS")


@rule(
    "I033",
    "No rule, event trigger or publication acts on statements or takes rows away",
    "DROP what is named, unless the server's administrators need it, for a replica for example.",
    opens_data=False,
)
def nothing_intercepts(catalog: Snapshot) -> Iterator[Finding]:
    for interceptor in catalog.interceptors:
        yield Finding(interceptor.where, f"has the {interceptor.kind} {interceptor.name}")
