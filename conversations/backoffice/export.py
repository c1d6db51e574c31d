"""One person as a file: everything that is stored about them with one bot, as JSON."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec
from django.db import connection
from django.http import StreamingHttpResponse
from django.utils import timezone

from conversations.models import Profile
from conversations.personal import person_of
from tenants.backoffice.downloads import in_context_of
from tenants.personal import Rows, holders

FORMAT = "botplatform person 1"
ROWS_AT_ONCE = 500
AUDITED = "SELECT audit_export(%s, %s)"


def export(user: Any, profile: Profile) -> StreamingHttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(AUDITED, [profile.bot_id, profile.pk])

    def pieces() -> Iterator[bytes]:
        yield b"{" + b",\n".join(_pair(name, value) for name, value in _heading(profile))
        person = person_of(profile)
        for holder in holders():
            for section, rows in holder.export(person):
                yield b",\n" + _encode(section) + b": ["
                yield from _list(rows)
        yield b"}\n"

    return StreamingHttpResponse(
        in_context_of(user, pieces),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="person-{profile.pk}.json"'},
    )


def _heading(profile: Profile) -> Iterator[tuple[str, Any]]:
    yield "format", FORMAT
    yield "exported_at", timezone.now()
    yield "bot", {"id": profile.bot_id, "name": profile.bot.name}


def _pair(name: str, value: Any) -> bytes:
    return _encode(name) + b": " + _encode(value)


def _list(rows: Rows) -> Iterator[bytes]:
    opening, left = b"\n", iter(rows)
    while some := list(islice(left, ROWS_AT_ONCE)):
        yield opening + b",\n".join(_encode(row) for row in some)
        opening = b",\n"
    yield b"]"


def _encode(value: Any) -> bytes:
    return _encoder.encode(value)


_encoder = msgspec.json.Encoder(decimal_format="number")
