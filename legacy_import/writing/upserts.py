"""Profiles and metrics of a batch: inserted, or the row that is there is changed."""

import uuid
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from legacy_import.batches import encode
from legacy_import.batches.batch import Batch
from legacy_import.batches.identity import profile_base, row_id
from legacy_import.writing.changes import Changes
from legacy_import.writing.staging import METRICS, PROFILES, Staging


@dataclass(frozen=True)
class Target:
    """How staged rows become rows of a table, and which row a staged one is."""

    table: str
    kind: str
    staging: Staging
    key: str
    # Column -> its value for a new row, and for one that is there.
    columns: dict[str, tuple[str, str]]

    def there(self) -> str:
        values = ", ".join(value for _, value in self.columns.values())
        of_row = ", ".join(f"present.{name}" for name in self.columns)
        return (
            f"SELECT staged.file, staged.place, staged.id, present.id,"
            f" present.xmin::text::bigint, to_jsonb(present),"
            f" ROW({of_row}) IS DISTINCT FROM ROW({values})"
            f" FROM {self.staging.name} AS staged JOIN {self.table} AS present"
            f" ON present.bot_id = %(bot)s AND present.{self.key} = staged.{self.key}"
        )

    def insert(self) -> str:
        values = ", ".join(value for value, _ in self.columns.values())
        return (
            f"INSERT INTO {self.table} (bot_id, id, {', '.join(self.columns)})"
            f" SELECT %(bot)s, staged.id, {values} FROM {self.staging.name} AS staged"
            f" WHERE NOT EXISTS (SELECT FROM {self.table} AS present"
            f" WHERE present.bot_id = %(bot)s AND present.{self.key} = staged.{self.key})"
            " ON CONFLICT DO NOTHING"
        )

    def update(self) -> str:
        assignments = ", ".join(f"{name} = {value}" for name, (_, value) in self.columns.items())
        return (
            f"UPDATE {self.table} AS present SET {assignments} FROM {self.staging.name} AS staged"
            f" WHERE present.bot_id = %(bot)s AND present.{self.key} = staged.{self.key}"
            " AND present.id = ANY (%(differing)s)"
        )


def _same(name: str) -> tuple[str, str]:
    return f"staged.{name}", f"staged.{name}"


PROFILE_TARGET = Target(
    "profiles",
    "profiles",
    PROFILES,
    "telegram_id",
    {
        **{
            name: _same(name)
            for name in (
                *("telegram_id", "name", "age", "location", "interests", "chat_style"),
                *("personality", "additional_data"),
            )
        },
        "created_at": (
            "coalesce(staged.created_at, staged.last_active_at, now())",
            "coalesce(staged.created_at, present.created_at)",
        ),
        "last_active_at": (
            "staged.last_active_at",
            "coalesce(staged.last_active_at, present.last_active_at)",
        ),
    },
)
METRIC_TARGET = Target(
    "bot_metrics",
    "metrics",
    METRICS,
    "id",
    {
        "metric_name": _same("metric_name"),
        "metric_value": ("staged.metric_value::numeric", "staged.metric_value::numeric"),
        "metric_tags": _same("metric_tags"),
        "recorded_at": _same("recorded_at"),
    },
)


@dataclass(frozen=True, slots=True)
class Rows:
    """Of a batch, for one table; `keys` are each row's part, place and id."""

    target: Target
    rows: list[bytes]
    keys: list[tuple[int, int, uuid.UUID]]


# Of a row that is there: its id, what wrote it last, all of it as JSON, and whether it differs.
There = dict[tuple[int, int, uuid.UUID], tuple[uuid.UUID, int, str, bool]]


def profiles_of(batch: Batch) -> Rows:
    rows, keys = [], []
    for n, part in enumerate(batch.parts):
        for place, profile in part.profiles:
            values = encode.profile_values(profile)
            id = row_id(profile_base(batch.bot_id, profile.telegram_id))
            rows.append(encode.keyed(len(encode.PROFILE_COLUMNS), n, place, id, values))
            keys.append((n, place, id))
    return Rows(PROFILE_TARGET, rows, keys)


def metrics_of(batch: Batch) -> Rows:
    rows, keys = [], []
    for n, part in enumerate(batch.parts):
        for place, id, metric in part.metrics:
            values = encode.metric_values(metric)
            rows.append(encode.keyed(len(encode.METRIC_COLUMNS), n, place, id, values))
            keys.append((n, place, id))
    return Rows(METRIC_TARGET, rows, keys)


def stage(cursor: Any, batch: Batch, rows: Rows) -> There:
    rows.target.staging.fill(cursor, rows.rows)
    return _there(cursor, batch, rows.target)


def _there(cursor: Any, batch: Batch, target: Target) -> There:
    cursor.execute(target.there(), {"bot": batch.bot_id})
    return {(file, place, staged): rest for file, place, staged, *rest in cursor.fetchall()}


def count(batch: Batch, rows: Rows, there: There) -> None:
    for key in rows.keys:
        tally = batch.parts[key[0]].counts[rows.target.kind]
        if found := there.get(key):
            *_, differs = found
            tally.unchanged += not differs
            tally.changed += differs
        else:
            tally.inserted += 1


def write(
    cursor: Any, batch: Batch, rows: Rows, changes: Changes
) -> dict[uuid.UUID, list[uuid.UUID]]:
    """By part, the ids of the rows that were inserted."""
    inserted: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    if not rows.rows:
        return inserted
    target, bot = rows.target, {"bot": batch.bot_id}
    there = stage(cursor, batch, rows)
    cursor.execute(target.insert(), bot)
    if cursor.rowcount + len(there) < len(rows.rows):
        # A live writer was quicker with some of them.
        now = _there(cursor, batch, target)
        there |= {key: found for key, found in now.items() if found[0] != key[2]}
    count(batch, rows, there)
    differing = []
    for file, place, staged in rows.keys:
        part, found = batch.parts[file], there.get((file, place, staged))
        if found is None:
            inserted[part.file_id].append(staged)
            continue
        present, written_by, before, differs = found
        if differs:
            differing.append(present)
            changes.row(part, place, target.table, present, before, written_by)
    if differing:
        cursor.execute(target.update(), {**bot, "differing": differing})
    return inserted
