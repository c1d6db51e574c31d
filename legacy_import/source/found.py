"""What the splitter finds in a file."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Key:
    """Of a member of an object: its text, and all that stands before the value."""

    text: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Element:
    raw: bytes
    key: Key | None = None  # where the records stand in an object


@dataclass(frozen=True, slots=True)
class Run:
    """Records that the shortcut has read."""

    records: list[Any]


@dataclass(frozen=True, slots=True)
class Around:
    """A member beside the records."""

    key: Key
    raw: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """A list of records that comes again, and the last one counts; or a part of it."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Odd:
    """Something in the file's form that was passed over: a repair."""

    code: str


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes in which no record was found. Long ones come in parts, counted from 0."""

    code: str
    raw: bytes
    part: int = 0


Found = Element | Run | Around | Lost | Odd | Damage
# Of the bytes from a place on: the records it reads at once and where they end; if there are none,
# where it is to be asked again.
Shortcut = Callable[[bytes, int, bool], tuple[list[Any], int]]
