"""Opening a file that anybody may have put there, and that its bot may write to at any moment."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from legacy_import.source.records import SourceFile

BLOCK = 256 * 1024

REFUSALS = {
    errno.ELOOP: "symlink",
    errno.ENOTDIR: "symlink",
    errno.EACCES: "unreadable",
    errno.EPERM: "unreadable",
    errno.EIO: "unreadable",
    errno.ENXIO: "not-a-file",
    errno.ENODEV: "not-a-file",
}


class FileChanged(Exception):
    """Written to, replaced or removed since it was listed: to be left for the next pass."""


class NotOpened(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Opened:
    """A regular file, read in blocks once; `sha256` holds when all are read."""

    def __init__(self, root: Path, file: SourceFile) -> None:
        self.path = file.path
        self._as_listed = (file.size, file.mtime_ns)
        self._sha256 = hashlib.sha256()
        self._file = os.fdopen(_open_beneath(root, file), "rb", buffering=0)
        if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
            raise NotOpened("not-a-file")
        self._require_unchanged()

    @property
    def sha256(self) -> bytes:
        return self._sha256.digest()

    def blocks(self) -> Iterator[bytes]:
        with self._file as file:
            left = self._as_listed[0]
            while True:
                wanted = min(BLOCK, left + 1)
                try:
                    block = file.read(wanted)
                except OSError as error:
                    raise NotOpened("unreadable") from error
                left -= len(block)
                at_end = len(block) < wanted
                if at_end:  # before the last block is used
                    self._require_unchanged()
                    if left:
                        raise FileChanged(self.path)
                self._sha256.update(block)
                yield block
                if at_end:
                    return

    def _require_unchanged(self) -> None:
        now = os.fstat(self._file.fileno())
        if (now.st_size, now.st_mtime_ns) != self._as_listed:
            raise FileChanged(self.path)


def _open_beneath(root: Path, file: SourceFile) -> int:
    """Step by step, so that no folder on the way is a link that leads elsewhere."""
    *folders, name = (file.real_path or os.fsencode(file.path)).split(b"/")
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for step in folders:
                below = os.open(step, flags | os.O_DIRECTORY, dir_fd=folder)
                os.close(folder)
                folder = below
            return os.open(name, flags, dir_fd=folder)
        finally:
            os.close(folder)
    except FileNotFoundError:
        raise FileChanged(file.path) from None
    except OSError as error:
        raise NotOpened(REFUSALS.get(error.errno or 0, "unreadable")) from error
