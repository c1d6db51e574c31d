"""Thousands of the ledger's rows in one statement, at a small part of what bulk_create takes."""

import uuid
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from django.db import connection

ROWS_AT_ONCE = 2000


def insert(
    table: str, columns: Mapping[str, str], bot_id: uuid.UUID, rows: Iterable[tuple[Any, ...]]
) -> None:
    """`columns` are names and types, in the order of a row's values."""
    names = ", ".join(columns)
    arrays = ", ".join(f"%s::{type}[]" for type in columns.values())
    statement = (
        f"INSERT INTO {table} (bot_id, {names}) SELECT %s, {names} FROM unnest({arrays})"
        f" AS new ({names})"
    )
    with connection.cursor() as cursor:
        remaining = iter(rows)
        while some := list(islice(remaining, ROWS_AT_ONCE)):
            cursor.execute(statement, [bot_id, *map(list, zip(*some, strict=True))])
