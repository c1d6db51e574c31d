"""A profile, in the dialect of the documents (1) or of the old code (2)."""

import datetime as dt
from collections.abc import Iterator
from itertools import chain
from typing import Any

from legacy_import.source.document import Document, kept_whole
from legacy_import.source.encodings import as_utf8
from legacy_import.source.messages import SeenIds, whole_number
from legacy_import.source.metrics import metrics_of
from legacy_import.source.records import Note, Profile, Reading, Record, Reject
from legacy_import.source.render import render_profile
from legacy_import.source.splitting import LARGEST_RECORD, Element
from legacy_import.source.times import ZULU, Form, UnreadableTime, form_of, parse_time
from legacy_import.source.values import (
    Decoder,
    OddNumber,
    Refused,
    as_json,
    note,
    plain,
    plain_text,
)

YOUNGEST, OLDEST = 18, 100
ID, CREATED, ACTIVE = "telegram_id", "created_at", "last_active"
KNOWN = {
    1: (
        *(ID, "name", "age", "location", "interests", "chat_style", "personality"),
        *(CREATED, ACTIVE),
    ),
    2: ("chat_id", "name", "last_activity"),
}
SIGNS_OF_2 = ("chat_id", "last_activity", "message_count", "summary", "profile")


def profile_records(
    reading: Reading, blocks: Iterator[bytes], written_at: dt.datetime
) -> Iterator[Record]:
    """girls_data/{id}.json: the file is one record."""
    raw = b""
    utf8 = as_utf8(blocks, reading.notes)
    for block in utf8:
        raw += block
        if len(raw) > LARGEST_RECORD:
            yield from kept_whole(chain([raw], utf8), "too-large")
            return
    try:
        if not raw.strip():
            raise Refused("empty")
        profile = _profile(Decoder(), raw, reading.file.key or 0, 1, written_at)
    except Refused as refused:
        yield Reject(0, refused.code, refused.detail, raw)
    else:
        reading.shape = profile.shape
        yield profile


def profiles_records(
    reading: Reading, blocks: Iterator[bytes], written_at: dt.datetime
) -> Iterator[Record]:
    """girls_data.json: all profiles by their ids."""
    document, decoder, seen = Document(reading, blocks, "girls", b"{"), Decoder(), SeenIds()
    for found in document.records():
        if isinstance(found, Reject):
            yield found
        elif isinstance(found, Element):
            place, name = document.take(), found.key or b""
            try:
                key = _key(decoder.decode(name))
                if seen.add(key):
                    raise Refused("repeated-key", str(key))
                yield _profile(decoder, found.raw, key, place, written_at)
            except Refused as refused:
                yield Reject(place, refused.code, refused.detail, name + b": " + found.raw)


def _key(name: str) -> int:
    number, _ = whole_number(name)
    if number is None or str(number) != name:
        raise Refused("name-not-a-number", name[:100])
    return number


def _profile(
    decoder: Decoder, raw: bytes, key: int, place: int, written_at: dt.datetime
) -> Profile:
    value, odd = decoder.decode(raw), decoder.notes
    if not isinstance(value, dict):
        raise Refused("not-an-object")
    notes = list(odd)
    dialect = 2 if ID not in value and any(sign in value for sign in SIGNS_OF_2) else 1
    fields = _Fields(value, notes)
    fields.require_id(ID if dialect == 1 else "chat_id", key)
    rest = {name: item for name, item in value.items() if name not in KNOWN[dialect]}
    profile = Profile(
        telegram_id=key,
        name=fields.text("name"),
        age=fields.age() if dialect == 1 else None,
        location=fields.text("location") if dialect == 1 else "",
        interests=fields.interests() if dialect == 1 else [],
        chat_style=fields.text("chat_style") if dialect == 1 else "",
        personality=fields.text("personality") if dialect == 1 else "",
        additional_data=plain(rest, "", notes),
        created_at=fields.time(CREATED) if dialect == 1 else None,
        last_active_at=fields.time(ACTIVE if dialect == 1 else "last_activity"),
        shape={"dialect": dialect},
        place=place,
    )
    profile.shape.update((fields.form or ZULU).as_shape())
    stats = value.get("conversation_stats")
    if isinstance(stats, dict):
        tags = {"source": "conversation_stats", "telegram_id": key}
        recorded_at = profile.last_active_at or profile.created_at or written_at
        profile.metrics = tuple(metrics_of(stats, tags, recorded_at))
    profile.notes = tuple(notes)
    if notes or render_profile(profile.shape, profile) != value:
        profile.original = raw
    return profile


class _Fields:
    def __init__(self, value: dict[str, Any], notes: list[Note]) -> None:
        self.value, self.notes = value, notes
        self.form: Form | None = None

    def require_id(self, field: str, key: int) -> None:
        if self.value.get(field) is None:
            self._note("missing-field", field)
            return
        number, code = whole_number(self.value[field])
        if number is None:
            raise Refused("id-not-a-number", field)
        if number != key:
            raise Refused("id-differs", f"{number}, and {key} in the file's name")
        if code:
            self._note(code, field)

    def text(self, field: str) -> str:
        match self.value.get(field):
            case None:
                self._note("missing-field", field)
                return ""
            case str() as text:
                return plain_text(text, f"/{field}", self.notes)
            case int() | float() | OddNumber() as number if not isinstance(number, bool):
                self._note("string-as-number", field)
                return as_json(number).decode()
        raise Refused("not-text", field)

    def age(self) -> int | None:
        age = self.value.get("age")
        if age is None:
            if "age" not in self.value:
                self._note("missing-field", "age")
            return None
        try:
            number, code = whole_number(age)
        except Refused:
            raise Refused("age-out-of-range") from None
        if number is None:
            raise Refused("age-not-a-number", as_json(age)[:100].decode())
        if not YOUNGEST <= number <= OLDEST:
            raise Refused("age-out-of-range", str(number))
        if code:
            self._note(code, "age")
        return number

    def interests(self) -> list[Any]:
        match self.value.get("interests"):
            case None:
                self._note("missing-field", "interests")
                return []
            case list() as interests:
                return plain(interests, "/interests", self.notes)
            case single:
                self._note("not-a-list", "interests")
                return [plain(single, "/interests", self.notes)]

    def time(self, field: str) -> dt.datetime | None:
        written = self.value.get(field)
        if written is None:
            if field not in self.value:
                self._note("missing-field", field)
            return None
        try:
            moment, code = parse_time(written)
        except UnreadableTime:
            self._note("time-left-out", field)
            return None
        if code:
            self._note(code, field)
        self.form = self.form or form_of(written)
        return moment

    def _note(self, code: str, field: str) -> None:
        original = as_json(self.value[field]) if field in self.value else b""
        note(self.notes, code, f"/{field}", original)
