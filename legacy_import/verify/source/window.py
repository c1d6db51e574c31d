"""The text of a file, some of it at a time, and the values in it."""

import hashlib
import os
import re
from dataclasses import dataclass
from typing import Any, BinaryIO

from legacy_import.verify.source.brackets import Brackets
from legacy_import.verify.source.encodings import BLOCK, Decoder, Undecodable, windows_1251
from legacy_import.verify.source.json_text import Broken, CutOff, Values, rewritten

LONGEST = 8 * 1024 * 1024
SPACE = re.compile(r"[ \t\n\r]*")
TOKEN = re.compile(r"[^\s,:\[\]{}\"]+")
NOT_UTF8 = re.compile("[\udc80-\udcff]")
# What a column cannot hold, as it is or as an escape, and halves of characters.
SUSPICIOUS = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f]|\\u(?:0000|[dD][89a-fA-F])")
# A record with more of them takes more memory than its length says.
MOST_VALUES = 500_000


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that are no record, to be found among the rejects."""

    size: int
    sha256: bytes


class Damage(Exception):
    """From here on nothing more can be told apart; `begin` when the text is no longer there."""

    def __init__(self, begin: int | None = None) -> None:
        self.begin = begin


class Window:
    """Values, one after the other.

    Of the last one: `unclean` when it may hold what a column cannot, `repaired` when its bytes
    were no UTF-8, `twice` the pairs whose key came again.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = Decoder(file)
        self._values = Values()
        self._text, self._place = "", 0
        # The end of what was read whole; the text is held from there on.
        self._whole = 0
        self._odd = False
        self._begin = 0
        # Where the value yielded last begins, with its name if it has one, and ends.
        self._member = self._end = 0
        self.unclean = self.repaired = False

    @property
    def twice(self) -> list[tuple[str, Any]]:
        return self._values.twice

    def raw(self) -> Kept:
        """The bytes of the value yielded last."""
        return kept(self._decoder.raw(self._text[self._member : self._end]))

    def rewritten(self, value: Any) -> Kept:
        """What is kept of a value that is but a part of one."""
        return kept(self._decoder.raw(rewritten(value)))

    def text(self) -> tuple[str, bytes | None]:
        """Of the value yielded last; its bytes, too, where they are Windows-1251."""
        text = self._text[self._begin : self._end]
        if not self.repaired:
            return text, None
        raw = self._decoder.raw(text)
        return windows_1251(raw), raw

    def _next(self) -> str:
        """The next character that is no space; none at the end."""
        while True:
            self._place = SPACE.match(self._text, self._place).end()  # type: ignore[union-attr]
            if self._place < len(self._text):
                return self._text[self._place]
            if self._decoder.ended:
                return ""
            self._more()

    def _more(self) -> None:
        rest, self._text = self._text[self._whole :], ""
        new = self._decoder.more(min(len(rest), 4 * BLOCK))
        self._place -= self._whole
        self._member = max(0, self._member - self._whole)
        self._whole = 0
        self._odd = (self._odd and bool(rest)) or not (new.isascii() or _is_whole(new))
        self._text = rest + new
        del rest
        self.unclean = self._odd or SUSPICIOUS.search(self._text) is not None

    def _value(self) -> Any:
        begin: int | None = None
        while (parsed := self._parsed()) is None:
            if begin is None:
                begin = self._decoder.offset_before(self._text[self._place :])
            elif self._decoder.read - begin > LONGEST:
                raise Damage
            self._more()
        value, end = parsed
        if end - self._place > MOST_VALUES and self._too_large(self._place, end):
            raise Damage
        self._begin, self._end, self._place = self._place, end, end
        return value

    def _parsed(self) -> tuple[Any, int] | None:
        """Nothing while the value is cut off; the exception, which holds the text, ends here."""
        try:
            return self._values.value(self._text, self._place, self._decoder.ended)
        except CutOff:
            return None
        except (Broken, RecursionError):
            raise Damage from None

    def _too_large(self, begin: int, end: int) -> bool:
        values = sum(self._text.count(one, begin, end) for one in ",[{")
        return values > MOST_VALUES or len(self._decoder.raw(self._text[begin:end])) > LONGEST

    def _decoded(self, value: Any) -> Any:
        """The value itself, or as Windows-1251 where its bytes are that."""
        self.repaired = False
        if not self._odd or self._decoder.encoding != "utf-8":
            return value
        text = self._text[self._begin : self._end]
        if not NOT_UTF8.search(text):
            return value
        try:
            text = windows_1251(self._decoder.raw(text))
            value, _ = self._values.value(text, 0, whole=True)
        except (Undecodable, Broken):
            return self.raw()
        self.repaired = True
        return value

    def _decoded_member(self) -> tuple[str, Any]:
        """A member of a file that is Windows-1251, or what is kept of it."""
        try:
            text = windows_1251(self._decoder.raw(self._text[self._member : self._end]))
            ((name, value),) = self._values.value(f"{{{text}}}", 0, whole=True)[0].items()
        except (Undecodable, Broken):
            return "", self.raw()
        return name, value

    def _skipped(self) -> Kept:
        """An element that is no value, when its end can be found; else this is damage."""
        token = TOKEN.match(self._text, self._place)
        if self._text[self._place : self._place + 1] not in ('"', "[", "{") and not token:
            raise Damage
        begin = self._decoder.offset_before(self._text[self._member :])
        brackets, at = Brackets(), self._place
        while True:
            if token:
                closed, at = True, token.end()
            else:
                closed, at = brackets.end_in(self._text, at)
            if closed or self._decoder.ended:
                break
            self._place = self._whole = at
            self._more()
            at = self._place
        end = self._decoder.offset_before(self._text[at:])
        self._place = self._whole = at
        if not closed:
            raise Damage(begin)
        return self._kept_between(begin, end)

    def _kept_between(self, begin: int, end: int) -> Kept:
        digest = hashlib.sha256()
        for at in range(begin, end, BLOCK):
            digest.update(os.pread(self._file.fileno(), min(BLOCK, end - at), at))
        return Kept(end - begin, digest.digest())


def kept(raw: bytes) -> Kept:
    return Kept(len(raw), hashlib.sha256(raw).digest())


def _is_whole(text: str) -> bool:
    """Without lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
