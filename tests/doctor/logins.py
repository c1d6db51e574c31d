from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, connections


@contextmanager
def alias_of_login(alias: str, **parameters: str) -> Iterator[str]:
    connections.databases[alias] = {**connection.settings_dict, **parameters}
    try:
        yield alias
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.databases[alias]
