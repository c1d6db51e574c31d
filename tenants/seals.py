"""Seals on contexts: SQL that names another bot, or another staff user, cannot seal the claim.

All bots share a login, so any SQL can set the settings that row security reads. The processes sign
what they set with a key that SQL has no way to read: it is in their environment, and in a table
that only the keeper's functions see.
"""

import hashlib
import hmac

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, ProgrammingError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.errors import InsufficientPrivilege

BLOCK = 64


def seal(claim: str) -> str:
    key: str = settings.CONTEXT_KEYS[0]
    return hmac.digest(key.encode(), claim.encode(), "sha256").hex()


def install_context_keys(using: str = DEFAULT_DB_ALIAS) -> int:
    """From now on the database accepts the seals of these keys and of no others."""
    keys = [_pads(key) for key in settings.CONTEXT_KEYS]
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("DELETE FROM context_keys")
        cursor.executemany("INSERT INTO context_keys (inner_pad, outer_pad) VALUES (%s, %s)", keys)
    return len(keys)


def accepted_by(connection: BaseDatabaseWrapper) -> bool:
    """Whether the database knows the key of this process, which is the back office."""
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(
                "SET LOCAL app.current_user_id = '0'; "
                f"SET LOCAL app.context_seal = '{seal('staff:0')}'; SET LOCAL ROLE admin"
            )
            cursor.execute("SELECT staff_is_superuser()")
            transaction.set_rollback(True, using=connection.alias)
    except ProgrammingError as error:
        if not isinstance(error.__cause__, InsufficientPrivilege):
            raise
        return False
    return True


def _pads(key: str) -> tuple[bytes, bytes]:
    """The two blocks HMAC begins its hashes with: PostgreSQL has sha256(), and no HMAC."""
    raw = key.encode()
    block = (raw if len(raw) <= BLOCK else hashlib.sha256(raw).digest()).ljust(BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)
