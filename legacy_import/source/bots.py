"""bots.json: the bots' tokens are in it, so nothing of the file is kept in a reject or a note."""

import re
from collections.abc import Iterator
from typing import Any

from legacy_import.source.document import Document
from legacy_import.source.found import Element
from legacy_import.source.messages import whole_number
from legacy_import.source.records import BotEntry, Note, Reading, Record, Reject
from legacy_import.source.secrets import WITHHELD
from legacy_import.source.values import Refused, plain, plain_text, pointer

STATUSES = ("active", "inactive", "maintenance", "error")
# A token, also within an address; its number may stay.
TOKEN = re.compile(r"([0-9]{5,16}(?::|%3[Aa]))[A-Za-z0-9_-]{30,}")
# A shorter one may be any word.
SHORTEST_SECRET = 20
MASK = "…"
LONGEST_NAME = 200


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
    if len(name) > LONGEST_NAME:
        raise Refused("name-too-long")
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
    token = _text(value, "telegram_token", notes).strip()
    secrets = [each for each in (token, token.rpartition(":")[2]) if len(each) >= SHORTEST_SECRET]
    return BotEntry(
        place=place,
        name=name,
        telegram_token=token or None,
        username=_text(value, "username", notes).strip().removeprefix("@"),
        owner_telegram_id=owner,
        status=status,
        config=_masked(config, secrets, "/config", notes),
        notes=tuple(Note(note.code, note.where, b"") for note in notes),
    )


def _text(value: dict[str, Any], field: str, notes: list[Note]) -> str:
    text = value.get(field)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise Refused("not-text")
    return plain_text(text, f"/{field}", notes)


def _masked(value: Any, secrets: list[str], where: str, notes: list[Note]) -> Any:
    """Without tokens: a config is shown and kept where a token must not be."""
    match value:
        case str():
            text = TOKEN.sub(rf"\1{MASK}", value)
            for secret in secrets:
                text = text.replace(secret, MASK)
            if text != value:
                notes.append(Note("token-masked", where, b""))
            return text
        case dict():
            items = {}
            for key, item in value.items():
                shown = _masked(key, secrets, where, notes)
                if shown in items:
                    raise Refused("unstorable-key")
                items[shown] = _masked(item, secrets, pointer(where, shown), notes)
            return items
        case list():
            return [
                _masked(item, secrets, f"{where}/{place}", notes)
                for place, item in enumerate(value)
            ]
    return value
