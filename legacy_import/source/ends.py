"""Where a JSON value ends, by its brackets and quotes alone."""

import re

from legacy_import.source.values import Refused
from legacy_import.source.window import SPACE

STRING = rb'"(?:[^"\\]++|\\.)*+"'
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


def end_of_first_value(data: bytes) -> int:
    start = SPACE.match(data).end()  # type: ignore[union-attr]
    if start == len(data):
        raise Refused("empty")
    end = End(data, start).feed(data, start)
    return len(data) if end is None or end == start else end


class End:
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
