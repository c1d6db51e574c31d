"""bots.json: the bots' tokens are in it, so nothing of the file is kept in a reject or a note."""

from collections.abc import Iterator
from typing import Any

from legacy_import.source.document import Document
from legacy_import.source.messages import whole_number
from legacy_import.source.records import BotEntry, Note, Reading, Record, Reject
from legacy_import.source.splitting import Element
from legacy_import.source.values import Refused, plain, plain_text

STATUSES = ("active", "inactive", "maintenance", "error")
WITHHELD = b"(not kept: it may hold a token)"


def bot_records(reading: Reading, blocks: Iterator[bytes]) -> Iterator[Record]:
    document = Document(reading, blocks, "bots")
    decoder = document.decoder
    for found in document.records():
        if isinstance(found, Element):
            place = document.take()
            try:
                yield _entry(place, decoder.decode(found.raw), decoder.notes)
            except Refused as refused:
                yield Reject(place, refused.code, "", WITHHELD)
        elif isinstance(found, Reject):
            yield Reject(found.place, found.code, "", WITHHELD)
    reading.shape.clear()  # the keys around may hold anything
    reading.notes = [Note(note.code, note.where, b"") for note in reading.notes]


def _entry(place: int, value: Any, odd: list[Note]) -> BotEntry:
    if not isinstance(value, dict):
        raise Refused("not-an-object")
    notes = list(odd)
    name = _text(value, "name", notes).strip()
    if not name:
        raise Refused("missing-name")
    owner, code = whole_number(value.get("owner_telegram_id"))
    if code:
        notes.append(Note(code, "/owner_telegram_id", b""))
    status = _text(value, "status", notes).strip().lower()
    if status not in STATUSES:
        notes.append(Note("unknown-status" if status else "missing-field", "/status", b""))
        status = "inactive"
    config = plain(value.get("config") or {}, "/config", notes)
    if not isinstance(config, dict):
        raise Refused("not-an-object", "config")
    return BotEntry(
        place=place,
        name=name,
        telegram_token=_text(value, "telegram_token", notes).strip() or None,
        username=_text(value, "username", notes).strip().removeprefix("@"),
        owner_telegram_id=owner,
        status=status,
        config=config,
        notes=tuple(Note(note.code, note.where, b"") for note in notes),
    )


def _text(value: dict[str, Any], field: str, notes: list[Note]) -> str:
    text = value.get(field)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise Refused("not-text")
    return plain_text(text, f"/{field}", notes)
