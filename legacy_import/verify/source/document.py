"""A file of records, walked from its first byte to its last, whatever stands between."""

import os
import re
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

from legacy_import.verify.source import columns
from legacy_import.verify.source.columns import Refused
from legacy_import.verify.source.encodings import BLOCK
from legacy_import.verify.source.window import NOT_UTF8, Damage, Kept, Window

# More around the records are damage.
MOST_MEMBERS = 1_000
ONE_COMMA = re.compile(r"[ \t\n\r]*,?[ \t\n\r]*")
COMMA = re.compile(r"[ \t\n\r]*,[ \t\n\r]*")
CODES = ("utf-8", "utf-16-le", "utf-16-be")


class NoDocument(Exception):
    """Nothing of the file can be taken."""


class Document(Window):
    """`records()` yields values and what is kept instead of one, in the file's order."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
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
    def has_records(self) -> bool:
        return self.is_list or self._found > 0

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
                raise Damage
        except Damage as damage:
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
        except (NoDocument, Damage):
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
        except Damage:
            raise NoDocument from None
        yield value
        self._whole = self._place
        if self._next():
            yield self._rest(self._decoder.offset_before(self._text[self._place :]))

    def _members(self, key: str, keyed: bool) -> Iterator[Any]:
        found, members = False, 0
        self.heading = self.header
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
                    raise Damage
                self._take(name)
            self._whole = self._place
            closed = self._closed("}")
        self._whole = self._place

    def _pass_over(self) -> None:
        try:
            self._value()
        except Damage:
            self._skipped()
        self._anything = True

    def _take(self, name: str) -> None:
        """A member beside the records; broken ones are told of at the end."""
        try:
            value = self._value()
            if self._odd and NOT_UTF8.search(self._text[self._member : self._end]):
                name, value = self._decoded_member()
            columns.check_depth(value, depth=1)
        except Damage:
            value = self._skipped()
        except Refused:
            value = self.raw()
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
            except Damage:
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
            raise Damage
        self._place += 1
        if not self._next():
            raise Damage
        return name

    def _closed(self, bracket: str) -> bool:
        """Goes beyond the bracket, also one behind a comma, or to what follows the comma."""
        found = self._next()
        if found == ",":
            self._place += 1
            if self._next() != bracket:
                return False
        elif found != bracket:
            raise Damage
        self._place += 1
        return True

    def _rest(self, begin: int | None = None) -> Kept:
        if begin is None:
            found = ONE_COMMA.match(self._text, self._whole)
            begin = self._decoder.offset_before(self._text[found.end() :])  # type: ignore[union-attr]
        return self._kept_between(begin, os.fstat(self._file.fileno()).st_size)
