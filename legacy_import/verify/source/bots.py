"""What bots.json says of the bots; the tokens in it go nowhere but into a comparison."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from legacy_import.verify.source import columns
from legacy_import.verify.source.columns import Refused
from legacy_import.verify.source.document import Document, NoDocument
from legacy_import.verify.source.fields import identifier
from legacy_import.verify.source.json_text import Number
from legacy_import.verify.source.reading import Unreadable, opened
from legacy_import.verify.source.tree import File

STATUSES = ("active", "inactive", "maintenance", "error")


@dataclass(frozen=True)
class BotRow:
    place: int
    name: str
    username: str
    owner_telegram_id: int | None
    status: str
    config: dict[str, Any]
    token: str | None = field(repr=False)


def bot_rows(root: Path, file: File) -> Iterator[BotRow]:
    """Of the entries that can be taken."""
    try:
        with opened(root, file) as opened_file:
            for place, entry in enumerate(Document(opened_file).records("bots"), 1):
                try:
                    yield _row(place, entry)
                except Refused:
                    continue
    except (Unreadable, NoDocument):
        return


def _row(place: int, entry: Any) -> BotRow:
    if not isinstance(entry, dict):
        raise Refused("a bot is an object")
    if not (name := _text(entry.get("name"))):
        raise Refused("a bot has a name")
    config = columns.json_value(entry.get("config") or {}, [], "config")
    if not isinstance(config, dict):
        raise Refused("its config is an object")
    status = _text(entry.get("status")).lower()
    return BotRow(
        place=place,
        name=name,
        username=_text(entry.get("username")).removeprefix("@"),
        owner_telegram_id=_owner(entry.get("owner_telegram_id")),
        status=status if status in STATUSES else "inactive",
        config=config,
        token=_text(entry.get("telegram_token")) or None,
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or isinstance(value, Number):
        raise Refused("no text")
    return columns.text(value, [], "").strip()


def _owner(value: Any) -> int | None:
    try:
        return identifier(value, [], "owner_telegram_id")
    except Refused:
        if isinstance(value, int | float | Number) and not isinstance(value, bool):
            raise
        return None
