"""A file's blocks as UTF-8, its encoding told by evidence."""

import codecs
import re
from collections.abc import Iterator

from legacy_import.source.records import Note

MARKS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16"),
)
# JSON begins with an ASCII character: without a mark zeros tell the width.
UNMARKED = (
    (re.compile(rb"[^\0]\0[^\0]|[^\0]\0\Z"), "utf-16-le"),
    (re.compile(rb"\0[^\0]"), "utf-16-be"),
)
CYRILLIC_WORD = re.compile(rb"[\xa8\xb8\xc0-\xff]{2,}")
ASCII = bytes(range(128))


def as_utf8(blocks: Iterator[bytes], notes: list[Note]) -> Iterator[bytes]:
    """What cannot be decoded stays as it is, no UTF-8: the record it stands in is rejected."""
    first = next(blocks, b"")
    for mark, encoding, code in MARKS:
        if first.startswith(mark):
            notes.append(Note(code, "", mark))
            return _transcoded(first[len(mark) :], blocks, encoding)
    for pattern, encoding in UNMARKED:
        if pattern.match(first):
            notes.append(Note("utf-16", "", b""))
            return _transcoded(first, blocks, encoding)
    if first.startswith(codecs.BOM_UTF8):
        notes.append(Note("byte-order-mark", "", codecs.BOM_UTF8))
        first = first[len(codecs.BOM_UTF8) :]
    return _utf8_or_cyrillic(first, blocks, notes)


def _transcoded(first: bytes, blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    try:
        yield decoder.decode(first).encode("utf-8", "surrogatepass")
        for block in blocks:
            yield decoder.decode(block).encode("utf-8", "surrogatepass")
        yield decoder.decode(b"", final=True).encode()
    except UnicodeDecodeError as error:
        yield b"\xff" + error.object[error.start :]
        yield from blocks


def _utf8_or_cyrillic(first: bytes, blocks: Iterator[bytes], notes: list[Note]) -> Iterator[bytes]:
    """The first block that is not all ASCII decides."""
    block: bytes | None = first
    while block is not None and block.isascii():
        yield block
        block = next(blocks, None)
    if block is None:
        return
    cyrillic = is_windows_1251(block)
    if cyrillic:
        notes.append(Note("windows-1251", "", b""))
    while block is not None:
        yield _from_windows_1251(block) if cyrillic else block
        block = next(blocks, None)


def is_windows_1251(block: bytes) -> bool:
    """Bytes that are no UTF-8, most of them in words of Cyrillic letters."""
    # Not to its end, which may be cut through a character.
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(block)
    strange = sum(map(len, re.findall("[\udc80-\udcff]+", text)))
    decoded = len(text) - len(text.encode("ascii", "ignore")) - strange
    if strange <= decoded:
        return False
    high = len(block.translate(None, ASCII))
    in_words = sum(map(len, CYRILLIC_WORD.findall(block)))
    return in_words * 3 >= high * 2


def _from_windows_1251(block: bytes) -> bytes:
    text = block.decode("cp1251", "surrogateescape")
    return text.encode("utf-8", "surrogateescape")
