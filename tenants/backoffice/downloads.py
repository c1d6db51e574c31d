"""A list as a file, however long: CSV for spreadsheets, JSON for programs."""

import csv
import io
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice
from queue import Full, Queue
from threading import Event, Thread
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from tenants.context import staff_context

ROWS_AT_ONCE = 2000
# Pieces made before the browser takes them.
WAITING = 4
# What a spreadsheet takes for a formula, also in full width and behind blanks.
FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
ENCODER = msgspec.json.Encoder()
AS_THEY_ARE = {UUID, datetime, int, float, bool, type(None)}

Rows = Iterator[tuple[Any, ...]]


def download(
    user: Any, queryset: QuerySet, columns: list[str], name: str, form: str
) -> StreamingHttpResponse:
    write = {"csv": as_csv, "json": as_json}[form]

    def pieces() -> Iterator[bytes]:
        rows = queryset.values_list(*columns).iterator(chunk_size=ROWS_AT_ONCE)
        return write(columns, rows)

    return StreamingHttpResponse(
        in_context_of(user, pieces),
        content_type={"csv": "text/csv; charset=utf-8", "json": "application/json"}[form],
        headers={"Content-Disposition": f'attachment; filename="{name}.{form}"'},
    )


def as_csv(columns: list[str], rows: Rows) -> Iterator[bytes]:
    # Spreadsheets take a file without this mark for one of another encoding.
    yield "\ufeff".encode()
    yield _csv([tuple(columns)])
    while some := list(islice(rows, ROWS_AT_ONCE)):
        yield _csv(some)


def as_json(columns: list[str], rows: Rows) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder(decimal_format="number")
    opening = b"[\n"
    while some := list(islice(rows, ROWS_AT_ONCE)):
        yield opening
        yield b",\n".join(encoder.encode(dict(zip(columns, row, strict=True))) for row in some)
        opening = b",\n"
    yield b"[]\n" if opening == b"[\n" else b"\n]\n"


def _csv(rows: list[tuple[Any, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> Any:
    if type(value) in AS_THEY_ARE:
        return value
    if isinstance(value, str):
        # Nearly all begin so, and need no match.
        plain = value[:1].isalnum() or not FORMULA.match(value)
        return value if plain else f"'{value}"
    if isinstance(value, bytes | memoryview):
        return _cell(b64encode(value).decode())
    if isinstance(value, dict | list):
        return ENCODER.encode(value).decode()  # begins with a bracket
    return value


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
