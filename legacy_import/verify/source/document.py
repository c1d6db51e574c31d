"""A file of records, walked from its first byte to its last, whatever stands between."""

import hashlib
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from legacy_import.verify.source.brackets import Brackets
from legacy_import.verify.source.encodings import BLOCK, Decoder, Undecodable, windows_1251
from legacy_import.verify.source.json_text import Broken, CutOff, Values

LONGEST = 8 * 1024 * 1024
# More around the records are damage.
MOST_MEMBERS = 1_000
SPACE = re.compile(r"[ \t\n\r]*")
ONE_COMMA = re.compile(r"[ \t\n\r]*,?[ \t\n\r]*")
TOKEN = re.compile(r"[^\s,:\[\]{}\"]+")
COMMA = re.compile(r"[ \t\n\r]*,[ \t\n\r]*")
NOT_UTF8 = re.compile("[\udc80-\udcff]")
# What a column cannot hold, as it is or as an escape, and halves of characters.
SUSPICIOUS = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f]|\\u(?:0000|[dD][89a-fA-F])")
CODES = ("utf-8", "utf-16-le", "utf-16-be")
# A record with more of them takes more memory than its length says.
MOST_VALUES = 500_000


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that are no record, to be found among the rejects."""

    size: int
    sha256: bytes


class NoDocument(Exception):
    """Nothing of the file can be taken."""


class _Damage(Exception):
    """From here on nothing more can be told apart; `begin` when the text is no longer there."""

    def __init__(self, begin: int | None = None) -> None:
        self.begin = begin


class Document:
    """`records()` yields values and what is kept instead of one, in the file's order.

    Of the value yielded last: `unclean` when it may hold what a column cannot, `repaired` when its
    bytes were no UTF-8, `twice` the pairs whose key came again.
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
        self.header: dict[str, Any] = {}
        # What of it stands before the records.
        self.heading: dict[str, Any] = {}
        # Whether anything was read whole.
        self._anything = False
        self._broken: list[Kept] = []
        self.is_list = False
        # How often the records' key was met, and how many of these do not count.
        self._found = self._earlier = 0

    @property
    def twice(self) -> list[tuple[str, Any]]:
        return self._values.twice

    def raw(self) -> Kept:
        """The bytes of the value yielded last."""
        return kept(self._decoder.raw(self._text[self._member : self._end]))

    def records(self, key: str, keyed: bool = False) -> Iterator[Any]:
        """The elements of the list that is the document or its member `key`.

        With `keyed` that member is an object: pairs of a name and a value.
        """
        self._earlier = self._times(key, keyed) - 1
        try:
            match self._next():
                case "[" if not keyed:
                    self.is_list = True
                    yield from self._elements()
                case "{":
                    yield from self._members(key, keyed)
                case _:
                    raise NoDocument
            self._anything = True
            if self._next():
                raise _Damage
        except _Damage as damage:
            if not self._anything:
                raise NoDocument from None
            yield self._rest(damage.begin)
        yield from self._broken

    def _times(self, key: str, keyed: bool) -> int:
        """How often the document's object has that key: the last one counts."""
        if not self._may_come_again(key):
            return 1
        position = self._file.tell()
        self._file.seek(0)
        again = Document(self._file)
        again._earlier = sys.maxsize
        try:
            if again._next() == "{":
                for _ in again._members(key, keyed):
                    pass
        except (NoDocument, _Damage):
            pass
        self._file.seek(position)
        return again._found

    def _may_come_again(self, key: str) -> bool:
        text, number, held = f'"{key}"', 0, b""
        for place in range(0, os.fstat(self._file.fileno()).st_size, BLOCK):
            held = held[-4 * len(text) :] + os.pread(self._file.fileno(), BLOCK, place)
            # One at a block's beginning may be counted twice, which does no harm.
            number += sum(held.count(text.encode(code)) for code in CODES)
        return number > 1

    def only(self) -> Iterator[Any]:
        """The document's one value, and what is kept of the bytes behind it."""
        self._next()
        try:
            value = self._decoded(self._value())
        except _Damage:
            raise NoDocument from None
        yield value
        self._whole = self._place
        if self._next():
            yield self._rest(self._decoder.offset_before(self._text[self._place :]))

    def _members(self, key: str, keyed: bool) -> Iterator[Any]:
        found, members = False, 0
        self._place += 1
        self._whole = self._place
        closed = self._next() == "}"
        self._place += closed
        while not closed:
            self._member = self._place
            name = self._name()
            self._found += name == key
            if name == key and (found or self._found <= self._earlier):
                self._pass_over()
            elif name == key:
                if self._text[self._place] != ("{" if keyed else "["):
                    raise NoDocument
                found = True
                self.heading = dict(self.header)
                yield from self._elements(keyed)
            else:
                members += 1
                if members > MOST_MEMBERS:
                    raise _Damage
                self._take(name)
            self._whole = self._place
            closed = self._closed("}")
        self._whole = self._place
        if not found:
            self.heading = self.header

    def _pass_over(self) -> None:
        try:
            self._value()
        except _Damage:
            self._skipped()
        self._anything = True

    def _take(self, name: str) -> None:
        """A member beside the records; broken ones are told of at the end."""
        try:
            value = self._value()
            if self._odd and NOT_UTF8.search(self._text[self._member : self._end]):
                name, value = self._decoded_member()
        except _Damage:
            value = self._skipped()
        self._anything = True
        if isinstance(value, Kept):
            self._broken.append(value)
        else:
            self.header[name] = value

    def _elements(self, keyed: bool = False) -> Iterator[Any]:
        bracket, name = "}" if keyed else "]", ""
        self._place += 1
        self._whole = self._place
        if self._next() == bracket:
            self._place += 1
            self._whole = self._place
            return
        while True:
            self._member = self._place
            if keyed:
                name = self._name()
            try:
                value = self._decoded(self._value())
            except _Damage:
                value = self._skipped()
            self._anything = True
            yield (name, value) if keyed else value
            self._whole = self._place
            comma = COMMA.match(self._text, self._place)
            if comma and comma.end() < len(self._text) and self._text[comma.end()] != bracket:
                self._place = comma.end()
            elif self._closed(bracket):
                self._whole = self._place
                return

    def _name(self) -> str:
        """A member's, up to where its value begins."""
        self._next()
        name = self._value()
        if not isinstance(name, str) or self._next() != ":":
            raise _Damage
        self._place += 1
        if not self._next():
            raise _Damage
        return name

    def _closed(self, bracket: str) -> bool:
        """Goes beyond the bracket, also one behind a comma, or to what follows the comma."""
        found = self._next()
        if found == ",":
            self._place += 1
            if self._next() != bracket:
                return False
        elif found != bracket:
            raise _Damage
        self._place += 1
        return True

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
                raise _Damage
            self._more()
        value, end = parsed
        if end - self._place > MOST_VALUES and self._too_large(self._place, end):
            raise _Damage
        self._begin, self._end, self._place = self._place, end, end
        return value

    def _parsed(self) -> tuple[Any, int] | None:
        """Nothing while the value is cut off; the exception, which holds the text, ends here."""
        try:
            return self._values.value(self._text, self._place, self._decoder.ended)
        except CutOff:
            return None
        except (Broken, RecursionError):
            raise _Damage from None

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
            raise _Damage
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
            raise _Damage(begin)
        return self._kept_between(begin, end)

    def _rest(self, begin: int | None = None) -> Kept:
        if begin is None:
            found = ONE_COMMA.match(self._text, self._whole)
            begin = self._decoder.offset_before(self._text[found.end() :])  # type: ignore[union-attr]
        return self._kept_between(begin, os.fstat(self._file.fileno()).st_size)

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
