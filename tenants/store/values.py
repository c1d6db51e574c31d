"""What a bot hands in, as the database takes it."""

import json
from datetime import UTC, datetime
from typing import Any

from tenants.calendar import END, FIRST
from tenants.store.errors import InvalidValue
from tenants.text import escaped, storable_json


def repaired(row: dict[str, Any], *, noted_in: str) -> dict[str, Any]:
    """Each value storable; how those came that were not is noted in the row."""
    try:
        whole = {name: storable_json(value) for name, value in row.items()}
    except RecursionError:
        raise InvalidValue("This is nested too deeply to be stored.") from None
    notes = {
        name: escaped(json.loads(json_text(row[name])))
        for name in row
        if whole[name] is not row[name]
    }
    if notes:
        whole[noted_in] = {**(whole.get(noted_in) or {}), "repaired": notes}
    return whole


def json_text(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_moment)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValue(f"This cannot be stored as JSON: {error}") from None


def aware(given: datetime) -> datetime:
    if given.utcoffset() is None:
        raise InvalidValue(f"{given} has no time zone: use datetime.now(UTC) or the like.")
    return given


def moment(given: datetime | None) -> str:
    """To be stored; now, where none is given."""
    if given is None:
        return datetime.now(UTC).isoformat()
    if not FIRST <= aware(given) < END:
        raise InvalidValue(f"{given} is not within the years 2 to 9998.")
    return given.isoformat()


def _moment(value: Any) -> str:
    if isinstance(value, datetime):
        return aware(value).isoformat()
    raise TypeError(f"{type(value).__name__} is no JSON type.")
