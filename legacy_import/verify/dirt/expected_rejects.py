"""The rejects that the verifier expects of a file, and which of them the ledger keeps."""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator

from legacy_import.verify.dirt.codes import REJECTS, codes_for
from legacy_import.verify.source.repaired import short
from legacy_import.verify.source.rows import Reject
from legacy_import.verify.source.tree import Kind

CODES = (*REJECTS,)
NUMBERS = {code: number for number, code in enumerate(CODES, 2)}
NOT_KEPT, AS_EXPECTED = 0, 1
# Those whose place is another than in the file are compared a part at a time, by their hashes.
PARTS = 64


class ExpectedRejects:
    """In their order; 29 bytes each, and ten of what is kept at another place."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.places = array("q")
        self.sizes = array("Q")
        self.hashes = array("Q")
        self.reasons = array("I")
        # Of each: whether it is kept, or else the number of the code with which it is.
        self.states = bytearray()
        self.words: dict[str, int] = {}
        self._codes: list[Collection[str]] = []
        self._elsewhere = [(array("Q"), array("B")) for _ in range(PARTS)]

    def add(self, reject: Reject) -> None:
        if reject.reason not in self.words:
            self.words[reject.reason] = len(self.words)
            self._codes.append(codes_for(self.kind, reject.reason))
        self.places.append(reject.place)
        self.sizes.append(reject.size)
        self.hashes.append(short(reject.sha256))
        self.reasons.append(self.words[reject.reason])
        self.states.append(NOT_KEPT)

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        reasons = [*self.words]
        for place, reason in zip(self.places, self.reasons, strict=True):
            yield place, reasons[reason]

    def number_of(self, reason: str) -> int:
        number = self.words.get(reason)
        return 0 if number is None else self.reasons.count(number)

    def keep(self, place: int, sha256: bytes, code: str) -> None:
        """One of the ledger's, in whatever version of the file it was."""
        if code not in NUMBERS or not self.places:
            return
        hash_, at = short(sha256), bisect_left(self.places, place)
        is_there = at < len(self) and (self.places[at], self.hashes[at]) == (place, hash_)
        if is_there and not self.states[at] and code in self._codes[self.reasons[at]]:
            self.states[at] = AS_EXPECTED
        else:
            hashes, codes = self._elsewhere[hash_ % PARTS]
            hashes.append(hash_)
            codes.append(NUMBERS[code])

    def wrong(self) -> Iterator[tuple[int, int, str, str | None]]:
        """Place, size, reason, and the code with which it is kept, if it is."""
        self._look_elsewhere()
        if self.states.count(AS_EXPECTED) == len(self):
            return
        reasons = [*self.words]
        for at, state in enumerate(self.states):
            if state != AS_EXPECTED:
                code = CODES[state - 2] if state else None
                yield self.places[at], self.sizes[at], reasons[self.reasons[at]], code

    def _look_elsewhere(self) -> None:
        """Earlier versions of a file may have left more than the present one has."""
        if not any(hashes for hashes, _ in self._elsewhere):
            return
        missing = [array("q") for _ in range(PARTS)]
        for at, state in enumerate(self.states):
            if not state:
                missing[self.hashes[at] % PARTS].append(at)
        for some, (hashes, codes) in zip(missing, self._elsewhere, strict=True):
            left = Counter(zip(hashes, codes, strict=True)) if some else Counter()
            for at in some:
                of_kind = self._codes[self.reasons[at]]
                for code in (*of_kind, *CODES):
                    if left[one := (self.hashes[at], NUMBERS[code])] > 0:
                        left[one] -= 1
                        self.states[at] = AS_EXPECTED if code in of_kind else one[1]
                        break
