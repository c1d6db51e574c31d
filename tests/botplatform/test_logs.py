import importlib
import io
import json
import logging
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from botplatform import logs

KEY = "AAHk" + "x9_-Zq" * 6
TOKEN = f"7012345678:{KEY}"
TEXT = f"zebra one\nDETAIL: zebra two\nzebra three \" ' {TOKEN}\n\nLINE 1: zebra\nzebra (four)"
PLAIN_TEXT = "zebra \" zebra\nzebra ' (zebra)"


class Output(logging.Logger):
    def __init__(self, formatter: type[logging.Formatter] = logs.JsonFormatter) -> None:
        super().__init__("office", logging.DEBUG)
        self.stream = io.StringIO()
        handler = logging.StreamHandler(self.stream)
        handler.setFormatter(formatter())
        self.addHandler(handler)

    @property
    def written(self) -> str:
        return self.stream.getvalue()

    @property
    def entry(self) -> dict[str, Any]:
        (line,) = self.written.splitlines()
        return dict(json.loads(line))


def assert_nothing_leaked(written: str) -> None:
    assert written
    assert "zebra" not in written
    assert KEY not in written


STATEMENTS = {
    "check": "INSERT INTO log_rows (body) VALUES (%s)",
    "unique": "INSERT INTO log_rows (title) SELECT %s FROM generate_series(1, 2)",
    "uuid": "SELECT %s::uuid",
    "integer": "SELECT (%s)::integer",
    "date": "SELECT (%s)::date",
    "json": "SELECT (%s)::jsonb",
    "array": "SELECT (%s)::integer[]",
    "boolean": "SELECT (%s)::boolean",
    "time zone": "SELECT now() AT TIME ZONE (%s)",
    "inet": "SELECT (%s)::inet",
    "interval": "SELECT (%s)::interval",
    "tsquery": "SELECT (%s)::tsquery",
    "too long": "INSERT INTO log_rows (short) VALUES (%s)",
    "stored value": "SELECT t.body::integer FROM (SELECT (%s)::text || '' AS body) AS t",
    "syntax": "SELECT 1 FROM %s",
    "raise": "SELECT pg_temp.log_raise(%s)",
}


def failure(statement: str, text: str = TEXT) -> DatabaseError:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE log_rows (title text UNIQUE, short varchar(4),"
            " body text CONSTRAINT log_rows_body CHECK (body NOT LIKE '%zebra%'))"
        )
        cursor.execute(
            "CREATE FUNCTION pg_temp.log_raise(t text) RETURNS void LANGUAGE plpgsql"
            " AS $$ BEGIN RAISE EXCEPTION 'refused %', t USING DETAIL = t; END $$"
        )
        with pytest.raises(DatabaseError) as raised:
            cursor.execute(statement, [text])
    return raised.value


def log_traceback_text(output: Output, error: Exception) -> None:
    output.error("failed\n%s", "".join(traceback.format_exception(error)))


WAYS: dict[str, Callable[[Output, Exception], None]] = {
    "exception": lambda output, error: output.error("failed", exc_info=error),
    "argument": lambda output, error: output.error("failed: %s", error),
    "repr": lambda output, error: output.error("failed: %r", error),
    "named argument": lambda output, error: output.error("%(e)s", {"e": error}),
    "list": lambda output, error: output.error("failed: %s", [error, (error,)]),
    "formatted": lambda output, error: output.error(f"failed: {error}"),
    "formatted repr": lambda output, error: output.error(f"failed: {error!r}"),
    "message": lambda output, error: output.error(error),
    "extra": lambda output, error: output.error("failed", extra={"why": error}),
    "extra text": lambda output, error: output.error("failed", extra={"why": str(error)}),
    "traceback text": log_traceback_text,
}


@pytest.mark.django_db
@pytest.mark.parametrize("text", [TEXT, PLAIN_TEXT], ids=["tricky", "plain"])
@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_no_row_value_of_a_database_error_is_logged(statement: str, text: str) -> None:
    error = failure(statement, text)
    for log in WAYS.values():
        for formatter in (logs.JsonFormatter, logs.TextFormatter):
            for cause in (error, error.__cause__):
                assert isinstance(cause, Exception)
                output = Output(formatter)
                log(output, cause)
                assert_nothing_leaked(output.written)


@pytest.mark.django_db
def test_a_database_error_keeps_what_identifies_it() -> None:
    output = Output()
    output.error("failed", exc_info=failure(STATEMENTS["check"]))
    text = output.entry["exception"]
    known = "SQLSTATE 23514, table log_rows, constraint log_rows_body: new row for relation"
    assert f"psycopg.errors.CheckViolation: {known}" in text
    assert f"django.db.utils.IntegrityError: {known}" in text
    assert "test_logs.py" in text
    assert "direct cause" in text


@pytest.mark.django_db
def test_a_raise_is_named_by_its_function() -> None:
    assert "P0001: raised by pg_temp" in logs.describe(failure(STATEMENTS["raise"]))


@pytest.mark.django_db
def test_a_missing_column_is_named() -> None:
    error = failure("SELECT no_such_column WHERE %s > ''")
    assert 'column "no_such_column" does not exist' in logs.describe(error)


@pytest.mark.django_db
def test_chained_and_grouped_errors_are_redacted_everywhere() -> None:
    error = failure(STATEMENTS["check"])
    try:
        try:
            raise error
        except IntegrityError as first:
            raise RuntimeError(f"saving failed: {first}") from first
    except RuntimeError as second:
        group = ExceptionGroup("several", [second, ValueError(f"got '{TEXT}'")])
    group.__context__ = KeyError(TEXT)
    output = Output()
    output.error("failed", exc_info=group)
    assert_nothing_leaked(output.written)
    for part in ("CheckViolation", "RuntimeError: saving failed: new row", "KeyError", "several"):
        assert part in output.entry["exception"]


