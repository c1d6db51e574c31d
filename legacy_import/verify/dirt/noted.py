"""Check `repairs`: what is noted of each repair is what its code says, and stands in its record."""

import uuid
from array import array
from collections.abc import Mapping
from contextlib import suppress

from legacy_import.verify.accounts import kept as keeping
from legacy_import.verify.accounts.kept import KeptOriginals, KeptRepair
from legacy_import.verify.checks import REPAIRS
from legacy_import.verify.dirt.codes import is_repair
from legacy_import.verify.dirt.original import is_in, is_json, is_json_of
from legacy_import.verify.findings import Findings
from legacy_import.verify.source.encodings import BLOCK
from legacy_import.verify.source.reading import Expected, Unreadable, opened
from legacy_import.verify.source.repaired import short_hash

WHOLE_FILE = 0
# Files that are there, as they were imported last, by their paths in the ledger.
Latest = Mapping[str, tuple[uuid.UUID, Expected]]


def compare_noted(
    bot_id: uuid.UUID, names: Mapping[str, str], latest: Latest, findings: Findings
) -> dict[str, KeptOriginals]:
    """`names` by paths in the ledger; what is kept of each path's repaired records."""
    kept = keeping.originals(bot_id, [*names])
    of_nothing: set[tuple[str, str]] = set()
    record: tuple[uuid.UUID, int] | None = None
    for repair in keeping.repairs(bot_id, [*names]):
        findings.count(REPAIRS, "repairs")
        places = kept.setdefault(repair.path, KeptOriginals())
        decoded = repair.code == "windows-1251"
        if decoded:
            places.undecoded.append(short_hash(repair.original))
        if (repair.file_id, repair.place) != record:
            record = (repair.file_id, repair.place)
            of_nothing.clear()
        key = (repair.code, repair.pointer)
        wrong = None
        if not is_repair(repair.code, repair.pointer, repair.original):
            wrong = "is not of its kind"
        elif repair.place == WHOLE_FILE:
            file_id, file = latest.get(repair.path, (None, None))
            is_latest = file_id == repair.file_id and not decoded
            if file and is_latest and not _is_around(file, repair):
                wrong = "is not in the file"
        elif not repair.original and key in of_nothing:
            wrong = "is kept twice"
        # An empty record: the row has come to give it back.
        elif repair.record and not decoded and not is_in(repair.record, repair):
            wrong = "is not in the record"
        # Of a measurement, whose record is kept with the whole file.
        elif (
            repair.record is None and repair.original and not (decoded or is_json(repair.original))
        ):
            wrong = "is no value"
        if wrong:
            what = f"what was kept of a repair ({repair.code}) {wrong}"
            values = (repair.pointer, repair.record, repair.original) if repair.record else ()
            findings.add(REPAIRS, names[repair.path], what, repair.place, *values)
        if not repair.original:
            of_nothing.add(key)
    for places in kept.values():
        places.undecoded = array("Q", sorted(places.undecoded))
    return kept


def _is_around(file: Expected, repair: KeptRepair) -> bool:
    """Of a repair of the file itself: its mark, or the id that stands in it."""
    if repair.pointer:
        return repair.code != "id-differs" or is_json_of(
            (file.around or {}).get("chat_id"), repair.original
        )
    with suppress(Unreadable), opened(file.root, file.file) as beginning:
        return beginning.read(BLOCK).startswith(repair.original)
    return True
