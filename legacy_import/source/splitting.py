"""Finds the records of a JSON file of any size, in bytes, without decoding them.

A file is a list of records, or an object with a list (or object) of records under one key and
other keys around it. Bytes are enough: in UTF-8 all of JSON's structure is ASCII. Where a record
ends is found by counting brackets outside of strings, so a record that is no JSON harms no other.
"""

import re
import sys
from collections.abc import Callable, Iterator
from functools import partial

from legacy_import.source.ends import BRACKETED, STRING, End
from legacy_import.source.found import (
    Around,
    Damage,
    Element,
    Found,
    Key,
    Lost,
    Odd,
    Run,
    Shortcut,
)
from legacy_import.source.opening import BLOCK
from legacy_import.source.window import PART, Window

# In memory one with an emoji takes four times its size, and there are five copies of it.
LARGEST_RECORD = 8 * 1024 * 1024
DEEPEST_FOLLOWED = 5_000_000
MOST_MEMBERS = 1000  # around the records
KEY = re.compile(rb"(" + STRING + rb")[ \t\r\n]*+:[ \t\r\n]*+", re.DOTALL)
UNFINISHED_KEY = re.compile(rb'"(?:[^"\\]++|\\.)*+("[ \t\r\n]*+|\\)?\Z', re.DOTALL)


class Stopped(Exception):
    """There is no way to go on: the rest of the file is damage."""

    def __init__(self, code: str, parts: int = 0, key: bytes = b"") -> None:
        super().__init__(code)
        self.code, self.parts = code, parts  # that are out already
        self.key = b"" if parts else key  # of the value that stands here


class Splitter:
    """`container` is "list" or "object" once the first thing is found."""

    def __init__(
        self,
        blocks: Iterator[bytes],
        records_key: bytes = b"",
        bracket: bytes = b"[",
        passed_over: int = 0,
    ) -> None:
        self.window = Window(blocks)
        self.records_key, self.bracket = records_key, bracket
        self.container = ""
        self.has_records = False
        self.lists, self.passed_over = 0, passed_over
        self.shortcut: Shortcut | None = None
        self._slowly_until = 0

    def found(self) -> Iterator[Found]:
        window = self.window
        try:
            for found in self._document():
                window.pinned = False
                yield found
            window.pinned = False
            if window.peek():
                raise Stopped("trailing-garbage")
        except Stopped as stop:
            if not window.before and (window.pinned or stop.code == "unexpected-shape"):
                window.at, self.container, stop.key = 0, "", b""  # the whole file
            window.pinned = False
            for part, raw in enumerate(self._rest(), stop.parts):
                yield Damage(stop.code, raw if part else stop.key + raw, part)

    def _document(self) -> Iterator[Found]:
        self.window.more()
        if not self.window.data.strip(b" \t\r\n"):
            raise Stopped("empty")
        match self.window.peek():
            case b"[" if self.bracket == b"[":
                self.container, self.has_records = "list", True
                yield from self._elements()
            case b"{":
                self.container = "object"
                yield from self._top_level()
            case _:
                raise Stopped("damaged")

    def _top_level(self) -> Iterator[Found]:
        for key in self._keys(most=MOST_MEMBERS):
            if isinstance(key, Odd):
                yield key
                continue
            if key.text != self.records_key:
                yield from self._value(partial(Around, key), key.raw)
                continue
            self.lists += 1
            if self.has_records or self.lists <= self.passed_over:
                for found in self._value(Lost):
                    yield Lost(found.raw) if isinstance(found, Damage) else found
            elif self.window.peek() != self.bracket:
                self.window.at -= len(key.raw)
                raise Stopped("unexpected-shape")
            else:
                self.has_records = True
                yield from self._elements()

    def _elements(self) -> Iterator[Found]:
        if self.window.peek() == b"{":
            for key in self._keys():
                if isinstance(key, Odd):
                    yield key
                else:
                    yield from self._value(partial(Element, key=key), key.raw)
            return
        for odd in self._items(b"]"):
            if odd:
                yield odd
            elif run := self._run():
                yield run
            else:
                yield from self._value(Element)

    def _run(self) -> Run | None:
        window = self.window
        if not self.shortcut or window.before + window.at < self._slowly_until:
            return None
        if len(window.data) - window.at < BLOCK // 2:
            window.more()
        records, end = self.shortcut(window.data, window.at, window.ended)
        if records:
            window.at = end
            return Run(records)
        self._slowly_until = window.before + end
        return None

    def _keys(self, most: int = sys.maxsize) -> Iterator[Key | Odd]:
        window = self.window
        for number, odd in enumerate(self._items(b"}")):
            if odd:
                yield odd
                continue
            if number == most:
                raise Stopped("too-large")
            # With the first byte of the value.
            while not (match := KEY.match(window.data, window.at)) or match.end() == len(
                window.data
            ):
                if not match and not UNFINISHED_KEY.match(window.data, window.at):
                    raise Stopped("damaged")
                if len(window.data) - window.at > LARGEST_RECORD:
                    raise Stopped("too-large")
                if not window.more():
                    raise Stopped("truncated")
            window.at = match.end()
            yield Key(match[1], match[0])

    def _items(self, closing: bytes) -> Iterator[Odd | None]:
        """Stands before each item in turn, and at the end behind the closing bracket."""
        window = self.window
        window.at += 1
        if window.peek() == closing:
            window.at += 1
            return
        while True:
            if not window.peek():
                raise Stopped("truncated")
            yield None
            mark = window.peek()
            if mark not in (b",", closing):
                raise Stopped("damaged" if mark else "truncated")
            window.at += 1
            if mark == closing:
                return
            if window.peek() == closing:
                window.at += 1
                yield Odd("trailing-comma")
                return

    def _value(self, made: Callable[[bytes], Found], key: bytes = b"") -> Iterator[Found]:
        """One that is too large is given in parts, with its key."""
        window = self.window
        match = BRACKETED.match(window.data, window.at)
        if match and match.end() - window.at <= LARGEST_RECORD:
            yield made(window.take(match.end()))
            return
        search, parts = End(window.data, window.at), 0
        while (end := search.feed(window.data, window.at)) is None:
            held = len(window.data) - window.at
            if parts or held > LARGEST_RECORD:
                search.done -= held
                for raw in window.parts(len(window.data)):
                    yield Damage("too-large", raw if parts else key + raw, parts)
                    parts += 1
            if search.depth > DEEPEST_FOLLOWED:
                raise Stopped("too-deep", parts, key)
            if not window.more(PART if parts else 0):
                if not search.scalar:
                    raise Stopped("truncated", parts, key)
                end = len(window.data)
                break
        if parts or end - window.at > LARGEST_RECORD:
            for part, raw in enumerate(window.parts(end), parts):
                yield Damage("too-large", raw if part else key + raw, part)
        elif end == window.at:
            raise Stopped("damaged", 0, key)
        else:
            yield made(window.take(end))

    def _rest(self) -> Iterator[bytes]:
        window = self.window
        first = True
        while first or window.at < len(window.data) or window.more():
            while len(window.data) - window.at < PART and window.more():
                pass
            end = window.between_characters(window.at + PART)
            yield window.take(min(len(window.data), end))
            first = False