@pytest.mark.django_db
def test_sql_is_withheld_even_from_a_logger_someone_opened() -> None:
    output, sql = Output(), logging.getLogger("django.db.backends")
    level = sql.level
    sql.setLevel(logging.DEBUG)
    sql.addHandler(output.handlers[0])
    try:
        with CaptureQueriesContext(connection), connection.cursor() as cursor:
            cursor.execute("SELECT %s", [TEXT])
    finally:
        sql.removeHandler(output.handlers[0])
        sql.setLevel(level)
    assert output.entry["message"] == "SQL withheld"
    assert_nothing_leaked(output.written)


@pytest.mark.parametrize("formatter", [logs.JsonFormatter, logs.TextFormatter])
def test_a_token_keeps_only_its_number(formatter: type[logging.Formatter]) -> None:
    output = Output(formatter)
    output.info(f"polling bot{TOKEN}/getMe")
    output.info("polling %s", TOKEN, extra={"bot": TOKEN, TOKEN: 1}, stack_info=True)
    output.info("polling %(token)s %(list)s", {"token": TOKEN, "list": [TOKEN]})
    output.info("https://x/bot%s/", TOKEN.replace(":", "%3A"))
    output.info("failed", exc_info=OSError(TOKEN))
    assert KEY not in output.written
    assert output.written.count("7012345678") == 8


def test_passwords_in_urls_are_removed() -> None:
    output = Output()
    output.info("at postgresql://office:p@ss/w:rd@db.internal/x")
    assert output.entry["message"] == "at postgresql://office:…@db.internal/x"


@pytest.mark.parametrize(
    "message",
    [
        "Error handling request GET /admin/?q=zebra zebra",
        '"GET /admin/?q=zebra HTTP/1.1 zebra HTTP/1.1" 200 5',
        "Referer checking failed - https://office.example.com/?q=zebra does not match",
        repr(RequestFactory().get("/admin/", {"q": "zebra"})),
    ],
)
def test_query_strings_are_removed(message: str) -> None:
    output = Output()
    output.warning("%s", message)
    assert_nothing_leaked(output.written)
    assert "/?…" in output.entry["message"]


def test_a_request_is_logged_by_method_path_and_status() -> None:
    output = Output()
    request = RequestFactory().post(f"/bots/{TOKEN}/?q=zebra")
    output.error("Failed", extra={"request": request, "status_code": 500, "bot_id": 5})
    entry = output.entry
    assert entry.pop("time").endswith("Z")
    assert entry == {
        "level": "ERROR",
        "logger": "office",
        "message": "Failed",
        "method": "POST",
        "path": "/bots/7012345678:…/",
        "status": 500,
        "bot_id": 5,
    }


def test_gunicorn_access_lines_have_no_query_string() -> None:
    output = Output()
    output.name = "gunicorn.access"
    atoms = {"h": "10.0.0.1", "m": "GET", "U": "/admin/", "s": "200", "B": 5, "M": 7}
    private = {"q": "zebra", "r": "GET /admin/?zebra HTTP/1.1", "f": "https://x/?zebra"}
    safe_atoms = importlib.import_module("gunicorn.glogging").SafeAtoms
    output.info(logs.ACCESS_LOG_FORMAT, safe_atoms(atoms | private))
    assert_nothing_leaked(output.written)
    assert output.entry["message"] == "10.0.0.1 GET /admin/ 200 5B 7ms"
    assert (output.entry["path"], output.entry["status"]) == ("/admin/", 200)


def test_no_record_makes_logging_fail() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError(TEXT)

    for formatter in (logs.JsonFormatter, logs.TextFormatter):
        output = Output(formatter)
        output.info("broken %s", Broken())
        output.info("wrong %d", TEXT)
        output.info(Broken())
        output.info("lone surrogate \ud800", extra={"ratio": float("nan")})
        assert_nothing_leaked(output.written)
        assert len(output.written.splitlines()) == 4


def test_a_lost_line_does_not_print_its_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    handler = logs.StdoutHandler()
    handler.setStream(io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    handler.setFormatter(logs.TextFormatter())
    handler.handle(logging.LogRecord("office", 20, "", 0, "é %s", (TEXT,), None))
    assert capsys.readouterr().err == "a log line of INFO was lost\n"


@pytest.mark.parametrize("as_json", [True, False])
def test_the_configuration_covers_django_and_gunicorn(as_json: bool) -> None:
    script = f"""
import logging.config, sys
from django.conf import settings
from django.utils.log import DEFAULT_LOGGING
from botplatform.logs import logging_config
settings.configure(DEBUG=True)
logging.getLogger("gunicorn.error").addHandler(logging.StreamHandler())
logging.config.dictConfig(DEFAULT_LOGGING)
logging.config.dictConfig(logging_config(json={as_json}, level="DEBUG"))
names = ["app", "django.request", "django.server", "gunicorn.error", "gunicorn.access"]
for name in [*names, "django.db.backends", "django.db.backends.schema"]:
    logging.getLogger(name).debug("line of %s for %s", name, sys.argv[1])
"""
    result = subprocess.run(
        [sys.executable, "-c", script, TOKEN],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stderr == ""
    assert len(result.stdout.splitlines()) == 5
    assert KEY not in result.stdout


def test_client_side_errors_keep_their_reason_without_the_password() -> None:
    with pytest.raises(psycopg.OperationalError) as raised:
        psycopg.connect("postgresql://office:zebra@127.0.0.1:1/x", connect_timeout=2)
    assert "refused" in logs.describe(raised.value)
    assert "zebra" not in logs.describe(raised.value)
