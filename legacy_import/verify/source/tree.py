"""Which files a tree has, and what each of them is by its name and place."""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from pathlib import Path

BEGINS_64_BITS, ENDS_64_BITS = -(2**63), 2**63
ID = re.compile(r"-?[1-9][0-9]{0,18}|0")
UNPRINTABLE = re.compile(
    "[\\\\\0-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\udc80-\udcff]"
)
KNOWN = ("girls_data", "conversations", "backups", "metrics.json", "girls_data.json")
BOT_LISTS = ("bots.json", "config.json")
NOT_SEEN = 0


class Kind(Enum):
    PROFILE = "profile"
    OLDER_PROFILES = "older profiles"
    CONVERSATION = "conversation"
    METRICS = "metrics"
    BACKUP = "backup"
    BOTS = "bots"
    STRANGER = "stranger"
    """To be kept as a reject: leftovers, and what has no place in a tree."""
    NO_FILE = "no file"
    """A link, pipe or device, or where one may not look: a reject without bytes."""


@dataclass(frozen=True, slots=True)
class File:
    bot: str | None
    """By its printable name."""
    path: str
    """From the root, as it is."""
    kind: Kind
    key: int | None = None
    day: date | None = None
    """A snapshot's, when its name is one."""
    folder: str = ""
    """Of the bot's tree, where there are several."""

    @property
    def printable(self) -> str:
        return printable(self.path)


def files(root: Path, bot: str | None) -> Iterator[File]:
    """All of them. Without `bot` the tree holds several, a folder each."""
    if bot is not None:
        yield from _tree(root, "", bot)
        return
    for entry in _entries(root, ""):
        if entry.is_dir:
            prefix = f"{entry.name}/"
            if any(os.path.lexists(root / entry.name / name) for name in KNOWN):
                for file in _tree(root, prefix, printable(entry.name)):
                    yield replace(file, folder=entry.name)
            else:
                yield from _strangers(root, prefix, None)
        elif entry.name in BOT_LISTS:
            yield File(None, entry.name, Kind.BOTS)
        else:
            yield _stranger(entry, entry.name, None)


def _tree(root: Path, prefix: str, bot: str) -> Iterator[File]:
    files_here = {"metrics.json": Kind.METRICS, "girls_data.json": Kind.OLDER_PROFILES}
    for entry in _entries(root, prefix):
        path = prefix + entry.name
        if entry.name in BOT_LISTS and not entry.is_dir:
            yield File(bot, path, Kind.BOTS)
        elif not entry.is_dir:
            kind = files_here.get(entry.name)
            yield File(bot, path, kind) if kind and entry.is_file else _stranger(entry, path, bot)
        elif entry.name == "girls_data":
            yield from _named_by_id(root, f"{path}/", bot, Kind.PROFILE)
        elif entry.name == "conversations":
            yield from _named_by_id(root, f"{path}/", bot, Kind.CONVERSATION)
        elif entry.name == "backups":
            yield from _backups(root, f"{path}/", bot)
        else:
            yield from _strangers(root, f"{path}/", bot)


def _named_by_id(root: Path, prefix: str, bot: str, kind: Kind) -> Iterator[File]:
    for entry in _entries(root, prefix):
        path = prefix + entry.name
        key = id_in(entry.name.removesuffix(".json")) if entry.name.endswith(".json") else None
        if entry.is_dir:
            yield from _strangers(root, f"{path}/", bot)
        elif key is not None and entry.is_file:
            yield File(bot, path, kind, key)
        else:
            yield _stranger(entry, path, bot)


def _backups(root: Path, prefix: str, bot: str) -> Iterator[File]:
    for folder in _entries(root, prefix):
        path = prefix + folder.name
        key = id_in(folder.name)
        if not folder.is_dir:
            yield _stranger(folder, path, bot)
        elif key is None:
            yield from _strangers(root, f"{path}/", bot)
        else:
            for entry in _entries(root, f"{path}/"):
                inside = f"{path}/{entry.name}"
                if entry.is_dir:
                    yield from _strangers(root, f"{inside}/", bot)
                elif entry.name.endswith(".json") and entry.is_file:
                    yield File(bot, inside, Kind.BACKUP, key, _day_in(entry.name))
                else:
                    yield _stranger(entry, inside, bot)


def _strangers(root: Path, prefix: str, bot: str | None) -> Iterator[File]:
    for entry in _entries(root, prefix):
        path = prefix + entry.name
        if entry.is_dir:
            yield from _strangers(root, f"{path}/", bot)
        else:
            yield _stranger(entry, path, bot)


def _stranger(entry: "_Entry", path: str, bot: str | None) -> File:
    if entry.is_file:
        return File(bot, path, Kind.STRANGER)
    return File(bot, path.removesuffix("/"), Kind.NO_FILE)


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    mode: int

    @property
    def is_dir(self) -> bool:
        return stat.S_ISDIR(self.mode)

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.mode)


def _entries(root: Path, prefix: str) -> Iterator[_Entry]:
    """Only their names are held: of a million os.scandir's would take a gigabyte.

    Where one may not look, the folder itself is what is found; what is gone since is not.
    """
    folder = os.fsencode(root / prefix)
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return
    except PermissionError:
        if not prefix:
            raise
        yield _Entry("", NOT_SEEN)
        return
    for name in names:
        try:
            yield _Entry(os.fsdecode(name), os.lstat(os.path.join(folder, name)).st_mode)
        except FileNotFoundError:
            continue
        except PermissionError:
            yield _Entry(os.fsdecode(name), NOT_SEEN)


def id_in(name: str) -> int | None:
    """Only as a number is written: 007 and +7 are other names than 7."""
    number = int(name) if ID.fullmatch(name) else None
    return number if number is not None and is_64_bits(number) else None


def is_64_bits(number: int) -> bool:
    return BEGINS_64_BITS <= number < ENDS_64_BITS


def _day_in(name: str) -> date | None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\.json", name):
        return None
    try:
        return date.fromisoformat(name.removesuffix(".json"))
    except ValueError:
        return None


def printable(path: str) -> str:
    r"""What cannot be printed, as \n, \xff or \u202e."""
    return "".join(map(_printable, path))


def _printable(letter: str) -> str:
    if not UNPRINTABLE.match(letter):
        return letter
    if "\udc80" <= letter <= "\udcff":
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode()
