"""A file's blocks as UTF-8, where its first bytes say that it is UTF-16 or UTF-32.

Windows-1251 is told apart record by record, in values.py: its brackets and quotes are ASCII.
"""

import codecs
from collections.abc import Iterator
from itertools import chain

from legacy_import.source.records import Note, Reading

MARKS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16"),
)


NO_TEXT = b"\xff"  # never in UTF-8


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
        yield decoder.decode(b"", final=True).encode()
    except UnicodeDecodeError as error:
        yield NO_TEXT + error.object[error.start :]
        yield from blocks


def as_in_file(utf8: bytes, encoding: str) -> bytes:
    """The bytes that `as_utf8` made this of."""
    if encoding == "utf-8":
        return utf8
    text, _, no_text = utf8.partition(NO_TEXT)
    return text.decode("utf-8", "surrogatepass").encode(encoding, "surrogatepass") + no_text
