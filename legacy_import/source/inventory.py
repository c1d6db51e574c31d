"""The files of bots' trees beneath a folder, each once and in the same order each time."""

import os
import re
import stat
import time
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from legacy_import.source.records import Kind, SourceFile

FILES = {
    b"bots.json": Kind.BOTS,
    b"config.json": Kind.BOTS,
    b"girls_data.json": Kind.PROFILES,
    b"metrics.json": Kind.METRICS,
}
FOLDERS = {
    b"girls_data": Kind.PROFILE,
    b"conversations": Kind.CONVERSATION,
    b"backups": Kind.BACKUP,
}
SIGNS = {*FOLDERS, b"girls_data.json", b"metrics.json"}  # of a bot's tree
# Profiles stand before the conversations that point to them.
ORDER = (b"bots.json", b"config.json", b"girls_data.json", b"girls_data", b"metrics.json",
         b"conversations", b"backups")  # fmt: skip
LEFTOVER = re.compile(rb"(-?[0-9]{1,19})\.(?:tmp|json\.tmp|backup\..*\.json)")
UNPRINTABLE = re.compile(r"[\\\0-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
ESCAPE = re.compile(r"\\(\\|[tnr]|x[0-9a-f]{2}|u[0-9a-f]{4})")
# The problem of a conversation that has backups and no file.
ABSENT = "absent"
INT64 = range(-(2**63), 2**63)
MOST_NAMED = 20
TOO_FRESH = "too-fresh"


class NoBots(ValueError):
    pass


def inventory(root: Path, bot: str | None = None, *, min_age: float = 0) -> Iterator[SourceFile]:
    """With a bot's name the root is its tree, or has the tree in a folder of that name."""
    found = trees(root, bot)
    walk = _Walk(os.fsencode(root), min_age)
    if b"" in found.values():
        for name, folder in found.items():
            yield from walk.tree(name, folder)
        return
    strangers = []
    for entry in walk.listing(b"") or ():
        if FILES.get(entry) == Kind.BOTS:
            yield from walk.file(None, entry, Kind.BOTS)
        elif entry not in found.values():
            strangers.append(entry)
    for name, folder in found.items():
        yield from walk.tree(name, folder)
    if bot is None:
        for stranger in strangers:
            yield from walk.strangers(None, stranger)


def trees(root: Path, bot: str | None = None) -> dict[str, bytes]:
    """The folder of each bot's tree; nothing for the root itself."""
    top = os.fsencode(root)
    try:
        names = sorted(os.listdir(top))
        os.lstat(os.path.join(top, b"."))
    except OSError as error:
        raise NoBots(f"{root} cannot be read: {error.strerror}.") from None
    if _is_tree(top):
        if bot is None:
            raise NoBots("This folder is the tree of one bot: say which with --bot NAME.")
        return {bot: b""}
    folders = {_printable(name): name for name in names if _is_tree(os.path.join(top, name))}
    if not folders:
        raise NoBots(
            "There is neither a bot's tree here nor a folder that holds one. Is the disk mounted?"
        )
    if bot is None:
        return folders
    if bot not in folders:
        raise NoBots(f"There is no bot's folder {bot} here. {_others(bot, list(folders))}")
    return {bot: folders[bot]}


def _others(bot: str, names: list[str]) -> str:
    close = get_close_matches(bot.casefold(), [name.casefold() for name in names], 1)
    meant = [name for name in names if name.casefold() in close]
    listed = ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")
    return (f"Did you mean {meant[0]}? " if meant else "") + f"There are: {listed}."


def is_gone(root: Path, path: str) -> bool:
    """Whether nothing is at a printable path any more; not so where one may not look."""
    return all(_is_missing(os.path.join(os.fsencode(root), real)) for real in _real(path))


class _Walk:
    def __init__(self, root: bytes, min_age: float) -> None:
        self._root, self._min_age = root, min_age

    def tree(self, bot: str, folder: bytes) -> Iterator[SourceFile]:
        names = self.listing(folder)
        if names is None:
            yield self._unreadable(bot, folder)
            return
        for name in sorted(names, key=_rank):
            path = os.path.join(folder, name)
            kind = FOLDERS.get(name)
            if name in FILES:
                yield from self.file(bot, path, FILES[name])
            elif not kind or not self._is_folder(path):
                yield from self.strangers(bot, path)
            elif kind == Kind.BACKUP:
                yield from self._backups(bot, path)
            else:
                yield from self._records(bot, path, kind)

    def _backups(self, bot: str, folder: bytes) -> Iterator[SourceFile]:
        owners = self.listing(folder)
        if owners is None:
            yield self._unreadable(bot, folder)
            return
        for owner in owners:
            path = os.path.join(folder, owner)
            if self._is_folder(path):
                yield from self._without_file(bot, os.path.dirname(folder), owner)
                yield from self._records(bot, path, Kind.BACKUP, owner)
            else:
                yield from self.strangers(bot, path)

    def _records(
        self, bot: str, folder: bytes, kind: Kind, key: bytes | None = None
    ) -> Iterator[SourceFile]:
        names = self.listing(folder)
        if names is None:
            yield self._unreadable(bot, folder)
            return
        for name in names:
            of = name.removesuffix(b".json") if key is None else key
            yield from self._record(bot, os.path.join(folder, name), kind, of)

    def _without_file(self, bot: str, tree: bytes, owner: bytes) -> Iterator[SourceFile]:
        """A conversation of which there are only backups; not one that cannot be seen."""
        key, path = _key(owner), os.path.join(tree, b"conversations", owner + b".json")
        if key is None:
            return
        try:
            os.lstat(os.path.join(self._root, path))
        except (FileNotFoundError, NotADirectoryError):
            yield SourceFile(bot, _printable(path), Kind.CONVERSATION, key, 0, 0, ABSENT)
        except OSError:
            return

    def _record(self, bot: str, path: bytes, kind: Kind, key: bytes) -> Iterator[SourceFile]:
        name = os.path.basename(path)
        if leftover := LEFTOVER.fullmatch(name):
            yield from self.file(bot, path, Kind.UNKNOWN, _key(leftover[1]))
        elif name.endswith(b".json"):
            yield from self.file(bot, path, kind, _key(key))
        else:
            yield from self.strangers(bot, path)

    def strangers(self, bot: str | None, path: bytes) -> Iterator[SourceFile]:
        waiting = [path]
        while waiting:
            path = waiting.pop()
            if self._is_folder(path):
                below = self.listing(path)
                if below is None:
                    yield self._unreadable(bot, path)
                else:
                    waiting.extend(os.path.join(path, name) for name in reversed(below))
            else:
                yield from self.file(bot, path, Kind.UNKNOWN)

    def file(
        self, bot: str | None, path: bytes, kind: Kind, key: int | None = None
    ) -> Iterator[SourceFile]:
        try:
            status = os.lstat(os.path.join(self._root, path))
        except FileNotFoundError:
            return  # gone since it was listed
        except OSError:
            status = None
        if status and stat.S_ISDIR(status.st_mode):
            yield from self.strangers(bot, path)
        else:
            yield self._described(bot, path, kind, key, status)

    def _described(
        self,
        bot: str | None,
        path: bytes,
        kind: Kind,
        key: int | None,
        status: os.stat_result | None,
    ) -> SourceFile:
        name = _printable(path)
        if status is None:
            return SourceFile(bot, name, kind, key, 0, 0, "unreadable")
        problem = None
        if stat.S_ISLNK(status.st_mode):
            problem = "symlink"
        elif not stat.S_ISREG(status.st_mode):
            problem = "not-a-file"
        elif self._is_fresh(status):
            problem = TOO_FRESH
        real = path if os.fsencode(name) != path else None
        return SourceFile(bot, name, kind, key, status.st_size, status.st_mtime_ns, problem, real)

    def _unreadable(self, bot: str | None, folder: bytes) -> SourceFile:
        return self._described(bot, folder, Kind.UNKNOWN, None, None)

    def _is_fresh(self, status: os.stat_result) -> bool:
        """Now, not when the walk began. A time to come was set by hand: then the inode's counts;
        if that is to come as well the clocks differ, and nobody knows."""
        age = time.time() - min(status.st_mtime, status.st_ctime)
        return self._min_age > 0 and age < self._min_age

    def listing(self, folder: bytes) -> list[bytes] | None:
        """None where one may not look."""
        try:
            return sorted(os.listdir(os.path.join(self._root, folder)))
        except FileNotFoundError:
            return []  # gone since it was listed
        except OSError:
            return None

    def _is_folder(self, path: bytes) -> bool:
        return _is_folder(os.path.join(self._root, path))


def _is_tree(folder: bytes) -> bool:
    return _is_folder(folder) and any(os.path.lexists(os.path.join(folder, sign)) for sign in SIGNS)


def _is_folder(path: bytes) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def _rank(name: bytes) -> tuple[int, bytes]:
    return (ORDER.index(name) if name in ORDER else len(ORDER)), name


def _key(digits: bytes) -> int | None:
    """The id as the old code wrote it, and no other spelling of it."""
    try:
        number = int(digits)
    except ValueError:
        return None
    return number if str(number).encode() == digits and number in INT64 else None


def _printable(path: bytes) -> str:
    """Of two paths never the same."""
    return UNPRINTABLE.sub(_escaped, path.decode("utf-8", "surrogateescape"))


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code >= 0xDC80:  # a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return match[0].encode("unicode_escape").decode()


def _real(path: str) -> set[bytes]:
    """What `_printable` may have made this of: a byte that is no UTF-8 and a control character of
    the same number look alike."""

    def byte(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] == "x" and int(code[1:], 16) >= 0x80:
            return chr(0xDC00 + int(code[1:], 16))
        return character(match)

    def character(match: re.Match[str]) -> str:
        return match[0].encode().decode("unicode_escape")

    return {ESCAPE.sub(each, path).encode("utf-8", "surrogateescape") for each in (byte, character)}


def _is_missing(path: bytes) -> bool:
    try:
        # A folder that took the place of a file is not that file.
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
