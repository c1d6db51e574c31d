"""Which runners and which of their jobs are alive: an advisory lock ends with its process."""

import uuid
from collections.abc import Collection

from django.db import connection

# Begins the keys of these locks: "job".
LOCK_CLASS = 0x6A6F62
RUNNER = 0

# In one statement, so that nothing is left behind on a connection that others use next.
HELD = """
    SELECT key, CASE WHEN pg_try_advisory_lock(%(class)s, key)
        THEN NOT pg_advisory_unlock(%(class)s, key) ELSE true END
    FROM unnest(%(keys)s::int[]) AS key
"""


def key(job_id: uuid.UUID) -> int:
    return int.from_bytes(job_id.bytes[-4:], signed=True) or 1


def held(keys: Collection[int]) -> set[int]:
    if not keys:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(HELD, {"class": LOCK_CLASS, "keys": list(keys)})
        return {key for key, is_held in cursor.fetchall() if is_held}


def hold_as_runner() -> None:
    """There may be several."""
    _call("pg_advisory_lock_shared", RUNNER)


def try_hold(job_id: uuid.UUID) -> bool:
    return _call("pg_try_advisory_lock", key(job_id))


def let_go(job_id: uuid.UUID) -> None:
    _call("pg_advisory_unlock", key(job_id))


def _call(function: str, number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [LOCK_CLASS, number])
        [(answer,)] = cursor.fetchall()
    return answer is True
