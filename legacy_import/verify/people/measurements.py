"""Checks `content` and `json` of metrics: each name's sum of hashes, and each value where not."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.db import connection

from legacy_import.verify.checks import CONTENT, JSON
from legacy_import.verify.conversations.others import UNEXPLAINED
from legacy_import.verify.database.stored import AT_ONCE, LIVE
from legacy_import.verify.database.streamed import streamed
from legacy_import.verify.findings import Findings
from legacy_import.verify.people.held_people import METRICS, HeldPeople
from legacy_import.verify.source.rows import MetricRow
from legacy_import.verify.timezones import TimeZones
from legacy_import.verify.values.canonical import (
    METRIC_TEXT,
    hash_of,
    jsonb,
    metric_hash,
    plain,
    time_of,
)
from legacy_import.verify.values.multiset import Multiset

OF_FILES = f"""
    FROM bot_metrics AS m WHERE m.bot_id = %(bot)s AND NOT {LIVE}
        AND (%(people)s::bigint[] IS NULL OR NOT m.metric_tags ? 'telegram_id'
            OR m.metric_tags -> 'telegram_id' IN (SELECT to_jsonb(unnest(%(people)s::bigint[]))))
"""
SUMS = f"""
    SELECT m.metric_name, count(*), sum({hash_of(METRIC_TEXT)}) {OF_FILES} GROUP BY 1
"""
HASHES = f"SELECT {hash_of(METRIC_TEXT)}::bigint {OF_FILES} AND m.metric_name = %(name)s"
VALUES = f"""
    SELECT {hash_of(METRIC_TEXT)}::bigint, trim_scale(m.metric_value)::text,
        {time_of("m.recorded_at")}, m.metric_tags::text
    {OF_FILES} AND m.metric_name = %(name)s
"""
# In the order in which a changed row is looked for: by all of its fields but one.
FIELDS = ("recorded_at", "metric_value", "metric_tags", "metric_name")

GONE = "metrics no longer in their files"

Reread = Callable[[str], Iterable[tuple[str, MetricRow]]]


class Measured(NamedTuple):
    metric_name: str
    metric_value: str
    recorded_at: int
    metric_tags: str


Missing = tuple[str, int, Measured]


class Measurements:
    """Those of one bot, from all of its files; or, of people's, from some."""

    def __init__(self, bot_id: uuid.UUID, findings: Findings, zones: TimeZones) -> None:
        self.bot: dict[str, Any] = {"bot": bot_id, "people": None}
        self.findings = findings
        self.zones = zones
        self.sums: dict[str, list[int]] = {}

    def add(self, row: MetricRow) -> None:
        sums = self.sums.setdefault(row.metric_name, [0, 0])
        sums[0] += 1
        sums[1] += metric_hash(row)

    def compare(self, reread: Reread, held: HeldPeople, people: list[int] | None) -> None:
        """`reread` gives the source's rows of one name again, with their files; `people` whose
        measurements were read, if not everybody's."""
        self.bot["people"] = people
        with connection.cursor() as cursor:
            cursor.execute(SUMS, self.bot)
            found = {name: [count, int(total)] for name, count, total in cursor.fetchall()}
        total = sum(count for count, _ in self.sums.values())
        self.findings.count(CONTENT, "metrics", total)
        self.findings.count(JSON, "metrics", total)
        missing: list[Missing] = []
        unexplained: list[Measured] = []
        for name in sorted(self.sums.keys() | found.keys()):
            if self.sums.get(name) != found.get(name):
                left = self._compare_values(name, reread, held)
                missing += left[0]
                unexplained += left[1]
        missing, unexplained = self._paired("metric_name", missing, unexplained)
        self._report(missing, unexplained)
        of_people = sum("telegram_id" in row.metric_tags for _, _, row in missing)
        for place in held.metrics_gone()[len(missing) - of_people :]:
            what = "the row of a metric that is no longer in the file is missing"
            self.findings.add(CONTENT, METRICS, what, place)

    def _compare_values(
        self, name: str, reread: Reread, held: HeldPeople
    ) -> tuple[list[Missing], list[Measured]]:
        """What is left when rows that differ in one field are told as that."""
        of_name = {**self.bot, "name": name}
        rows = Multiset(one for (one,) in streamed(HASHES, of_name, AT_ONCE))
        missing: list[Missing] = []
        for file, row in reread(name):
            if not rows.take(metric_hash(row)):
                value, tags = plain(row.metric_value), jsonb(row.metric_tags)
                missing.append((file, row.place, Measured(name, value, row.recorded_at, tags)))
        there: dict[Measured, int] = {}
        others: list[Measured] = []
        for hash_, *values in () if rows.is_empty else streamed(VALUES, of_name, AT_ONCE):
            if rows.take(hash_):
                others.append(measured := Measured(name, *values))
                there[measured] = rows.number(hash_)
        others.sort()
        for field in FIELDS[:-1]:
            missing, others = self._paired(field, missing, others)
        # Last: a fault of the import is in the ledger as well.
        unexplained: list[Measured] = []
        for measured, number in Counter(others).items():
            # The ledger knows also those that are in the files.
            in_files = there[measured] - number
            explained = held.explained(measured) - in_files
            unexplained += [measured] * (number - max(min(explained, number), 0))
        if gone := len(others) - len(unexplained):
            self.findings.count(CONTENT, GONE, gone)
        return missing, unexplained

    def _paired(
        self, field: str, missing: list[Missing], unexplained: list[Measured]
    ) -> tuple[list[Missing], list[Measured]]:
        there: dict[Measured, list[Measured]] = defaultdict(list)
        for row in reversed(unexplained):
            there[_without(field, row)].append(row)
        still_missing = []
        for file, place, row in sorted(missing, key=lambda one: one[2]):
            if not (others := there[_without(field, row)]):
                still_missing.append((file, place, row))
                continue
            found = others.pop()
            values = getattr(row, field), getattr(found, field)
            check = JSON if field == "metric_tags" else CONTENT
            self.findings.add(check, file, f"{row.metric_name} differs", place, field, *values)
            if field == "recorded_at":
                self.zones.compared(*values)
        return still_missing, [row for others in there.values() for row in others]

    def _report(self, missing: list[Missing], unexplained: list[Measured]) -> None:
        for file, place, row in missing:
            self.findings.add(
                CONTENT, file, "the metric is missing", place, row.metric_name, row[1:]
            )
        for row in unexplained:
            self.findings.add(
                CONTENT, "bot_metrics", UNEXPLAINED, None, row.metric_name, None, row[1:]
            )


def _without(field: str, row: Measured) -> Measured:
    values: Any = {field: None}
    return row._replace(**values)
