"""What a call of BotStore raises, and which error of the database means which."""

from collections.abc import Iterator

import psycopg
from django.apps import apps
from django.db import DatabaseError

BOT_KEY = "_bot_fkey"
# Serialization failure and deadlock.
CONFLICTS = ("40001", "40P01")
# Of rows that were looked up by the same statement: they went meanwhile, with an erased person.
CHAT_KEY, CHAT_GONE = "_conversation_fkey", "23503"
# A server that goes down or comes up, a session that it ended, and what has to do with connections.
LOST = ("57P01", "57P02", "57P03", "57P05", "25P03", "08")
# Data, integrity and the limits of the program, such as the size of an index entry.
REFUSED = ("22", "23", "54")


class StoreError(Exception):
    pass


class BotNotFound(StoreError):
    pass


class InvalidValue(StoreError, ValueError):
    """A value the database does not take; nothing was changed."""


class StoreUnavailable(StoreError):
    """The database could not do it now, or nobody knows whether it did.

    The call may be made again. Only metrics, and messages without a `telegram_message_id`, may then
    be there twice.
    """


def is_conflict(error: psycopg.Error) -> bool:
    if error.sqlstate == CHAT_GONE:
        return (error.diag.constraint_name or "").endswith(CHAT_KEY)
    return error.sqlstate in CONFLICTS


def is_lost(error: psycopg.Error) -> bool:
    """Whether there is no connection (any more)."""
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return error.sqlstate.startswith(LOST)


def translated(error: Exception) -> StoreError:
    """The detail of an error quotes rows, so only its first line is repeated."""
    cause = error.__cause__ if isinstance(error, DatabaseError) and error.__cause__ else error
    if not isinstance(cause, psycopg.Error):
        return StoreError(str(error))
    text = cause.diag.message_primary or str(cause).partition("\n")[0]
    if (cause.sqlstate or "").startswith(REFUSED) or isinstance(cause, psycopg.DataError):
        constraint = cause.diag.constraint_name or ""
        if constraint.endswith(BOT_KEY):
            return BotNotFound("The bot is not there (any more).")
        return InvalidValue(dict(_constraints()).get(constraint) or f"{text}.")
    if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return StoreUnavailable(f"The database cannot be used now: {text}.")
    return StoreError(f"{text}.")


def _constraints() -> Iterator[tuple[str, str]]:
    """What the models say to people when one of their constraints refuses."""
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            yield constraint.name, str(constraint.violation_error_message)
