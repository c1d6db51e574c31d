from collections.abc import Iterator

from tenants.doctor import registry
from tenants.doctor.expectations import TRIGGERS
from tenants.doctor.rule import Finding, rule
from tenants.doctor.snapshot import Snapshot


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
        elif found.comment != wanted.hash or wanted.body != " ".join(found.body.split()):
            yield Finding(table, f"trigger {name} is not as its model says")
    for trigger in catalog.triggers:
        table = catalog.partitions.get(trigger.table, trigger.table)
        of_model = expected.get((table, trigger.name))
        if trigger.enabled not in ("O", "A"):
            yield Finding(trigger.table, f"trigger {trigger.name} is disabled")
        elif of_model and of_model.always and trigger.enabled != "A":
            yield Finding(trigger.table, f"trigger {trigger.name} is not ENABLE ALWAYS")
        elif table in catalog.tenant_tables and not (
            of_model or trigger.internal or (table, trigger.name) in TRIGGERS
        ):
            yield Finding(trigger.table, f"trigger {trigger.name} is not one of ours")
