"""What a call of BotStore raises, and which error of the database means which."""

from collections.abc import Iterator

import psycopg
from django.apps import apps
from django.db import DatabaseError

BOT_KEY = "_bot_fkey"
# Serialization failure, deadlock, and a server that goes down or comes up.
PASSING = ("40001", "40P01", "57P01", "57P02", "57P03", "57P05")
CONNECTION_LOST = "08"
# Data, integrity and the limits of the program, such as the size of an index entry.
REFUSED = ("22", "23", "54")


class StoreError(Exception):
    pass


class BotNotFound(StoreError):
    pass


class InvalidValue(StoreError, ValueError):
    """A value the database does not take; nothing was changed."""


class StoreUnavailable(StoreError):
    """The database could not do it now. Every call may be made again: none is done twice."""


def is_passing(error: Exception) -> bool:
    """Whether the same call may well work in a moment."""
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return error.sqlstate in PASSING or error.sqlstate.startswith(CONNECTION_LOST)


def translated(error: Exception) -> Exception:
    """As one of the errors above; what is a mistake in a program stays what it is.

    The detail of an error quotes rows, so only its first line is repeated.
    """
    cause = error.__cause__ if isinstance(error, DatabaseError) and error.__cause__ else error
    if not isinstance(cause, psycopg.Error):
        return error
    text = cause.diag.message_primary or str(cause).partition("\n")[0]
    state = cause.sqlstate or ""
    if state.startswith(REFUSED) or isinstance(cause, psycopg.DataError):
        constraint = cause.diag.constraint_name or ""
        if constraint.endswith(BOT_KEY):
            return BotNotFound("The bot is not there (any more).")
        return InvalidValue(dict(_constraints()).get(constraint) or f"{text}.")
    if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return StoreUnavailable(f"The database cannot be used now: {text}.")
    return error


def _constraints() -> Iterator[tuple[str, str]]:
    """What the models say to people when one of their constraints refuses."""
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            yield constraint.name, str(constraint.violation_error_message)
