"""Check `repairs`: of each repaired record the bytes are kept, and each repair names some of them.

What the rule makes of such a record is compared with its row like any other's.
"""

import uuid
from collections.abc import Sequence

from legacy_import.verify import kept as keeping
from legacy_import.verify.accounting import KEPT_WHOLE, Read
from legacy_import.verify.checks import REPAIRS
from legacy_import.verify.findings import Findings
from legacy_import.verify.kept import KeptOriginals, KeptRepair, has
from legacy_import.verify.ledger import LedgerFile, path_of
from legacy_import.verify.original import is_in
from legacy_import.verify.source.encodings import BLOCK
from legacy_import.verify.source.reading import Unreadable, opened
from legacy_import.verify.source.repaired import short_hash
from legacy_import.verify.source.tree import Kind

WHOLE_FILE = 0


def compare_repairs(
    bot_id: uuid.UUID, read: Sequence[Read], known: dict[str, LedgerFile], findings: Findings
) -> None:
    by_path = {path: one for one in read if one.looked_at and (path := path_of(one.file)) in known}
    kept = keeping.originals(bot_id, [*by_path])
    noted = keeping.repairs(bot_id, [*by_path])
    for repair in noted:
        one = by_path[repair.path]
        findings.count(REPAIRS, "repairs")
        places = kept.setdefault(repair.path, KeptOriginals())
        places.noted.add(repair.place)
        if repair.code == "windows-1251":
            places.undecoded.add(short_hash(repair.original))
        elif repair.place == WHOLE_FILE:
            _compare_beginning(one, repair, findings)
        # An empty record: the row has come to give it back.
        elif repair.record and not is_in(repair.record, repair):
            findings.add(
                REPAIRS, one.file.printable, f"what was kept of a repair ({repair.code}) is not "
                "in the record", repair.place, repair.pointer, repair.record, repair.original,
            )  # fmt: skip
    for path, one in by_path.items():
        # After a second import, or with messages from backups, places are not those in the file.
        placed = known[path].versions == 1 and not one.salvaged
        of_file = kept.get(path, KeptOriginals())
        if placed:
            _compare_places(one, of_file, findings)
        if one.file.kind not in KEPT_WHOLE:
            _compare(one, of_file, placed, findings)


def _compare_places(one: Read, kept: KeptOriginals, findings: Findings) -> None:
    """Also where the importer took for a repair what the verifier does not: then it is kept."""
    repaired = one.expected.repaired.places
    for place in repaired:
        if place not in kept.noted:
            findings.add(REPAIRS, one.file.printable, "its repair is not noted", place)
    if one.file.kind is Kind.OLDER_PROFILES:
        return  # kept whole
    for place in kept.noted:
        explained = has(repaired, place) or has(kept.places, place) or place == WHOLE_FILE
        if not explained:
            what = "a repair is noted that no record explains"
            findings.add(REPAIRS, one.file.printable, what, place)


def _compare(one: Read, kept: KeptOriginals, placed: bool, findings: Findings) -> None:
    repaired, name = one.expected.repaired, one.file.printable
    findings.count(REPAIRS, "repaired records", len(repaired.places))
    hashes = set() if placed else set(kept.records)
    for place, record, undecoded in zip(
        repaired.places, repaired.records, repaired.other_encoding, strict=True
    ):
        found = kept.record_at(place) if placed else record if record in hashes else None
        if undecoded:
            same = undecoded in kept.undecoded and found in (None, record)
        else:
            same = found == record
        if not same:
            what = "its bytes are not kept" if found is None else "other bytes than its are kept"
            findings.add(REPAIRS, name, what, place)
    if placed:
        _compare_others(one, kept, findings)


def _compare_others(one: Read, kept: KeptOriginals, findings: Findings) -> None:
    """Originals kept although nothing was repaired: of records that are written in another way."""
    places = one.expected.repaired.places
    left = {}
    for place, record in zip(kept.places, kept.records, strict=True):
        if not has(places, place):
            left[place] = record
    if not left:
        return
    for place, text in one.expected.texts(left):
        if short_hash(text.encode("utf-8", "surrogatepass")) == left.pop(place):
            findings.count(REPAIRS, "originals of records that need no repair")
        else:
            what = "other bytes than its are kept"
            findings.add(REPAIRS, one.file.printable, what, place)
    for place in left:
        findings.add(REPAIRS, one.file.printable, "bytes are kept that no record explains", place)


def _compare_beginning(one: Read, repair: KeptRepair, findings: Findings) -> None:
    """Of a repair of the file itself: its mark, or what stands around the records."""
    try:
        with opened(one.expected.root, one.file) as file:
            beginning = file.read(BLOCK)
    except Unreadable:
        return
    if not repair.pointer and not beginning.startswith(repair.original):
        findings.add(
            REPAIRS, one.file.printable, f"what was kept of a repair ({repair.code}) is not how "
            "the file begins", 0, "mark", beginning[:4], repair.original,
        )  # fmt: skip
