"""What to do about a database that cannot be used, in words for the person at the keyboard."""

import re

import psycopg
from django.db import DatabaseError, NotSupportedError
from django.db.utils import OperationalError, ProgrammingError
from psycopg_pool import PoolTimeout


class WrongLogin(Exception):
    """Migrations were started under a login that must not own tables."""


HINTS = (
    (
        r"password authentication failed|no password supplied",
        "The server refused the login or its password. Check the login and the password in "
        "DATABASE_URL (special characters percent-encoded).",
    ),
    (
        r'role "[^"]*" does not exist',
        "The login does not exist on this server. Run `manage.py provision_database` with a "
        "privileged URL: it creates the logins.",
    ),
    (
        r'database "[^"]*" does not exist',
        "The database does not exist on this server. Check the name at the end of DATABASE_URL, "
        "or create it with `manage.py provision_database`.",
    ),
    (
        r"Connection refused|No such file or directory|failed to resolve|timeout expired"
        r"|Network is unreachable|No route to host|server closed the connection",
        "No server answers there. Is it running, and are host and port in DATABASE_URL right?",
    ),
    (
        r"invalid sslmode|invalid connection option|invalid .* value",
        "DATABASE_URL has an option after the ? that PostgreSQL does not know.",
    ),
    (r"no pg_hba.conf entry", "The server does not admit this login from here: ask its DBA."),
    (r"too many (clients|connections)|remaining connection slots", "The server is full."),
    (r"the database system is (starting up|shutting down)", "Try again in a moment."),
)


def explanation(error: BaseException) -> str | None:
    """One message, or None where a traceback says more."""
    cause = error.__cause__ if isinstance(error, DatabaseError) and error.__cause__ else error
    text = _first_line(cause)
    if isinstance(error, NotSupportedError) and "PostgreSQL" in text:
        return f"{text} Point DATABASE_URL at a newer server."
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return (
            f"{text}.\nThis login lacks the right. Each kind of process has a login of its own: "
            "see `manage.py provision_database` and the README."
        )
    if isinstance(cause, PoolTimeout):
        return "The database did not give a connection in time. Is the server running?"
    if isinstance(cause, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return f"{text}.\nThe tables are missing or old: run `manage.py migrate`."
    if isinstance(error, OperationalError | ProgrammingError | psycopg.OperationalError):
        for pattern, hint in HINTS:
            if re.search(pattern, str(cause)):
                return f"{text}\n{hint}"
    return None


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
