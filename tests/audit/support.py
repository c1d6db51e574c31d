"""The audit log as its owner reads it, and statements sent under the real logins."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

from tenants.seals import seal

LOGIN_ROLES = {
    "botplatform_office": "admin",
    "botplatform_runtime": "bot",
    "botplatform_ops": "super_admin",
}
SEALED = {"bot": ("bot", "current_bot_id"), "admin": ("staff", "current_user_id")}
FIELDS = ("operation", "table_name", "row_key", "bot_id", "login", "role", "user_id", "before")
FIELDS += ("after", "correlation_id", "client_address")


def entries(table: str | None = None) -> list[dict[str, Any]]:
    """Oldest first; read by SQL, so that no context filters them."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(FIELDS)} FROM security_audit_log"
            " WHERE %s::text IS NULL OR table_name = %s ORDER BY logged_at",
            [table, table],
        )
        rows = [dict(zip(FIELDS, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        row["bot_id"] = row["bot_id"] and str(row["bot_id"])
        for side in ("before", "after"):
            if isinstance(row[side], str):
                row[side] = json.loads(row[side])
    return rows


@contextmanager
def new_entries(table: str | None = None) -> Iterator[list[dict[str, Any]]]:
    """Filled, when the block ends, with what was logged in it."""
    before, found = len(entries(table)), []
    yield found
    found += entries(table)[before:]


@contextmanager
def login(name: str, **settings: Any) -> Iterator[psycopg.Connection[Any]]:
    """A connection of that login, in its role, in one transaction that commits."""
    database = connection.settings_dict
    with psycopg.connect(
        host=database["HOST"],
        port=database["PORT"],
        user=name,
        password=database.get("PASSWORD") or None,
        dbname=database["NAME"],
    ) as session:
        role = LOGIN_ROLES.get(name)
        if role in SEALED:
            claim, setting = SEALED[role]
            settings["context_seal"] = seal(f"{claim}:{settings.get(setting)}")
        for setting, value in settings.items():
            session.execute(
                sql.SQL("SET LOCAL app.{} = {}").format(
                    sql.Identifier(setting), sql.Literal(str(value))
                )
            )
        if role:
            session.execute(f"SET LOCAL ROLE {role}")
        yield session
