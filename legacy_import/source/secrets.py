"""Tokens in files that belong nowhere: such a file is kept as a reject, but not its tokens."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from legacy_import.source.document import kept_whole
from legacy_import.source.records import Reject

# bots.json and config.json wherever they lie, and what editors and people make of their names.
LIST_OF_BOTS = re.compile(r"(?:bots|config).*json", re.IGNORECASE | re.DOTALL)
WITHHELD = b"(not kept: it may hold a token)"
# In UTF-16 and UTF-32 there are zeros between the letters. One may follow the other directly.
TOKEN = re.compile(
    rb"((?:[0-9]\0{0,3}){5}(?::|%\0{0,3}3\0{0,3}[Aa])\0{0,3})(?:[A-Za-z0-9_:-]\0{0,3}){30,200}"
)
LONGEST = 1024
MASK = rb"\1(masked)"


def kept_without_tokens(path: str, blocks: Iterator[bytes], code: str) -> Iterator[Reject]:
    if LIST_OF_BOTS.search(PurePosixPath(path).name):
        for _ in blocks:  # whether it changes meanwhile
            pass
        yield Reject(0, "tokens-withheld", "", WITHHELD)
        return
    masked = _Masked(blocks)
    for part in kept_whole(iter(masked), code):
        part.reason = "A token in it is masked." if masked.found else ""
        yield part


class _Masked:
    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.blocks = blocks
        self.found = False

    def __iter__(self) -> Iterator[bytes]:
        text = b""
        for block in self.blocks:
            text += block
            end = max(len(text) - LONGEST, 0)  # what follows may go on in the next block
            for token in TOKEN.finditer(text):
                if token.start() < end < token.end():
                    end = token.start()
            yield self._mask(text[:end])
            text = text[end:]
        yield self._mask(text)

    def _mask(self, text: bytes) -> bytes:
        masked, tokens = TOKEN.subn(MASK, text)
        self.found |= tokens > 0
        return masked
