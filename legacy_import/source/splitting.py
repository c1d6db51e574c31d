"""Finds the records of a JSON file of any size, in bytes, without decoding them.

A file is a list of records, or an object with a list (or object) of records under one key and
other keys around it. Bytes are enough: in UTF-8 all of JSON's structure is ASCII. Where a record
ends is found by counting brackets outside of strings, so a record that is no JSON harms no other.
"""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from legacy_import.source.opening import BLOCK
from legacy_import.source.values import Refused

# In memory one with an emoji takes four times its size, and there are five copies of it.
LARGEST_RECORD = 8 * 1024 * 1024
DEEPEST_FOLLOWED = 5_000_000
MOST_MEMBERS = 1000  # around the records
PART = 4 * 1024 * 1024  # of what is too long to be one reject

LONGEST_CHARACTER = 4
CONTINUED = re.compile(rb"[\x80-\xbf]")

SPACE = re.compile(rb"[ \t\r\n]*+")
STRING = rb'"(?:[^"\\]++|\\.)*+"'
KEY = re.compile(rb"(" + STRING + rb")[ \t\r\n]*+:[ \t\r\n]*+", re.DOTALL)
UNFINISHED_KEY = re.compile(rb'"(?:[^"\\]++|\\.)*+("[ \t\r\n]*+|\\)?\Z', re.DOTALL)
REST_OF_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
SCALAR = re.compile(rb'[^\[\]{},:" \t\r\n]*+')


def _within(levels: int) -> bytes:
    """What may stand within brackets: text, and brackets of so many levels."""
    within = rb'[^\[\]{}"]++|' + STRING
    for _ in range(levels):
        within += rb"|[\[{](?:" + within + rb")*+[\]}]"
    return rb"(?:" + within + rb")*+"


# Most records, at the speed of one match.
BRACKETED = re.compile(rb"[\[{]" + _within(5) + rb"[\]}]", re.DOTALL)
WITHIN = re.compile(_within(3), re.DOTALL)
BRACKETS = re.compile(rb"[\[{]++|[\]}]++")


@dataclass(frozen=True, slots=True)
class Key:
    """Of a member of an object: its text, and all that stands before the value."""

    text: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Element:
    raw: bytes
    key: Key | None = None  # where the records stand in an object


@dataclass(frozen=True, slots=True)
class Run:
    """Records that the shortcut has read."""

    records: list[Any]


@dataclass(frozen=True, slots=True)
class Around:
    """A member beside the records."""

    key: Key
    raw: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """A list of records that comes again, and the last one counts; or a part of it."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Odd:
    """Something in the file's form that was passed over: a repair."""

    code: str


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes in which no record was found. Long ones come in parts, counted from 0."""

    code: str
    raw: bytes
    part: int = 0


Found = Element | Run | Around | Lost | Odd | Damage
# Of the bytes from a place on: the records it reads at once and where they end; if there are none,
# where it is to be asked again.
Shortcut = Callable[[bytes, int, bool], tuple[list[Any], int]]


class Stopped(Exception):
    """There is no way to go on: the rest of the file is damage."""

    def __init__(self, code: str, parts: int = 0) -> None:
        super().__init__(code)
        self.code, self.parts = code, parts  # that are out already


class Window:
    """What is in memory of a file: `data`, of which everything before `at` is done with."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.data, self.at, self.ended = b"", 0, False
        self.before = 0  # bytes of the file that have left the window
        self.pinned = True  # none may leave it
        self._blocks = blocks

    def more(self, least: int = 0) -> bool:
        start = 0 if self.pinned else self.at
        held = self.data[start:]
        blocks = [held]
        wanted = max(BLOCK, least, min(len(held), PART))
        while wanted > 0 and not self.ended:
            if (block := next(self._blocks, None)) is None:
                self.ended = True
            else:
                blocks.append(block)
                wanted -= len(block)
        self.before += start
        self.data, self.at = b"".join(blocks), self.at - start
        return len(self.data) > len(held)

    def peek(self) -> bytes:
        """The next byte that is no white space; nothing at the end of the file."""
        while True:
            self.at = SPACE.match(self.data, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.data) or not self.more():
                return self.data[self.at : self.at + 1]

    def take(self, end: int) -> bytes:
        start, self.at = self.at, end
        return self.data[start:end]

    def parts(self, end: int) -> Iterator[bytes]:
        """What stands before `end`, and is done with."""
        while self.at < end:
            yield self.take(min(end, self.between_characters(self.at + PART)))

    def between_characters(self, at: int) -> int:
        """At or just before: a file of another encoding gets its bytes back piece by piece."""
        nearest = at
        while at - nearest < LONGEST_CHARACTER and CONTINUED.match(self.data, nearest):
            nearest -= 1
        return at if CONTINUED.match(self.data, nearest) else nearest


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
                window.at, self.container = 0, ""  # the whole file
            window.pinned = False
            for part, raw in enumerate(self._rest(), stop.parts):
                yield Damage(stop.code, raw, part)

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
        search, parts = _End(window.data, window.at), 0
        while (end := search.feed(window.data, window.at)) is None:
            held = len(window.data) - window.at
            if parts or held > LARGEST_RECORD:
                search.done -= held
                for raw in window.parts(len(window.data)):
                    yield Damage("too-large", raw if parts else key + raw, parts)
                    parts += 1
            if search.depth > DEEPEST_FOLLOWED:
                raise Stopped("too-deep", parts)
            if not window.more(PART if parts else 0):
                if not search.scalar:
                    raise Stopped("truncated", parts)
                end = len(window.data)
                break
        if parts or end - window.at > LARGEST_RECORD:
            for part, raw in enumerate(window.parts(end), parts):
                yield Damage("too-large", raw if part else key + raw, part)
        elif end == window.at:
            raise Stopped("damaged")
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


def end_of_first_value(data: bytes) -> int:
    start = SPACE.match(data).end()  # type: ignore[union-attr]
    if start == len(data):
        raise Refused("empty")
    end = _End(data, start).feed(data, start)
    return len(data) if end is None or end == start else end


class _End:
    """Looks for the end of a value, over as many windows as it takes."""

    def __init__(self, data: bytes, at: int) -> None:
        first = data[at : at + 1]
        self.scalar = first not in (b"[", b"{", b'"')
        self.depth, self._in_string = int(first in (b"[", b"{")), first == b'"'
        self.done = 0 if self.scalar else 1  # bytes of the value that were looked at

    def feed(self, data: bytes, start: int) -> int | None:
        """Where the value ends, if the data hold it."""
        at = start + self.done
        if self.scalar:
            at = SCALAR.match(data, at).end()  # type: ignore[union-attr]
            self.done = at - start
            return at if at < len(data) else None
        while at < len(data):
            if self._in_string:
                at = REST_OF_STRING.match(data, at).end()  # type: ignore[union-attr]
                if data[at : at + 1] != b'"':
                    break  # at the end of the data, or at half an escape
                self._in_string = False
                at += 1
                if not self.depth:
                    return at
            at = WITHIN.match(data, at).end()  # type: ignore[union-attr]
            if run := BRACKETS.match(data, at):
                if data[at] in b"]}":
                    if len(run[0]) >= self.depth:
                        return at + self.depth
                    self.depth -= len(run[0])
                else:
                    self.depth += len(run[0])
                at = run.end()
            elif at < len(data):
                self._in_string = True
                at += 1
        self.done = at - start
        return None
