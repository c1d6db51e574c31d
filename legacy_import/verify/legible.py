"""A value that no import writes, wherever it is met, is a difference and not the end."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DataError

from legacy_import.verify.checks import ACCOUNTING
from legacy_import.verify.findings import Findings

# What reading a damaged value ends in, in PostgreSQL or here.
ILLEGIBLE = (
    *(DataError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
    RecursionError,
)


@contextmanager
def legible(what: str, findings: Findings) -> Iterator[None]:
    try:
        yield
    except ILLEGIBLE as error:
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        told = f"the database holds what cannot be compared, for no import writes it ({said})"
        findings.add(ACCOUNTING, what, told, always=True)
