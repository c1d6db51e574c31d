"""What bots.json says of the bots; the tokens in it go nowhere but into a comparison."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from legacy_import.verify.source import columns
from legacy_import.verify.source.columns import Refused
from legacy_import.verify.source.document import Document, NoDocument
from legacy_import.verify.source.fields import id_or_null
from legacy_import.verify.source.json_text import Number
from legacy_import.verify.source.reading import Unreadable, opened
from legacy_import.verify.source.tree import File

# A token anywhere in a config; what follows its number is not stored there.
TOKEN = re.compile(r"(?P<number>[0-9]{5,16}(?::|%3[Aa]))[A-Za-z0-9_-]{30,}")
# Parts of the bot's own token that are shorter are words like others.
SHORTEST_PART = 20
INSTEAD = "…"
LONGEST_NAME = 200
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


def bot_rows(root: Path, file: File) -> Iterator[BotRow | str]:
    """Of the entries that can be taken; of others, or the file, why they cannot."""
    try:
        with opened(root, file) as opened_file:
            for place, entry in enumerate(Document(opened_file).records("bots"), 1):
                try:
                    yield _row(place, entry)
                except Refused as why:
                    yield f"its record {place} was not compared: {why}"
    except (Unreadable, NoDocument):
        yield "cannot be read as a list of bots: nothing of it was compared"


def _row(place: int, entry: Any) -> BotRow:
    if not isinstance(entry, dict):
        raise Refused("a bot is an object")
    if not (name := _text(entry.get("name"))):
        raise Refused("a bot has a name")
    if len(name) > LONGEST_NAME:
        raise Refused("the bot's name is too long")
    config = columns.json_value(entry.get("config") or {}, [], "config")
    if not isinstance(config, dict):
        raise Refused("its config is an object")
    token = _text(entry.get("telegram_token"))
    parts = [part for part in (token, token.split(":")[-1]) if len(part) >= SHORTEST_PART]
    status = _text(entry.get("status")).lower()
    return BotRow(
        place=place,
        name=name,
        username=_text(entry.get("username")).removeprefix("@"),
        owner_telegram_id=id_or_null(entry.get("owner_telegram_id"), [], "owner"),
        status=status if status in STATUSES else "inactive",
        config=_without_tokens(config, parts),
        token=token or None,
    )


def _without_tokens(value: Any, parts: list[str]) -> Any:
    if isinstance(value, str):
        text = TOKEN.sub(rf"\g<number>{INSTEAD}", value)
        for part in parts:
            text = text.replace(part, INSTEAD)
        return text
    if isinstance(value, list):
        return [_without_tokens(one, parts) for one in value]
    if not isinstance(value, dict):
        return value
    members = {_without_tokens(k, parts): _without_tokens(one, parts) for k, one in value.items()}
    if len(members) < len(value):
        raise Refused("two keys that differ only in tokens")
    return members


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or isinstance(value, Number):
        raise Refused("no text")
    return columns.text(value, [], "").strip()
