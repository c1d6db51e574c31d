"""The files of bots' trees beneath a folder, each once and in the same order each time."""

import os
import re
import stat
import time
from collections.abc import Iterator
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
UNPRINTABLE = re.compile(r"[\\\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# The problem of a conversation that has backups and no file.
ABSENT = "absent"
INT64 = range(-(2**63), 2**63)


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
    for entry in walk.listing(b""):
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
    folders = [name for name in sorted(os.listdir(top)) if _is_tree(os.path.join(top, name))]
    if bot is not None:
        folder = os.fsencode(bot)
        return {bot: folder if folder in folders and not _is_tree(top) else b""}
    if _is_tree(top):
        raise NoBots("This folder is the tree of one bot: say which with --bot NAME.")
    if not folders:
        raise NoBots("There is neither a bot's tree here nor a folder that holds one.")
    return {_printable(folder): folder for folder in folders}


class _Walk:
    def __init__(self, root: bytes, min_age: float) -> None:
        self._root, self._min_age, self._now = root, min_age, time.time()

    def tree(self, bot: str, folder: bytes) -> Iterator[SourceFile]:
        for name in sorted(self.listing(folder), key=_rank):
            path = os.path.join(folder, name)
            kind = FOLDERS.get(name)
            if name in FILES:
                yield from self.file(bot, path, FILES[name])
            elif not kind or not self._is_folder(path):
                yield from self.strangers(bot, path)
            elif kind == Kind.BACKUP:
                yield from self._backups(bot, path)
            else:
                for below in self.listing(path):
                    inner = os.path.join(path, below)
                    yield from self._record(bot, inner, kind, below.removesuffix(b".json"))

    def _backups(self, bot: str, folder: bytes) -> Iterator[SourceFile]:
        for owner in self.listing(folder):
            path = os.path.join(folder, owner)
            if not self._is_folder(path):
                yield from self.strangers(bot, path)
                continue
            yield from self._without_file(bot, os.path.dirname(folder), owner)
            for name in self.listing(path):
                yield from self._record(bot, os.path.join(path, name), Kind.BACKUP, owner)

    def _without_file(self, bot: str, tree: bytes, owner: bytes) -> Iterator[SourceFile]:
        """A conversation of which there are only backups."""
        key, path = _key(owner), os.path.join(tree, b"conversations", owner + b".json")
        if key is not None and not os.path.lexists(os.path.join(self._root, path)):
            yield SourceFile(bot, _printable(path), Kind.CONVERSATION, key, 0, 0, ABSENT)

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
                try:
                    below = self.listing(path)
                except OSError:
                    yield self._described(bot, path, Kind.UNKNOWN, None, None)
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
        elif abs(self._now - status.st_mtime) < self._min_age:
            problem = "too-fresh"
        real = path if os.fsencode(name) != path else None
        return SourceFile(bot, name, kind, key, status.st_size, status.st_mtime_ns, problem, real)

    def listing(self, folder: bytes) -> list[bytes]:
        return sorted(os.listdir(os.path.join(self._root, folder)))

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
