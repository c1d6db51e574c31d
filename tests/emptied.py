"""What a test committed is gone when it ends."""

from django.core.management.color import no_style
from django.db import connection

# As migrations left them. Processes remember their ids, and making them anew takes as long again.
LASTING = {"django_content_type", "auth_permission", "django_migrations"}


def empty_tables() -> None:
    tables = set(connection.introspection.django_table_names(only_existing=True)) - LASTING
    statements = connection.ops.sql_flush(no_style(), sorted(tables), allow_cascade=False)
    connection.ops.execute_sql_flush(statements)
