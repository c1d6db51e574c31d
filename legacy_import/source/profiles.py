"""A profile, in the dialect of the documents (1) or of the old code (2)."""

import datetime as dt
import os
from collections.abc import Container, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

from legacy_import.source.document import Document, kept_whole
from legacy_import.source.encodings import as_utf8
from legacy_import.source.ends import end_of_first_value
from legacy_import.source.found import Element, Key
from legacy_import.source.messages import whole_number
from legacy_import.source.metrics import metrics_of
from legacy_import.source.records import Note, Profile, Reading, Record, Reject
from legacy_import.source.render import PROFILE_FIELDS, render_profile
from legacy_import.source.repeated import Again, last_of_repeated
from legacy_import.source.splitting import LARGEST_RECORD
from legacy_import.source.times import EPOCH, ZULU, Form, UnreadableTime, form_of, parse_time
from legacy_import.source.values import (
    FAULTS,
    Decoder,
    OddNumber,
    Refused,
    as_json,
    note,
    plain,
    plain_text,
    refusal,
)

YOUNGEST, OLDEST = 18, 100
NO_KEY = Key(b"", b"")
IDS, ACTIVE = ("telegram_id", "chat_id"), ("last_active", "last_activity")
SIGNS_OF_2 = ("chat_id", "last_activity", "message_count", "summary", "profile")


def profile_records(reading: Reading, blocks: Iterator[bytes]) -> Iterator[Record]:
    """girls_data/{id}.json: the file is one record."""
    raw = b""
    utf8 = as_utf8(blocks, reading)
    for block in utf8:
        raw += block
        if len(raw) > LARGEST_RECORD:
            yield from kept_whole(chain([raw], utf8), "too-large")
            return
    try:
        end = end_of_first_value(raw)
        profile = _profile(Decoder(), raw[:end], reading.file.key or 0, 1)
    except FAULTS as fault:
        refused = refusal(fault)
        yield Reject(0, refused.code, refused.detail, raw)
        return
    reading.shape = profile.shape
    yield profile
    if garbage := raw[end:].strip(b" \t\r\n"):
        yield Reject(2, "trailing-garbage", "", garbage)


def profiles_records(
    reading: Reading,
    blocks: Iterator[bytes],
    again: Again,
    tree: Path,
    leave_out: Container[int] = (),
) -> Iterator[Record]:
    """girls_data.json: all profiles by their ids. One that has its own file is taken from there."""
    document, last = Document(reading, blocks, "girls", b"{"), _last_of_repeated(reading, again)
    decoder = document.decoder
    for found in document.records():
        if isinstance(found, Reject | Note):
            yield found
        elif isinstance(found, Element):
            place, name = document.take(), found.key or NO_KEY
            try:
                key = _key(decoder.decode(name.text))
                if key in leave_out:
                    reading.left_out += {key} - {*reading.left_out}
                    continue
                if place < last.get(key, place):
                    yield Note("duplicate-key", f"/girls/{key}", found.raw)
                    continue
                if os.path.lexists(tree / "girls_data" / f"{key}.json"):
                    raise Refused("superseded", f"girls_data/{key}.json")
                yield _profile(decoder, found.raw, key, place)
            except FAULTS as fault:
                refused = refusal(fault)
                yield Reject(place, refused.code, refused.detail, name.raw + found.raw)


def _last_of_repeated(reading: Reading, again: Again) -> dict[int, int]:
    glance = Reading(reading.file, None, iter(()), passed_over=reading.passed_over)
    document = Document(glance, again(), "girls", b"{")

    def keys() -> Iterator[tuple[int, int]]:
        for found in document.records():
            if isinstance(found, Element):
                place = document.take()
                with suppress(Refused):
                    yield _key(document.decoder.decode((found.key or NO_KEY).text)), place

    return last_of_repeated(keys())


def _key(name: str) -> int:
    number, _ = whole_number(name)
    if number is None or str(number) != name:
        raise Refused("name-not-a-number", name[:100])
    return number


