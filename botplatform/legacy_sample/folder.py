"""The folder a sample is written to: new or empty, and nothing is written outside."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from botplatform.demo.fleet import DemoError

NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


class Folder:
    """Files that exist already are never opened; all get one time, so that trees are equal."""

    def __init__(self, root: Path, seconds: int) -> None:
        self.root = root
        self.files = self.bytes = 0
        self._times = (seconds, seconds)
        try:
            root.mkdir(parents=True, exist_ok=True)
            empty = not any(root.iterdir())
        except OSError as error:
            raise DemoError(f"{root} cannot be written to: {error.strerror}.") from error
        if not empty:
            raise DemoError(f"{root} is not empty. Name a new folder; nothing was written.")

    @contextmanager
    def new_file(self, path: str) -> Iterator[BinaryIO]:
        place = self._place(path)
        with os.fdopen(os.open(place, NEW_FILE, 0o644), "wb") as file:
            yield file
            self.bytes += file.tell()
        os.utime(place, self._times)
        self.files += 1

    def write(self, path: str, content: bytes) -> None:
        with self.new_file(path) as file:
            file.write(content)

    def link(self, path: str, target: str) -> None:
        self._place(path).symlink_to(target)
        self.files += 1

    def pipe(self, path: str) -> None:
        os.mkfifo(self._place(path))
        self.files += 1

    def _place(self, path: str) -> Path:
        parts = path.split("/")
        if any(part in ("", ".", "..") for part in parts):
            raise ValueError(f"{path!r} leaves the folder")
        place = self.root.joinpath(*parts)
        place.parent.mkdir(parents=True, exist_ok=True)
        return place
