"""Which records became rows only by a repair, and what their bytes were."""

import hashlib
import re
from array import array
from collections.abc import Sequence

ENCODING = "encoding"
# Of one record.
MOST_NOTES = 100
CONTROL = re.compile("[\0-\x1f]")
CLEAN = re.compile(r'"[^"\\\0-\x1f]*(?:\\.[^"\\\0-\x1f]*)*"')


class Repaired:
    """Of one file, in its order; 27 bytes a record."""

    def __init__(self) -> None:
        self.places = array("q")
        self.records = array("Q")
        """Of each the hash of its text, in UTF-8."""
        self.other_encoding = array("Q")
        """The hash of its bytes, where they are no UTF-8; else 0."""
        self.values = bytearray()
        """Whether a value was repaired, and not the encoding alone."""
        self.numbers = array("H")
        """How many repairs of values there are, as far as they are noted."""

    def add(self, place: int, text: str, undecoded: bytes | None, repairs: Sequence[str]) -> None:
        of_values = sum(repair != ENCODING for repair in repairs)
        self.values.append(of_values > 0)
        self.places.append(place)
        self.numbers.append(min(of_values + _has_control_character(text), MOST_NOTES))
        self.records.append(short_hash(text.encode("utf-8", "surrogatepass")))
        self.other_encoding.append(short_hash(undecoded) if undecoded else 0)


def _has_control_character(record: str) -> bool:
    """In one of its strings."""
    return CONTROL.search(record) is not None and '"' in CLEAN.sub("", record)


def short_hash(data: bytes) -> int:
    return short(hashlib.sha256(data).digest())


def short(digest: bytes) -> int:
    """A SHA-256, by its beginning."""
    return int.from_bytes(digest[:8])
