"""Thousands of the ledger's rows in one statement, at a small part of what bulk_create takes."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db import connection

ROWS_AT_ONCE, BYTES_AT_ONCE = 2000, 1 << 20
Row = tuple[Any, ...]


def insert(table: str, columns: Mapping[str, str], bot_id: uuid.UUID, rows: Iterable[Row]) -> None:
    """`columns` are names and types, in the order of a row's values."""
    names = ", ".join(columns)
    # Bytes as bytes, and few at once: as text of an array they take several times their size.
    arrays = ", ".join(
        f"{'%b' if type == 'bytea' else '%s'}::{type}[]" for type in columns.values()
    )
    statement = (
        f"INSERT INTO {table} (bot_id, {names}) SELECT %s, {names} FROM unnest({arrays})"
        f" AS new ({names})"
    )
    with connection.cursor() as cursor:
        for some in _some(rows):
            cursor.execute(statement, [bot_id, *map(list, zip(*some, strict=True))])


def _some(rows: Iterable[Row]) -> Iterator[list[Row]]:
    some: list[Row] = []
    size = 0
    for row in rows:
        some.append(row)
        size += sum(len(value) for value in row if isinstance(value, bytes))
        if len(some) == ROWS_AT_ONCE or size >= BYTES_AT_ONCE:
            yield some
            some, size = [], 0
    if some:
        yield some
