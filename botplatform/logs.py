"""Structured logs on stdout that never hold a Telegram token or a row's values.

The formatters redact, so every line of every logger passes through it. Exceptions are written
from the exception objects, because the text of a database error quotes the failing row.
"""

import json as json_module
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from math import isfinite
from typing import Any
from uuid import UUID

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db.utils import Error as DjangoDatabaseError

from tenants import correlation

ACCESS_LOG_FORMAT = "%(h)s %(m)s %(U)s %(s)s %(B)sB %(M)sms"

WITHHELD = "…"
_TOKEN = re.compile(r"(\d{5,16})(:|%3[Aa])[A-Za-z0-9_-]{30,}")
_SEAL = re.compile(r"(context_seal = ')[0-9a-f]+")
_URL_PASSWORD = re.compile(r"(?<=://)([^\s:/@]*:)\S+@")
_QUERY_STRING = re.compile(r"(/[^\s/?]*)\?(?:.*(?= HTTP/\d)|.*)")
# The parts of a database error after its first line, also when repr() has escaped the newlines.
_ERROR_PART = re.compile(r"(?:(?<![A-Za-z])|(?<=\\n))(?:DETAIL|HINT|QUERY|CONTEXT|LINE \d+):")
_ERROR_VALUE = re.compile(
    r"(?:invalid (?:input|literal|value|hexadecimal)|malformed|out of range:|syntax error|"
    r"at or near|but got|time zone|\bvalue)[^\"'\n]{0,80}(?=[\"'])|"
    r"Failing row contains|Key \([^)]*\)="
)
# A quoted value or a repr such as <Message: ...>; an apostrophe inside a word is neither.
_VALUE_START = re.compile(r"(?:(?<!\w)|(?<=\b[bru]))['\"`“„«]|<\w")
_IDENTIFIER = re.compile(r'"[A-Za-z_][\w.]{0,126}"')
_RAISED_BY = re.compile(r"PL/pgSQL function (\S+?)(?:\(| line )")
# undefined_table, undefined_column: what these quote are names.
_NAMING_STATES = ("42P01", "42703")
_NAMING_ERRORS = (AttributeError, NameError, ImportError, OSError, ImproperlyConfigured)
_NOT_EXTRA = {"message", "asctime", "taskName", "request", "status_code", "server_time"} | {
    "sql",
    "params",
    *vars(logging.makeLogRecord({})),
}


def redact(text: str) -> str:
    text = _TOKEN.sub(rf"\1\2{WITHHELD}", text)
    text = _SEAL.sub(rf"\1{WITHHELD}", text)
    text = _URL_PASSWORD.sub(rf"\1{WITHHELD}@", text)
    return _QUERY_STRING.sub(rf"\1?{WITHHELD}", text)


def redact_message(text: str) -> str:
    if part := _ERROR_PART.search(text):
        # The first line of a RAISE is free text.
        kept = "" if "PL/pgSQL" in text else text[: part.start()].partition('"')[0]
        text = kept.rstrip() + WITHHELD
    elif value := _ERROR_VALUE.search(text):
        text = text[: value.end()] + WITHHELD
    return redact(text)


def describe(error: BaseException) -> str:
    """The class of an exception and as much of its text as cannot hold a value."""
    kind = type(error)
    name = (
        kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    )
    try:
        cause = error.__cause__ if isinstance(error, DjangoDatabaseError) else error
        if isinstance(cause, psycopg.Error) and cause.diag.message_primary is not None:
            text = _describe_server_error(cause)
        elif isinstance(cause, psycopg.OperationalError) or isinstance(error, _NAMING_ERRORS):
            text = redact_message(str(error))
        else:
            text = redact_message(_before_values(str(error)))
    except Exception:
        text = WITHHELD
    return f"{name}: {text}" if text else name


def _describe_server_error(error: psycopg.Error) -> str:
    diag = error.diag
    primary = diag.message_primary or ""
    if diag.source_function == "exec_stmt_raise":
        # What a trigger's RAISE says is free text; its name is the useful part.
        raised_by = _RAISED_BY.match(diag.context or "")
        primary = f"raised by {raised_by[1]}" if raised_by else "raised"
    elif error.sqlstate not in _NAMING_STATES or '"' in _IDENTIFIER.sub("", primary):
        primary = _before_values(primary)
    names = {
        "table": diag.table_name,
        "column": diag.column_name,
        "type": diag.datatype_name,
        "constraint": diag.constraint_name,
    }
    where = "".join(f", {key} {value}" for key, value in names.items() if value)
    return redact(f"SQLSTATE {error.sqlstate}{where}: {primary}")


def _before_values(text: str) -> str:
    text = text.partition("\n")[0]
    if start := _VALUE_START.search(text):
        text = text[: start.start()] + WITHHELD
    return text


