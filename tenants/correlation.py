"""The id that ties together what one request or one command did: in logs, answers and the audit;
and the address that a request came from.

Only the standard library here: the settings' logging uses it.
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Safe as an SQL literal, which tenants.context makes of it, and in a header.
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")

_current: ContextVar[str | None] = ContextVar("correlation_id", default=None)
_address: ContextVar[str | None] = ContextVar("client_address", default=None)


def current() -> str | None:
    return _current.get()


def address() -> str | None:
    return _address.get()


def begin(wanted: str | None = None) -> str:
    """For the rest of this process or thread; a malformed id is replaced by a new one."""
    correlation_id = well_formed(wanted) or uuid.uuid4().hex
    _current.set(correlation_id)
    return correlation_id


@contextmanager
def correlated(wanted: str | None = None, address: str | None = None) -> Iterator[str]:
    outer, came_from = _current.get(), _address.get()
    _address.set(address)
    try:
        yield begin(wanted)
    finally:
        _current.set(outer)
        _address.set(came_from)


def well_formed(text: str | None) -> str | None:
    return text if text and WELL_FORMED.fullmatch(text) else None
