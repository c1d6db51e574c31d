from collections.abc import Iterator

from tenants.doctor.rule import Finding, rule
from tenants.doctor.snapshot import Snapshot


@rule(
    "I020",
    "Views read with the rights of whoever asks",
    "ALTER VIEW ... SET (security_invoker = true).",
    opens_data=True,
)
def views_have_security_invoker(catalog: Snapshot) -> Iterator[Finding]:
    on = {f"security_invoker={value}" for value in ("true", "on", "1", "yes")}
    for relation in catalog.relations:
        if relation.kind == "v" and not on & {option.lower() for option in relation.options}:
            yield Finding(relation.name, "reads with the rights of its owner")
