"""Check `repairs`: each reject is in the ledger as it was imported, and none more."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import chain, groupby
from operator import itemgetter

from legacy_import.verify.accounts import fingerprints, kept, ledger
from legacy_import.verify.accounts.fingerprints import Extent
from legacy_import.verify.accounts.kept import KeptReject
from legacy_import.verify.checks import ACCOUNTING, REPAIRS
from legacy_import.verify.dirt import rejected
from legacy_import.verify.dirt.expected_rejects import ExpectedRejects
from legacy_import.verify.findings import Findings
from legacy_import.verify.values.encoded import CONTENT

WHOLE_FILE = 0
REFUSED = "refused-by-database"
# Whose record the file may have lost since.
TORN = "truncated"
NO_FILES: Mapping[str, ExpectedRejects] = {}
# Of a place: what is kept there, or the fingerprint of what was rejected, and whether it stands.
Said = tuple[int, KeptReject | None, bytes, bool]


class Rejects:
    """Of one bot."""

    def __init__(self, bot_id: uuid.UUID, findings: Findings) -> None:
        self.bot_id = bot_id
        self.findings = findings
        # Of the paths compared last.
        self.extents: dict[str, Extent] = {}
        self.runs: set[int | None] = {None, *ledger.run_numbers(bot_id)}

    def compare(
        self, names: Mapping[str, str], expected: Mapping[str, ExpectedRejects] = NO_FILES
    ) -> dict[str, list[KeptReject]]:
        """`names` by paths in the ledger; what is kept of each path as a whole.

        There may be as many as records: all that is said of a place is compared at once.
        """
        paths = [*names]
        self.extents = fingerprints.extents(self.bot_id, paths)
        wholes = ledger.rejected_wholes(self.bot_id, paths)
        latest = ledger.files(self.bot_id, paths)
        earlier = rejected.had_rejects(self.bot_id, paths)
        found: dict[str, list[KeptReject]] = {path: [] for path in paths}
        left = dict(names)
        by_path = groupby(kept.rejects(self.bot_id, paths), key=itemgetter(0))
        for path, rejects in chain(by_path, ((path, ()) for path in paths)):
            if (name := left.pop(path, None)) is None:
                continue
            extent = self.extents.get(path, fingerprints.NONE)
            if not extent.whole:
                what = "the ledger's fingerprints of its records are not complete"
                self.findings.add(ACCOUNTING, name, what)
            said: list[Iterable[Said]] = [self._told(name, rejects, expected.get(path))]
            if extent.rejects:
                standing = rejected.standing_rejects(self.bot_id, path)
                said.append((place, None, content, True) for place, content in standing)
            if path in earlier:
                before = rejected.earlier_rejects(self.bot_id, path)
                said.append((place, None, content, False) for place, content in before)
            for place, of_place in groupby(merge(*said, key=itemgetter(0)), key=itemgetter(0)):
                if place == WHOLE_FILE:
                    found[path] = [one for _, one, *_ in of_place if one]
                else:
                    self._compare_records(name, place, [*of_place])
            digests = latest[path].header.get("rejected") if path in latest else None
            ever = {id: hexes for id, (of, hexes) in wholes.items() if of == path}
            self._compare_wholes(name, found[path], ever, digests)
        return found

    def _told(
        self,
        name: str,
        rejects: Iterable[tuple[str, KeptReject]],
        expected: ExpectedRejects | None,
    ) -> Iterator[Said]:
        for _, one in rejects:
            if not one.is_told:
                what = f"a reject's reason is none of its code's ({one.code})"
                self.findings.add(REPAIRS, name, what, one.place)
            if expected:
                expected.keep(one.place, one.sha256, one.code)
            yield one.place, one, b"", False

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

    def _compare_records(self, name: str, place: int, said: Sequence[Said]) -> None:
        rejects = [one for _, one, *_ in said if one]
        wanted = {content for _, one, content, _ in said if not one}
        stands = any(is_standing for *_, is_standing in said)
        for one in rejects:
            known = bool(wanted) if one.code == REFUSED else one.fingerprint in wanted
            if not (one.is_one and known):
                self._not_as_imported(name, one)
            elif one.solved_by not in self.runs or (
                one is rejects[-1] and (one.solved_by is None) is not stands
            ):
                self._solved(name, one)
        if not any(one.code == REFUSED for one in rejects):
            for _ in wanted - {one.fingerprint for one in rejects}:
                self.findings.add(REPAIRS, name, "the reject is not kept", place)

    def _not_as_imported(self, name: str, one: KeptReject) -> None:
        what = f"a reject is kept that was not imported so ({one.code})"
        self.findings.add(REPAIRS, name, what, one.place)

    def _solved(self, name: str, one: KeptReject) -> None:
        what = "no such run solved it" if one.solved_by is not None else "it was solved since"
        self.findings.add(
            REPAIRS, name, f"{what} ({one.code})", one.place, "solved_by", None, one.solved_by
        )
