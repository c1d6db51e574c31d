"""What ended a run, in words for whoever is woken by it."""

import psycopg
from django.db import Error

STAYS = "What was imported stays."
FULL = (
    "The disk of the database server is full: make room, then run the same command again. " + STAYS
)
LOST = (
    "The connection to the database was lost: its server was stopped or restarted, ran out of disk "
    "or memory, or the network failed. When it is back, run the same command again. " + STAYS
)
# By SQLSTATE, or the begin of it.
CAUSES = {
    "53100": FULL,
    "53200": "The database server ran out of memory. Run the same command again. " + STAYS,
    "53300": "The database server has no connection left. Run the same command again later. "
    + STAYS,
    "57014": "A statement was cancelled, by hand or by statement_timeout. Run the same command "
    "again. " + STAYS,
    "57P": LOST,
    "08": LOST,
    "58": "The database server cannot read or write its files; its log says more. When that is "
    "mended, run the same command again. " + STAYS,
    "55P03": "Somebody held a lock on these rows for too long. Run the same command again later. "
    + STAYS,
    "40": "Other writers came in the way again and again. Run the same command again. " + STAYS,
}


class RunFailed(Exception):
    """Says why, and what to do; what was committed stays."""


def failure(error: Error) -> RunFailed | None:
    """None where a traceback says more."""
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None) or ""
    for begin, words in CAUSES.items():
        if state.startswith(begin):
            return RunFailed(words)
    gone = isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
    return RunFailed(LOST) if gone and not state else None
