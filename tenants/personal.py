"""All that is stored about one person, wherever it lies: to be exported, and to be erased.

Each app that stores something about people registers a Holder. What depends on other rows goes
before them: holders erase in the reverse of the order of the apps.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import msgspec
from django.db import connection

# Smaller numbers mean many things; those of real Telegram accounts do not.
SMALLEST_TELLING_ID = 10_000

Rows = Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class Person:
    """One bot's person, and the ids by which rows of other tables name them."""

    bot_id: uuid.UUID
    profile_id: uuid.UUID
    telegram_id: int
    chats: tuple[uuid.UUID, ...]

    @property
    def values(self) -> dict[str, Any]:
        """Parameters of statements about this person."""
        return {
            "bot": self.bot_id,
            "profile": self.profile_id,
            "telegram": self.telegram_id,
            "chats": list(self.chats),
            "names": json.dumps({"names": self.names}),
            "own": json.dumps({"telegram_id": self.telegram_id}),
        }

    @property
    def names(self) -> list[str | int]:
        """Values that mean this person wherever they stand in a JSON column."""
        names: list[str | int] = [str(self.profile_id), *(str(chat) for chat in self.chats)]
        if abs(self.telegram_id) >= SMALLEST_TELLING_ID:
            names += [self.telegram_id, str(self.telegram_id)]
        return names


class Holder(Protocol):
    # Table -> what is about people in it, or why nothing is.
    tables: ClassVar[Mapping[str, str]]

    def export(self, person: Person) -> Iterator[tuple[str, Rows]]:
        """Sections of the export, each with its rows, as they are read."""

    def erase(self, person: Person) -> dict[str, int]:
        """Table -> how many of its rows were erased, or had what names the person erased."""


ERASE_FROM_LOG = "SELECT audit_erase(%s, %s, %s)"

_holders: dict[type, Holder] = {}


def register(holder: Holder) -> None:
    _holders[type(holder)] = holder


def rows_of(sql: str, values: Mapping[str, Any], json_columns: Sequence[str] = ()) -> Rows:
    """As they are read, however many."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, values)
        names = [column.name for column in cursor.description]
        for row in cursor:
            found = dict(zip(names, row, strict=True))
            for name in json_columns:
                if found[name] is not None:
                    found[name] = msgspec.Raw(found[name].encode())
            yield found


def holders() -> tuple[Holder, ...]:
    """In the order of the apps."""
    return tuple(_holders.values())


def erase(person: Person) -> uuid.UUID:
    """The id of the receipt. In a transaction that holds the person's rows."""
    erased: dict[str, int] = {}
    for holder in reversed(holders()):
        for table, count in holder.erase(person).items():
            erased[table] = erased.get(table, 0) + count
    # At the very end: what was erased until here has entries as well.
    return _erase_from_log(person, erased)


def _erase_from_log(person: Person, erased: dict[str, int]) -> uuid.UUID:
    with connection.cursor() as cursor:
        cursor.execute(ERASE_FROM_LOG, [person.bot_id, person.profile_id, json.dumps(erased)])
        [(receipt,)] = cursor.fetchall()
    return uuid.UUID(str(receipt))
