"""People and measurements whose records are in no file any more: are they as they were imported?"""

import json
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from itertools import product
from typing import Any

from django.db import connection

from conversations.personal import ErasedPeople
from legacy_import.verify.accounts.fingerprints import (
    AT_ONCE,
    Fingerprints,
    earlier_contents,
    earlier_of,
    every_original,
    identity_of,
    originals,
)
from legacy_import.verify.database import stored
from legacy_import.verify.database.stored import IMPORTED, LIVE, PLACE
from legacy_import.verify.people.profiles import FIELDS, TIMES, may_have
from legacy_import.verify.source.json_text import Broken, Number, Values, number, whole_number
from legacy_import.verify.source.metrics import stats_rows
from legacy_import.verify.source.rows import MetricRow, ProfileRow
from legacy_import.verify.values.canonical import jsonb, plain, time_of
from legacy_import.verify.values.encoded import fingerprint, integer, moment, text
from legacy_import.verify.values.encoded import jsonb as encoded

OLDER = "girls_data.json"
METRICS = "metrics.json"
METRIC = ("metric_name", "metric_value", "metric_tags", "recorded_at")
VERSION_AT = 14  # of an id
# The place in the id of a person's measurement.
OF_PERSON = 0
# A person as a run found it before it changed it.
BEFORE = f"""
    SELECT before ->> 'additional_data',
        {time_of("(before ->> 'created_at')::timestamptz")},
        {time_of("(before ->> 'last_active_at')::timestamptz")}
    FROM import_changes WHERE bot_id = %s AND table_name = 'profiles'
        AND before ->> 'telegram_id' = %s
"""
STATS = f"""
    SELECT m.metric_name, trim_scale(m.metric_value)::text, {time_of("m.recorded_at")}
    FROM bot_metrics AS m
    WHERE m.bot_id = %s AND NOT {LIVE} AND m.metric_tags = %s::jsonb
"""
SAME = f"""
    SELECT {PLACE}, m.metric_value::text FROM bot_metrics AS m
    WHERE m.bot_id = %s AND {IMPORTED} AND m.metric_name = %s AND m.metric_value = %s::numeric
        AND {time_of("m.recorded_at")} = %s AND m.metric_tags = %s::jsonb
"""
Measured = tuple[str, str, int, str]


