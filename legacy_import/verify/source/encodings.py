"""From bytes to text, block by block, so that the bytes can be had back."""

import codecs
import re
from typing import BinaryIO

BLOCK = 1 << 20
# Outside of JSON's escapes.
LETTERS = re.compile(rb"\\u[0-9a-fA-F]{4}|\\.|([A-Za-z\xa8\xb8\xc0-\xff]+)", re.DOTALL)
UTF8_LETTER = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    rb"|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}"
    rb"|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)


class Undecodable(Exception):
    """No evidence says what these bytes mean."""


class Decoder:
    """Bytes that are no UTF-8 come out as lone surrogates, one each."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.encoding, self.errors, mark = _encoding(file.read(4))
        file.seek(mark)
        self._decoder = codecs.getincrementaldecoder(self.encoding)(self.errors)
        self.ended = False
        self.read = mark

    def more(self, least: int) -> str:
        block = self._file.read(max(BLOCK, least))
        self.read += len(block)
        self.ended = not block
        return self._decoder.decode(block)

    def raw(self, text: str) -> bytes:
        return text.encode(self.encoding, self.errors)

    def offset_before(self, text: str) -> int:
        """Where in the file the text begins, with which what was decoded so far ends."""
        pending, _ = self._decoder.getstate()
        return self.read - len(pending) - len(self.raw(text))


def _encoding(beginning: bytes) -> tuple[str, str, int]:
    if beginning.startswith(codecs.BOM_UTF8):
        return "utf-8", "surrogateescape", 3
    if beginning == codecs.BOM_UTF32_LE:
        return "utf-32-le", "surrogatepass", 4
    if beginning == codecs.BOM_UTF32_BE:
        return "utf-32-be", "surrogatepass", 4
    if beginning.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le", "surrogatepass", 2
    if beginning.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be", "surrogatepass", 2
    match [*beginning[:2]]:
        case [0, other] if other:
            return "utf-16-be", "surrogatepass", 0
        case [other, 0] if other:
            return "utf-16-le", "surrogatepass", 0
    return "utf-8", "surrogateescape", 0


def windows_1251(raw: bytes) -> str:
    """The text, where these bytes are certainly that and no damaged UTF-8."""
    if UTF8_LETTER.search(raw) or not _is_russian(raw) or _has_halves_only(raw):
        raise Undecodable
    try:
        return raw.decode("cp1251")
    except UnicodeDecodeError:
        raise Undecodable from None


def _is_russian(raw: bytes) -> bool:
    """More words of it are Russian than not; a single byte might be any encoding's letter."""
    russian = other = 0
    for letters in LETTERS.findall(raw):
        if letters.isascii():
            continue
        word = letters.decode("cp1251")
        capitals = len(word) - len(word.lstrip("ЁАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ"))
        if all(letter in "ёабвгдежзийклмнопрстуфхцчшщъыьэюя" for letter in word[capitals:]):
            russian += len(word) > 1
        else:
            other += 1
    return russian > other


def _has_halves_only(raw: bytes) -> bool:
    """Characters of UTF-16, each half written as if it were one of UTF-8's."""
    try:
        raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True
