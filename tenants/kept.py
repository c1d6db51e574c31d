"""Columns that save() leaves alone: they are the database's, or never change.

The roles have no right to update them either.
"""

from collections.abc import Iterable
from typing import Any


def columns_to_update(row: Any, asked_for: Iterable[str] | None) -> Iterable[str] | None:
    """For save(): what of a row that was read goes back, unless the caller says."""
    if asked_for is not None or row._state.adding or row.pk is None:
        return asked_for
    left_out = {*row.kept, *row.get_deferred_fields()}
    return [
        field.attname
        for field in row._meta.concrete_fields
        if not (field.primary_key or field.generated or field.attname in left_out)
    ]
