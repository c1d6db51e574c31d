"""What is kept of a file that belongs nowhere: all of its bytes, but no bot's token."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import BinaryIO

from legacy_import.verify.source.encodings import BLOCK
from legacy_import.verify.source.rows import Reject
from legacy_import.verify.source.window import kept

NOT_A_RECORD = "not a record"
WITHHELD = "withheld, as they may be lists of bots"
MASKED = "without the tokens in them"
# A list of bots under whatever name an editor gave it.
LIST = re.compile(r"(bots|config).*json", re.IGNORECASE | re.DOTALL)
INSTEAD_OF_A_LIST, INSTEAD_OF_A_SECRET = b"(not kept: it may hold a token)", b"(masked)"


def _wide(letters: bytes) -> bytes:
    """A letter in UTF-8, UTF-16 or UTF-32."""
    return b"(?:" + letters + rb"\0{0,3})"


MOST_LETTERS = 200
COLON = b"(?::|" + _wide(b"%") + _wide(b"3") + rb"[Aa])\0{0,3}"
SECRET = re.compile(
    b"(?:" + _wide(b"[0-9]") + b"{5}" + COLON + b")"
    b"(?P<secret>" + _wide(b"[A-Za-z0-9_:-]") + b"{30,%d})" % MOST_LETTERS
)
# Of a number's end, a colon, and a secret.
LONGEST = 4 * (5 + 3 + MOST_LETTERS)


def stranger(path: str, file: BinaryIO) -> Reject:
    if LIST.search(PurePath(path).name):
        instead = kept(INSTEAD_OF_A_LIST)
        return Reject(0, instead.size, instead.sha256, WITHHELD)
    size, digest = 0, hashlib.sha256()
    reason = NOT_A_RECORD
    for piece in _without_secrets(file):
        size += len(piece)
        digest.update(piece)
        if piece is INSTEAD_OF_A_SECRET:
            reason = MASKED
    return Reject(0, size, digest.digest(), reason)


def _without_secrets(file: BinaryIO) -> Iterator[bytes]:
    text = b""
    while block := file.read(BLOCK):
        text += block
        # A secret that begins before lies in the text as a whole.
        end, at = max(0, len(text) - LONGEST), 0
        while (found := SECRET.search(text, at)) and found.start() < end:
            yield text[at : found.start("secret")]
            yield INSTEAD_OF_A_SECRET
            at = found.end()
        yield text[at:end]
        text = text[max(at, end) :]
    at = 0
    for found in SECRET.finditer(text):
        yield text[at : found.start("secret")]
        yield INSTEAD_OF_A_SECRET
        at = found.end()
    yield text[at:]