class HeldPeople:
    """Of one bot."""

    def __init__(self, bot_id: uuid.UUID) -> None:
        self.bot_id = bot_id
        self._last: dict[str, Any] = {}
        self.older = Fingerprints.of(bot_id, OLDER)
        self.metrics = Fingerprints.of(bot_id, METRICS)
        # Measurements of people who are as they were imported.
        self.measured: set[Measured] = set()
        self.has_erased = bool(ErasedPeople(bot_id).marks)

    def others(self, people: Sequence[int]) -> Iterator[int]:
        """Those that are not as they were imported."""
        for begin in range(0, len(people), AT_ONCE):
            some = people[begin : begin + AT_ONCE]
            for telegram_id, row in stored.people(self.bot_id, some).items():
                if not self._fits(telegram_id, row):
                    yield telegram_id

    def was(self, path: str, place: int, row: dict[str, Any], wanted: set[bytes]) -> bool:
        """Whether a person was as some record of a file said."""
        values = {name: row.get(name) for name in FIELDS}
        kept = {b"", *every_original(self.bot_id, path, [place])}
        is_live = row["id"][VERSION_AT] == "7"
        return self._is_one((*values.values(), is_live), values, kept, wanted)

    def explained(self, measured: Measured) -> int:
        """Of a measurement that no file has: how many of its rows were imported, each once."""
        tags = json.loads(measured[3])
        if "telegram_id" in tags:
            return int(measured in self.measured or self._had(tags["telegram_id"], measured))
        with connection.cursor() as cursor:
            cursor.execute(SAME, [self.bot_id, *measured])
            rows = cursor.fetchall()
        places = {place for place, value in rows if self._fits_metric(measured, place, value)}
        # Of a person who was erased: the number stays.
        of_erased = sum(place == OF_PERSON for place, _ in rows) if self.has_erased else 0
        return len(places) + of_erased

    def metrics_gone(self) -> list[int]:
        """Places in metrics.json whose rows are not there."""
        there = bytearray(len(self.metrics) + 1)
        for place in stored.metric_places(self.bot_id):
            if place < len(there):
                there[place] = 1
        return [place for place in self.metrics.accepted if not there[place]]

    def _fits(self, telegram_id: int, row: tuple[Any, ...]) -> bool:
        kept: set[bytes] = {b""}
        wanted: set[bytes] = set()
        own = Fingerprints.of(self.bot_id, f"girls_data/{telegram_id}.json")
        identity = identity_of(telegram_id)
        for held in (own, self.older):
            places = held.places_of(identity)
            wanted.update(held.content(place) for place in places)
            for _, original in originals(self.bot_id, held.path, places):
                kept.add(original)
            for content, original in earlier_of(self.bot_id, held.path, identity):
                wanted.add(content)
                kept.add(original)
        if not wanted:
            return False
        values = dict(zip(FIELDS, row[:-1], strict=True))
        try:
            return self._is_one(row, values, kept, wanted) and self._remember(values)
        except (ValueError, OverflowError, RecursionError):
            return False  # beyond anything that is imported

    def _is_one(
        self,
        row: tuple[Any, ...],
        values: dict[str, Any],
        kept: set[bytes],
        wanted: set[bytes],
    ) -> bool:
        age = values["age"]
        begin = (
            integer(values["telegram_id"])
            + text(values["name"])
            + integer(age, 2)
            + text(values["location"])
            + encoded(values["interests"])
            + text(values["chat_style"])
            + text(values["personality"])
            + encoded(values["additional_data"])
        )
        # What the record does not say is another row's, or the import's.
        for created_at in {values["created_at"], None}:
            for active_at in {values["last_active_at"], None}:
                of_record = {**values, "created_at": created_at, "last_active_at": active_at}
                data = begin + moment(created_at) + moment(active_at)
                stats = _stats(of_record, values["additional_data"])
                for metric in sorted(stats, key=lambda metric: metric.metric_name):
                    data += _encoded(metric, str(metric.metric_value))
                if any(fingerprint(data, original) in wanted for original in kept):
                    self._last = of_record
                    return all(
                        of_record[what] is not None or may_have(self.bot_id, what, row, active_at)
                        for what in TIMES
                    )
        return False

    def _remember(self, values: dict[str, Any]) -> bool:
        """Its measurements are part of the record: they must be there."""
        wanted = {_measured(row) for row in _stats(self._last, values["additional_data"])}
        tags = jsonb({"telegram_id": values["telegram_id"]})
        with connection.cursor() as cursor:
            cursor.execute(STATS, [self.bot_id, tags])
            there = Counter((*row, tags) for row in cursor.fetchall())
        self.measured.update(wanted)
        return all(there[one] == 1 for one in wanted)

    def _had(self, telegram_id: int, measured: Measured) -> bool:
        """Whether an earlier version of the person's file had it."""
        with connection.cursor() as cursor:
            cursor.execute(STATS, [self.bot_id, measured[3]])
            if [row[0] for row in cursor.fetchall()].count(measured[0]) != 1:
                return False
            cursor.execute(BEFORE, [self.bot_id, str(telegram_id)])
            rows = cursor.fetchall()
        for data, created_at, active_at in rows:
            # A time that the record did not have is not its measurements'.
            for begun, active in product((created_at, None), (active_at, None)):
                values = {"telegram_id": telegram_id, "created_at": begun, "last_active_at": active}
                if any(_measured(row) == measured for row in _stats(values, data)):
                    return True
        return False

    def _fits_metric(self, measured: Measured, place: int, value: str) -> bool:
        if not 1 <= place <= len(self.metrics):
            return False
        wanted = {self.metrics.content(place)}
        if self.metrics.is_rejected(place):
            wanted = earlier_contents(self.bot_id, METRICS, [place]).get(place, set())
        name, _, recorded_at, tags = measured
        values = (name, value, json.loads(tags), recorded_at)
        return was_metric(dict(zip(METRIC, values, strict=True)), wanted)


def was_metric(row: dict[str, Any], wanted: set[bytes]) -> bool:
    name, value, tags, recorded_at = map(row.get, METRIC)
    written = str(value)
    metric = MetricRow(0, str(name), Decimal(written), tags or {}, recorded_at or 0)
    # PostgreSQL writes without an exponent what Python, or the file, writes with one.
    values = {written, str(metric.metric_value)}
    if metric.metric_value and "." not in written:
        zeros = len(written) - len(written.rstrip("0"))
        values.update(str(Decimal(f"{written[:-n]}e{n}")) for n in range(1, zeros + 1))
    return any(fingerprint(_encoded(metric, one)) in wanted for one in values)


def _stats(values: dict[str, Any], additional_data: str) -> list[MetricRow]:
    data = json.loads(additional_data, parse_float=number, parse_int=whole_number)
    stats = data.get("conversation_stats")
    members = stats.items() if isinstance(stats, dict) else ()
    person = ProfileRow(
        0, values["telegram_id"], "", None, "", [], "", "", {},
        values["created_at"], values["last_active_at"],
        {name: _as_written(value) for name, value in members},
    )  # fmt: skip
    return [*stats_rows(person)]


def _as_written(value: Any) -> Any:
    """A number that the column does not hold; others in such an object were the record's own."""
    match value:
        case {"$number": str(digits), **rest} if not rest:
            with suppress(Broken):
                written, _ = Values().value(digits, 0, whole=True)
                return written if isinstance(written, Number) else value
    return value


def _measured(row: MetricRow) -> Measured:
    return row.metric_name, plain(row.metric_value), row.recorded_at, jsonb(row.metric_tags)


def _encoded(row: MetricRow, value: str) -> bytes:
    tags = encoded(json.dumps(row.metric_tags))
    return text(row.metric_name) + text(value) + tags + moment(row.recorded_at)
