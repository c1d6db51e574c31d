"""A file's blocks as UTF-8, where its first bytes say that it is UTF-16 or UTF-32.

Windows-1251 is told apart record by record, in values.py: its brackets and quotes are ASCII.
"""

import codecs
import re
from collections.abc import Iterator
from itertools import chain

from legacy_import.source.records import Note, Reading

MARKS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16"),
)


# What cannot be decoded: a byte as three, in the form of a character and never one of UTF-8's.
ODD = [bytes((0xFE, 0x80 | byte >> 4, 0x80 | byte & 15)) for byte in range(256)]
ODDS = re.compile(rb"((?:\xfe[\x80-\x8f]{2})+)")


def as_utf8(blocks: Iterator[bytes], reading: Reading) -> Iterator[bytes]:
    """Where it cannot be decoded it stays as it is, no UTF-8: that record is rejected."""
    first = next(blocks, b"")
    for mark, encoding, code in MARKS:
        if first.startswith(mark):
            reading.notes.append(Note(code, "", mark))
            reading.encoding, reading.mark = encoding, mark
            return _transcoded(first[len(mark) :], blocks, encoding)
    # JSON begins with an ASCII character: without a mark a zero tells the width.
    zeros = tuple(byte == 0 for byte in first[:2])
    if zeros in ((True, False), (False, True)):
        reading.notes.append(Note("utf-16", "", b""))
        reading.encoding = "utf-16-be" if zeros[0] else "utf-16-le"
        return _transcoded(first, blocks, reading.encoding)
    if first.startswith(codecs.BOM_UTF8):
        reading.notes.append(Note("byte-order-mark", "", codecs.BOM_UTF8))
        reading.mark = codecs.BOM_UTF8
        first = first[len(reading.mark) :]
    return chain([first], blocks)


def _transcoded(first: bytes, blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    try:
        yield decoder.decode(first).encode("utf-8", "surrogatepass")
        for block in blocks:
            yield decoder.decode(block).encode("utf-8", "surrogatepass")
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        text, odd = error.object[: error.start], error.object[error.start :]
        yield text.decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")
        for block in chain([odd], blocks):
            yield b"".join(map(ODD.__getitem__, block))


def as_in_file(utf8: bytes, encoding: str) -> bytes:
    """The bytes that `as_utf8` made this of, which ends with a character."""
    if encoding == "utf-8":
        return utf8
    pieces = ODDS.split(utf8)
    for n, piece in enumerate(pieces):
        if n % 2:
            halves = zip(piece[1::3], piece[2::3], strict=True)
            pieces[n] = bytes((high & 15) << 4 | low & 15 for high, low in halves)
        else:
            text = piece.decode("utf-8", "surrogatepass")
            pieces[n] = text.encode(encoding, "surrogatepass")
    return b"".join(pieces)
