"""The real logins of the planes as connections, committed rows included."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, connections

from botplatform.planes import Plane


@contextmanager
def login_of(plane: Plane) -> Iterator[str]:
    """Yields an alias; sees only what was committed."""
    alias = f"login_{plane.name}"
    connections.databases[alias] = {**connection.settings_dict, "USER": plane.login}
    try:
        # Now and not when first used: Django's tests forbid that for an alias they do not know.
        connections[alias].connect()
        yield alias
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.databases[alias]
