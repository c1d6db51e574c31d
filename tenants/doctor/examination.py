from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

from tenants.doctor import rules, snapshot
from tenants.doctor.rule import RULES, Finding, Rule

__all__ = ["Examination", "examine", "rules"]


@dataclass(frozen=True)
class Examination:
    """Every rule, with what was found against it."""

    findings: dict[Rule, list[Finding]]

    @property
    def broken(self) -> dict[Rule, list[Finding]]:
        return {rule: found for rule, found in self.findings.items() if found}

    @property
    def opens_data(self) -> dict[Rule, list[Finding]]:
        return {rule: found for rule, found in self.broken.items() if rule.opens_data}


def examine(connection: BaseDatabaseWrapper, login: str | None = None) -> Examination:
    """Looks at the catalog once; `login` is the one this process should have."""
    catalog = snapshot.read(connection, login)
    return Examination({rule: list(rule.examine(catalog)) for _, rule in sorted(RULES.items())})
