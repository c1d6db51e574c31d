"""A list as a file, however long: CSV for spreadsheets, JSON for programs."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from queue import Full, Queue
from threading import Event, Thread
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import QuerySet
from django.db.models.functions import Cast
from django.http import StreamingHttpResponse
from django.utils.translation import get_language

from tenants.context import staff_context

ROWS_AT_ONCE = 2000
# Pieces made before the browser takes them.
WAITING = 4
# Neither of these is ever in JSON as it stands.
AS_IT_IS = r"FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02'"
# Spreadsheets of these languages have the comma in their numbers, and split cells at semicolons.
SEMICOLONS = ("ru",)
# What a spreadsheet takes for a formula, also in full width, behind blanks and, where it splits at
# another sign than was meant, within a text; a list's dashes are none.
BLANKS = r"[ \u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff\t\r\n]*"
FORMULA = (
    rf"(^{BLANKS}(?=[-=+@\uff1d\uff0b\uff0d\uff20])"
    rf"|[;,\t\r\n]{BLANKS}(?=[=@\uff1d\uff20]|[-+\uff0b\uff0d][^-+ \u00a0]))"
)


def download(
    user: Any, queryset: QuerySet, columns: dict[str, str], name: str, form: str
) -> StreamingHttpResponse:
    """Columns by their names in the file."""
    write = partial(as_csv, delimiter=_delimiter()) if form == "csv" else as_json
    return StreamingHttpResponse(
        in_context_of(user, lambda: write(queryset, columns)),
        content_type={"csv": "text/csv; charset=utf-8", "json": "application/json"}[form],
        headers={"Content-Disposition": f'attachment; filename="{name}.{form}"'},
    )


def _delimiter() -> str:
    return ";" if (get_language() or "").startswith(SEMICOLONS) else ","


def as_csv(queryset: QuerySet, columns: dict[str, str], delimiter: str = ",") -> Iterator[bytes]:
    # Spreadsheets take a file without this mark for one of another encoding.
    yield f"\ufeff{delimiter.join(columns)}\n".encode()
    cells = [_cell(queryset, path) for path in columns.values()]
    form = f"FORMAT csv, DELIMITER '{delimiter}'"
    for lines in _copied(queryset.values_list(*cells), "{}", form):
        yield b"".join(lines)


def as_json(queryset: QuerySet, columns: dict[str, str]) -> Iterator[bytes]:
    opening = b"[\n"
    values = [_value(queryset, path) for path in columns.values()]
    row = f"SELECT row_to_json(row) FROM ({{}}) AS row ({', '.join(columns)})"
    for lines in _copied(queryset.values_list(*values), row, AS_IT_IS):
        yield opening + b",\n".join(line[:-1] for line in lines)
        opening = b",\n"
    yield b"[]\n" if opening == b"[\n" else b"\n]\n"


def _copied(rows: QuerySet, what: str, form: str) -> Iterator[list[bytes]]:
    """PostgreSQL writes the lines: in Python each would cost several times as much."""
    with suppress(EmptyResultSet), connection.cursor() as cursor:
        composed: Any = connection.ops
        sql = what.format(composed.compose_sql(*rows.query.sql_with_params()))
        with cursor.copy(f"COPY ({sql}) TO STDOUT ({form})") as lines:
            while some := list(islice(lines, ROWS_AT_ONCE)):
                yield some


def _value(rows: QuerySet, path: str) -> Any:
    value = models.F(path)
    return Base64(value) if isinstance(_field(rows, path), models.BinaryField) else value


def _cell(rows: QuerySet, path: str) -> Any:
    field = _field(rows, path)
    if isinstance(field, models.CharField | models.TextField):
        return Harmless(models.F(path))
    if isinstance(field, models.BooleanField):
        return Cast(models.F(path), models.TextField())
    return _value(rows, path)


def _field(rows: QuerySet, path: str) -> Any:
    if path in rows.query.annotations:
        return rows.query.annotations[path].output_field
    model: Any = rows.model
    relation, _, name = path.rpartition("__")
    return (model._meta.get_field(relation).related_model if relation else model)._meta.get_field(
        name
    )


class Base64(models.Func):
    template = r"translate(encode(%(expressions)s, 'base64'), E'\n', '')"
    output_field = models.TextField()


class Harmless(models.Func):
    """With an apostrophe before it, a spreadsheet takes a formula for text."""

    function = "regexp_replace"
    output_field = models.TextField()

    def __init__(self, text: Any) -> None:
        super().__init__(text, *map(models.Value, (FORMULA, r"\1'", "g")))


def in_context_of(user: Any, pieces: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    """Made in a thread that is in the user's context, which a generator must not hold open."""
    made: Queue[bytes | BaseException | None] = Queue(WAITING)
    unwanted = Event()

    def offer(piece: bytes | BaseException | None) -> None:
        while not unwanted.is_set():
            with suppress(Full):
                made.put(piece, timeout=1)
                return

    def make() -> None:
        try:
            with staff_context(user):
                for piece in pieces():
                    offer(piece)
                    if unwanted.is_set():
                        return
            offer(None)
        except BaseException as error:
            offer(error)
        finally:
            connection.close()

    Thread(target=make, name="download", daemon=True).start()
    try:
        while (piece := made.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece
    finally:
        unwanted.set()
