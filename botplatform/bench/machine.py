"""What the figures were taken on."""

import os
import platform
from importlib.metadata import version

from django.db import connection


def machine() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('shared_buffers'),"
            " pg_size_pretty(pg_database_size(current_database())),"
            " (SELECT count(*) FROM messages)"
        )
        [(server, buffers, size, messages)] = cursor.fetchall()
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs,"
        f" {_memory():.0f} GB; Python {platform.python_version()}, psycopg {version('psycopg')},"
        f" PostgreSQL {server.split()[0]} with shared_buffers {buffers};"
        f" {messages:,} messages, {size}"
    )


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
