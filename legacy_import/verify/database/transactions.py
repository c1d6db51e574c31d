"""The verifier's transactions: it changes nothing."""

from django.db import connection


def read_only() -> None:
    """For the rest of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
