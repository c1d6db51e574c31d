"""Checks `content` and `json` of profiles, value by value."""

import uuid
from typing import Any

from legacy_import.verify.accounts import ledger
from legacy_import.verify.checks import CONTENT, JSON
from legacy_import.verify.database import stored
from legacy_import.verify.findings import Findings
from legacy_import.verify.source.rows import ProfileRow
from legacy_import.verify.timezones import TimeZones
from legacy_import.verify.values.same import same_json

FIELDS = (
    *("telegram_id", "name", "age", "location", "interests", "chat_style", "personality"),
    *("additional_data", "created_at", "last_active_at"),
)
JSON_FIELDS = {"interests", "additional_data"}
TIMES = {"created_at", "last_active_at"}


def compare_people(
    bot_id: uuid.UUID,
    read: dict[int, tuple[str, ProfileRow]],
    findings: Findings,
    zones: TimeZones,
) -> None:
    found = stored.people(bot_id, [*read])
    findings.count(CONTENT, "profiles", len(read))
    findings.count(JSON, "profiles", len(read))
    for telegram_id, (name, row) in read.items():
        if telegram_id in found:
            _compare(bot_id, name, row, found[telegram_id], findings, zones)
        else:
            findings.add(CONTENT, name, "the profile is missing", row.place)


def may_have(bot_id: uuid.UUID, what: str, found: tuple[Any, ...], active_at: int | None) -> bool:
    """Whether a row may have that time although its record has none."""
    values = dict(zip(FIELDS, found[:-1], strict=True))
    is_live, time = found[-1], values[what]
    if time is None or is_live:
        return True
    if what == "created_at" and time == active_at:
        return True
    return ledger.had_time(bot_id, values["telegram_id"], what, time)


def _compare(
    bot_id: uuid.UUID,
    name: str,
    row: ProfileRow,
    found: tuple[Any, ...],
    findings: Findings,
    zones: TimeZones,
) -> None:
    for what, value in zip(FIELDS, found[:-1], strict=True):
        expected = getattr(row, what)
        if what in TIMES and expected is None and may_have(bot_id, what, found, row.last_active_at):
            continue
        same = same_json(expected, value) if what in JSON_FIELDS else expected == value
        if not same:
            check = JSON if what in JSON_FIELDS else CONTENT
            findings.add(check, name, "differs", row.place, what, expected, value)
            if what in TIMES:
                zones.compared(expected, value)
