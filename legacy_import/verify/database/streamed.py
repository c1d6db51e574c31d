"""Rows of a query that may be large, a few of them at a time."""

from collections.abc import Iterator
from typing import Any

from django.db import connection

# They may have 8 MB each.
FEW_AT_ONCE = 4


def streamed(
    query: str, values: list[Any] | dict[str, Any], at_once: int = FEW_AT_ONCE
) -> Iterator[tuple[Any, ...]]:
    cursor: Any
    with connection.chunked_cursor() as cursor:
        cursor.cursor.itersize = at_once
        cursor.execute(query, values)
        yield from cursor
