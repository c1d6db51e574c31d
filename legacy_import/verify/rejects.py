"""Check `repairs`: each reject is in the ledger as it was imported, and none more."""

import uuid
from collections.abc import Mapping, Sequence
from itertools import chain

from legacy_import.verify import fingerprints, kept, ledger
from legacy_import.verify.checks import ACCOUNTING, REPAIRS
from legacy_import.verify.encoded import CONTENT
from legacy_import.verify.findings import Findings
from legacy_import.verify.fingerprints import REJECTED, Extent, Fingerprints
from legacy_import.verify.kept import KeptReject

WHOLE_FILE = 0
REFUSED = "refused-by-database"
# Whose record the file may have lost since.
TORN = "truncated"


class Rejects:
    """Of one bot."""

    def __init__(self, bot_id: uuid.UUID, findings: Findings) -> None:
        self.bot_id = bot_id
        self.findings = findings
        # Of the paths compared last.
        self.extents: dict[str, Extent] = {}
        self.runs: set[int | None] = {None, *ledger.run_numbers(bot_id)}

    def compare(self, names: Mapping[str, str]) -> dict[str, list[KeptReject]]:
        """`names` by paths in the ledger; what is kept of each path."""
        paths = [*names]
        found = kept.rejects(self.bot_id, paths)
        self.extents = extents = fingerprints.extents(self.bot_id, paths)
        wholes = ledger.rejected_wholes(self.bot_id, paths)
        latest = ledger.files(self.bot_id, paths)
        earlier = fingerprints.earlier_rejects(self.bot_id, paths)
        for path, name in names.items():
            rejects, extent = found.get(path, []), extents.get(path, fingerprints.NONE)
            if not extent.whole:
                what = "the ledger's fingerprints of its records are not complete"
                self.findings.add(ACCOUNTING, name, what)
            for one in rejects:
                if not one.is_told:
                    what = f"a reject's reason is none of its code's ({one.code})"
                    self.findings.add(REPAIRS, name, what, one.place)
            of_file = [one for one in rejects if one.place == WHOLE_FILE]
            digests = latest[path].header.get("rejected") if path in latest else None
            ever = {id: hexes for id, (of, hexes) in wholes.items() if of == path}
            self._compare_wholes(name, of_file, ever, digests)
            of_records = [one for one in rejects if one.place != WHOLE_FILE]
            before = earlier.get(path, {})
            if of_records or extent.rejects or before:
                self._compare_records(path, name, of_records, before)
        return found

    def _compare_wholes(
        self,
        name: str,
        rejects: Sequence[KeptReject],
        wholes: Mapping[uuid.UUID, list[str]],
        digests: list[str] | None,
    ) -> None:
        """`digests` are those of the file as it is now, if nothing of it was taken."""
        standing, there = [], []
        for one in rejects:
            digits = one.fingerprints.hex()
            hexes = [digits[at : at + 2 * CONTENT] for at in range(0, len(digits), 2 * CONTENT)]
            there.append(hexes)
            if not one.is_one or wholes.get(one.file_id) != hexes:
                self._not_as_imported(name, one)
            elif one.solved_by not in self.runs or (
                one.solved_by is None and digests is None and one.code != TORN
            ):
                self._solved(name, one)
            elif one.solved_by is None:
                standing.append(hexes)
        gone = any(hexes not in there for hexes in wholes.values())
        if gone or (digests is not None and digests not in standing):
            self.findings.add(REPAIRS, name, "the reject is not kept", WHOLE_FILE)

    def _compare_records(
        self,
        path: str,
        name: str,
        rejects: Sequence[KeptReject],
        earlier: Mapping[int, set[bytes]],
    ) -> None:
        held = Fingerprints.of(self.bot_id, path)
        last = {one.place: one for one in rejects}
        for one in rejects:
            stands = 1 <= one.place <= len(held) and held.is_rejected(one.place)
            wanted = set(earlier.get(one.place, ()))
            if stands:
                wanted.add(held.content(one.place))
            known = bool(wanted) if one.code == REFUSED else one.fingerprints[:CONTENT] in wanted
            if not (one.is_one and known):
                self._not_as_imported(name, one)
            elif one.solved_by not in self.runs or (
                one is last[one.place] and (one.solved_by is None) is not stands
            ):
                self._solved(name, one)
        there = {(one.place, one.fingerprints[:CONTENT]) for one in rejects}
        refused = {one.place for one in rejects if one.code == REFUSED}
        before = ((place, one) for place, ones in earlier.items() for one in ones)
        now = ((place, held.content(place)) for place in held.places_of(REJECTED))
        for place, _ in sorted({one for one in chain(before, now) if one not in there}):
            if place not in refused:
                self.findings.add(REPAIRS, name, "the reject is not kept", place)

    def _not_as_imported(self, name: str, one: KeptReject) -> None:
        what = f"a reject is kept that was not imported so ({one.code})"
        self.findings.add(REPAIRS, name, what, one.place)

    def _solved(self, name: str, one: KeptReject) -> None:
        what = "no such run solved it" if one.solved_by is not None else "it was solved since"
        self.findings.add(
            REPAIRS, name, f"{what} ({one.code})", one.place, "solved_by", None, one.solved_by
        )