def exception_text(error: BaseException) -> str:
    """The traceback with its chain, as Python prints it, but with `describe` for the texts."""
    return redact("".join(_traceback(error, set())).rstrip())


def _traceback(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    cause, context = error.__cause__, error.__context__
    if cause is not None and id(cause) not in seen:
        yield from _traceback(cause, seen)
        yield "\nThe above exception was the direct cause of the following exception:\n\n"
    elif context is not None and not error.__suppress_context__ and id(context) not in seen:
        yield from _traceback(context, seen)
        yield "\nDuring handling of the above exception, another exception occurred:\n\n"
    if error.__traceback__:
        yield "Traceback (most recent call last):\n"
        yield from traceback.format_tb(error.__traceback__)
    yield describe(error) + "\n"
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            if id(member) not in seen:
                yield "\nIn this group:\n\n"
                yield from _traceback(member, seen)


def _safe(value: Any) -> Any:
    if isinstance(value, BaseException):
        return describe(value)
    if type(value) in (tuple, list):
        return type(value)(_safe(item) for item in value)
    if type(value) is dict:
        return {key: _safe(item) for key, item in value.items()}
    return value


def _message(record: logging.LogRecord) -> str:
    if hasattr(record, "sql"):
        return "SQL withheld"
    template = str(_safe(record.msg))
    if not record.args:
        return redact_message(template)
    try:
        return redact_message(template % _safe(record.args))
    except Exception:
        return redact_message(template)


def _extra(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and isfinite(value):
        return value
    if isinstance(value, str | float | UUID | date | BaseException):
        return redact_message(str(_safe(value)))
    return type(value).__name__


class RedactingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        try:
            line = self.render(self.fields(record))
        except Exception:
            line = self.render(self._head(record) | {"message": "log record withheld"})
        return _TOKEN.sub(rf"\1\2{WITHHELD}", line)

    def render(self, fields: dict[str, Any]) -> str:
        raise NotImplementedError

    def fields(self, record: logging.LogRecord) -> dict[str, Any]:
        fields = self._head(record) | {"message": _message(record)}
        if correlation_id := correlation.current():
            fields["correlation_id"] = correlation_id
        request, args = getattr(record, "request", None), record.args
        if record.name == "gunicorn.access" and isinstance(args, dict):
            fields |= {"method": args["m"], "path": args["U"], "status": int(args["s"])}
        elif isinstance(path := getattr(request, "path", None), str):
            fields |= {"method": getattr(request, "method", None), "path": path}
        if "status_code" in vars(record):
            fields["status"] = _extra(vars(record)["status_code"])
        if "path" in fields:
            fields["path"] = redact(str(fields["path"]))
        for key in sorted(vars(record).keys() - _NOT_EXTRA - fields.keys()):
            fields[key] = _extra(vars(record)[key])
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if error is not None:
            fields["exception"] = exception_text(error)
        elif record.exc_text:
            fields["exception"] = redact_message(record.exc_text)
        if record.stack_info:
            fields["stack"] = redact(record.stack_info)
        return fields

    @staticmethod
    def _head(record: logging.LogRecord) -> dict[str, Any]:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
        }


class JsonFormatter(RedactingFormatter):
    def render(self, fields: dict[str, Any]) -> str:
        return json_module.dumps(fields)


class TextFormatter(RedactingFormatter):
    def render(self, fields: dict[str, Any]) -> str:
        fields = dict(fields)
        time, level, logger, message = (
            fields.pop(key) for key in ("time", "level", "logger", "message")
        )
        blocks = [fields.pop(key, "") for key in ("exception", "stack")]
        rest = "".join(f" {key}={value}" for key, value in fields.items())
        line = "\n".join(
            [f"{time[11:23]} {level:<8}{logger}: {message}{rest}", *filter(None, blocks)]
        )
        return line.encode("utf-8", "backslashreplace").decode()


class StdoutHandler(logging.StreamHandler[Any]):
    def __init__(self) -> None:
        super().__init__(sys.stdout)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        # logging would print the raw message and its arguments.
        with suppress(Exception):
            sys.stderr.write(f"a log line of {record.levelname} was lost\n")


def logging_config(*, json: bool, level: str = "INFO") -> dict[str, Any]:
    own_handler = {"handlers": ["stdout"], "level": level, "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": JsonFormatter if json else TextFormatter}},
        "handlers": {"stdout": {"()": StdoutHandler, "formatter": "line"}},
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            # Listed so that their handlers of DEFAULT_LOGGING and of gunicorn are taken away.
            "django": {"level": level},
            "django.server": {"level": level, "propagate": True},
            "gunicorn.error": own_handler,
            "gunicorn.access": own_handler,
            # Its DEBUG lines are SQL with parameters.
            "django.db.backends": {"level": "WARNING"},
        },
    }
