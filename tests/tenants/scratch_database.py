"""A database of its own beside the test database, dropped in the end."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, connections

ALIAS = "scratch"


@contextmanager
def scratch_database() -> Iterator[str]:
    """Yields an alias; the caller's test must not be in a transaction."""
    name = f"{connection.settings_dict['NAME']}_scratch"
    suffix = connection.creation.sql_table_creation_suffix()
    with connection.cursor() as cursor:
        # Without FORCE: that would want the right to end an autovacuum, which yields by itself.
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}" {suffix}')
    connections.databases[ALIAS] = {**connection.settings_dict, "NAME": name}
    try:
        yield ALIAS
    finally:
        connections[ALIAS].close()
        del connections[ALIAS]
        del connections.databases[ALIAS]
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}"')


CATALOG = {
    "relations": "SELECT relname, relkind, pg_get_userbyid(relowner), relacl::text,"
    " pg_get_expr(relpartbound, oid), reloptions, relrowsecurity, relforcerowsecurity"
    " FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    "columns": "SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod),"
    " attnotnull, attacl::text, pg_get_expr(adbin, adrelid) FROM pg_attribute"
    " JOIN pg_class ON pg_class.oid = attrelid LEFT JOIN pg_attrdef"
    " ON adrelid = attrelid AND adnum = attnum"
    " WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid),"
    " convalidated FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
    "indexes": "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid"
    " FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
    " WHERE relnamespace = 'public'::regnamespace",
    "triggers": "SELECT tgname, tgrelid::regclass::text, pg_get_triggerdef(pg_trigger.oid)"
    " FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT proname, pg_get_functiondef(pg_proc.oid), pg_get_userbyid(proowner),"
    " proacl::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'",
    "policies": "SELECT tablename, policyname, cmd, roles::text, qual, with_check FROM pg_policies",
}


def catalog(alias: str) -> dict[str, list[tuple]]:
    found = {}
    with connections[alias].cursor() as cursor:
        for what, sql in CATALOG.items():
            cursor.execute(sql)
            found[what] = sorted(cursor.fetchall(), key=str)
    return found
