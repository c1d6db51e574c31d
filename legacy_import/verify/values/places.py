"""Places in a file, in their order: eight bytes each, however many there are."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from heapq import merge


class Places:
    def __init__(self, places: Iterable[int] = ()) -> None:
        self.ordered = array("q", places)

    def __len__(self) -> int:
        return len(self.ordered)

    def __contains__(self, place: object) -> bool:
        return isinstance(place, int) and has(self.ordered, place)


def has(places: "array[int]", place: int) -> bool:
    at = bisect_left(places, place)
    return at < len(places) and places[at] == place


class Placed:
    """Of some records of a file: where each stands in it, and where in the ledger."""

    def __init__(self, in_file: Iterable[int] = (), in_ledger: Iterable[int] = ()) -> None:
        self.in_file, self.in_ledger = array("q", in_file), array("q", in_ledger)

    def add(self, in_file: int, in_ledger: int) -> None:
        self.in_file.append(in_file)
        self.in_ledger.append(in_ledger)

    def merged(self, other: "Placed") -> "Placed":
        both, ones = Placed(), (zip(a.in_file, a.in_ledger, strict=True) for a in (self, other))
        for in_file, in_ledger in merge(*ones):
            both.add(in_file, in_ledger)
        return both

    def at(self, in_file: int) -> int | None:
        at = bisect_left(self.in_file, in_file)
        is_there = at < len(self.in_file) and self.in_file[at] == in_file
        return self.in_ledger[at] if is_there else None
