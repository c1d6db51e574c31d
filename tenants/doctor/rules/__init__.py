"""Importing a module of rules registers them."""

from tenants.doctor.rules import (
    constraints,
    definers,
    grants,
    keys,
    office,
    owners,
    public,
    roles,
    row_security,
    sessions,
    settings,
    triggers,
    views,
)

__all__ = [
    "constraints",
    "definers",
    "grants",
    "keys",
    "office",
    "owners",
    "public",
    "roles",
    "row_security",
    "sessions",
    "settings",
    "triggers",
    "views",
]