def _profile(decoder: Decoder, raw: bytes, key: int, place: int) -> Profile:
    value = decoder.decode(raw)
    if not isinstance(value, dict):
        raise Refused("not-an-object")
    notes = list(decoder.notes)
    dialect = 2 if IDS[0] not in value and any(sign in value for sign in SIGNS_OF_2) else 1
    fields = _Fields(value, notes, PROFILE_FIELDS[dialect])
    fields.require_id(key)
    profile = Profile(
        telegram_id=key,
        name=fields.text("name"),
        age=fields.age(),
        location=fields.text("location"),
        interests=fields.interests(),
        chat_style=fields.text("chat_style"),
        personality=fields.text("personality"),
        additional_data={},
        created_at=fields.time("created_at"),
        last_active_at=fields.time(*ACTIVE),
        shape={"dialect": dialect},
        place=place,
    )
    profile.additional_data = decoder.plain(fields.unknown(), "", notes)
    if fields.known != list(PROFILE_FIELDS[dialect]):
        profile.shape["fields"] = fields.known
    profile.shape.update((fields.form or ZULU).as_shape())
    stats = value.get("conversation_stats")
    if isinstance(stats, dict):
        recorded_at = profile.last_active_at or profile.created_at or EPOCH
        profile.metrics = tuple(metrics_of(stats, {"telegram_id": key}, recorded_at))
    profile.notes = tuple(notes)
    if notes or render_profile(profile.shape, profile) != value:
        profile.original = decoder.utf8
    return profile


class _Fields:
    """The fields of a profile that have columns. Those its dialect has are missed if they lack."""

    def __init__(self, value: dict[str, Any], notes: list[Note], usual: tuple[str, ...]) -> None:
        self.value, self.notes, self.usual = value, notes, usual
        self.form: Form | None = None
        self._taken: set[str] = set()

    @property
    def known(self) -> list[str]:
        order = [*self.usual, *(name for name in self.value if name not in self.usual)]
        return [name for name in order if name in self._taken]

    def unknown(self) -> dict[str, Any]:
        return {name: item for name, item in self.value.items() if name not in self._taken}

    def require_id(self, key: int) -> None:
        field, written = self._field(*IDS)
        if written is None:
            self._note("missing-field", self.usual[0])
            return
        number, code = whole_number(written)
        if number is None:
            raise Refused("id-not-a-number", field)
        if number != key:
            raise Refused("id-differs", f"{number}, and {key} in the name")
        if code:
            self._note(code, field)

    def text(self, name: str) -> str:
        match self._field(name)[1]:
            case None:
                return ""
            case str() as text:
                return plain_text(text, f"/{name}", self.notes)
            case int() | float() | OddNumber() as number if not isinstance(number, bool):
                self._note("string-as-number", name)
                return as_json(number).decode()
        raise Refused("not-text", name)

    def age(self) -> int | None:
        age = self._field("age", nullable=True)[1]
        if age is None:
            return None
        try:
            number, code = whole_number(age)
        except Refused:
            raise Refused("age-out-of-range") from None
        if number is None:
            raise Refused("age-not-a-number", as_json(age)[:100].decode(errors="ignore"))
        if not YOUNGEST <= number <= OLDEST:
            raise Refused("age-out-of-range", str(number))
        if code:
            self._note(code, "age")
        return number

    def interests(self) -> list[Any]:
        interests = self._field("interests")[1]
        if not isinstance(interests, list | None):
            raise Refused("not-a-list", "interests")
        return [
            plain(interest, f"/interests/{place}", self.notes)
            for place, interest in enumerate(interests or ())
        ]

    def time(self, *names: str) -> dt.datetime | None:
        """Who was not seen yet was created all the same, at a time that the row invents."""
        field, written = self._field(*names, nullable=names == ACTIVE)
        if written is None:
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

    def _field(self, *names: str, nullable: bool = False) -> tuple[str, Any]:
        """The first of them that is there."""
        for name in names:
            if name in self.value:
                self._taken.add(name)
                if self.value[name] is None and not nullable and name not in IDS:
                    self._note("missing-field", name)
                return name, self.value[name]
        for name in set(names) & set(self.usual) - set(IDS):
            self._note("missing-field", name)
        return names[0], None

    def _note(self, code: str, field: str) -> None:
        original = as_json(self.value[field]) if field in self.value else b""
        note(self.notes, code, f"/{field}", original)
