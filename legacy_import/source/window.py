"""What is in memory of a file that is read from its beginning to its end."""

import re
from collections.abc import Iterator

from legacy_import.source.opening import BLOCK

PART = 4 * 1024 * 1024  # of what is too long to be one reject
LONGEST_CHARACTER = 4
CONTINUED = re.compile(rb"[\x80-\xbf]")
SPACE = re.compile(rb"[ \t\r\n]*+")


class Window:
    """What is in memory of a file: `data`, of which everything before `at` is done with."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.data, self.at, self.ended = b"", 0, False
        self.before = 0  # bytes of the file that have left the window
        self.pinned = True  # none may leave it
        self._blocks = blocks

    def more(self, least: int = 0) -> bool:
        start = 0 if self.pinned else self.at
        held = self.data[start:]
        blocks = [held]
        wanted = max(BLOCK, least, min(len(held), PART))
        while wanted > 0 and not self.ended:
            if (block := next(self._blocks, None)) is None:
                self.ended = True
            else:
                blocks.append(block)
                wanted -= len(block)
        self.before += start
        self.data, self.at = b"".join(blocks), self.at - start
        return len(self.data) > len(held)

    def peek(self) -> bytes:
        """The next byte that is no white space; nothing at the end of the file."""
        while True:
            self.at = SPACE.match(self.data, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.data) or not self.more():
                return self.data[self.at : self.at + 1]

    def take(self, end: int) -> bytes:
        start, self.at = self.at, end
        return self.data[start:end]

    def parts(self, end: int) -> Iterator[bytes]:
        """What stands before `end`, and is done with."""
        while self.at < end:
            yield self.take(min(end, self.between_characters(self.at + PART)))

    def between_characters(self, at: int) -> int:
        """At or just before: a file of another encoding gets its bytes back piece by piece."""
        nearest = at
        while at - nearest < LONGEST_CHARACTER and CONTINUED.match(self.data, nearest):
            nearest -= 1
        return at if CONTINUED.match(self.data, nearest) else nearest
