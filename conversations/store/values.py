"""What a bot hands in, as the database takes it."""

import json
from datetime import datetime
from typing import Any

from conversations.text import escaped, storable_json
from tenants.store.errors import InvalidValue


def repaired(row: dict[str, Any], *, noted_in: str) -> dict[str, Any]:
    """Each value storable; how those came that were not is noted in the row."""
    try:
        whole = {name: storable_json(value) for name, value in row.items()}
    except RecursionError:
        raise InvalidValue("This is nested too deeply to be stored.") from None
    notes = {name: escaped(row[name]) for name in row if whole[name] is not row[name]}
    if notes:
        whole[noted_in] = {**(whole.get(noted_in) or {}), "repaired": notes}
    return whole


def json_text(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_moment)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValue(f"This cannot be stored as JSON: {error}") from None


def moment(given: datetime | None) -> datetime | None:
    if given is not None and given.tzinfo is None:
        raise InvalidValue(f"{given} has no time zone: use datetime.now(UTC) or the like.")
    return given


def _moment(value: Any) -> str:
    if isinstance(value, datetime) and moment(value):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no JSON type.")
