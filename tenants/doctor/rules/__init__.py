"""Importing a module of rules registers them."""

from tenants.doctor.rules import (
    definers,
    grants,
    keys,
    office,
    owners,
    public,
    roles,
    row_security,
    sessions,
    triggers,
    views,
)

__all__ = [
    "definers",
    "grants",
    "keys",
    "office",
    "owners",
    "public",
    "roles",
    "row_security",
    "sessions",
    "triggers",
    "views",
]
