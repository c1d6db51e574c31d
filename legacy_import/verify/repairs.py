"""Check `repairs`: of each repaired record the bytes are kept, and each repair names some of them.

What the rule makes of such a record is compared with its row like any other's.
"""

import uuid
from collections.abc import Mapping, Sequence

from django.db import connection

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
# A message that lost its Telegram id to another one is counted once more. Notes go with a person
# who is erased, also those of a file of several people.
COUNTED = """
    SELECT file.path, counted.number, noted.number
    FROM import_files AS file
    CROSS JOIN LATERAL (
        SELECT coalesce(sum((of.tally ->> 'repaired')::bigint), 0) AS number
        FROM jsonb_each(file.counts) AS of (kind, tally)
    ) AS counted
    CROSS JOIN LATERAL (
        SELECT count(DISTINCT place) FILTER (WHERE code <> 'telegram-id-taken')
            + count(*) FILTER (WHERE code = 'telegram-id-taken') AS number
        FROM import_repairs AS repair
        WHERE repair.bot_id = file.bot_id AND repair.file_id = file.id
            AND (place > 0 OR (file.counts #>> '{conversations,repaired}')::bigint > 0)
    ) AS noted
    WHERE file.bot_id = %s AND file.path = ANY(%s) AND file.status <> 'undone'
        AND counted.number <> noted.number
        AND (counted.number < noted.number
            OR NOT EXISTS (SELECT FROM erased_people WHERE bot_id = file.bot_id))
"""


def compare_repairs(
    bot_id: uuid.UUID, read: Sequence[Read], known: dict[str, LedgerFile], findings: Findings
) -> None:
    names = {path_of(one.file): one.file.printable for one in read if one.looked_at}
    compare_numbers(bot_id, names, findings)
    by_path = {path: one for one in read if one.looked_at and (path := path_of(one.file)) in known}
    kept = keeping.originals(bot_id, [*by_path])
    noted = keeping.repairs(bot_id, [*by_path])
    of_nothing: set[tuple[object, ...]] = set()
    for repair in noted:
        one = by_path[repair.path]
        findings.count(REPAIRS, "repairs")
        places = kept.setdefault(repair.path, KeptOriginals())
        places.noted.add(repair.place)
        if repair.code == "windows-1251":
            places.undecoded.add(short_hash(repair.original))
        elif repair.place == WHOLE_FILE:
            _compare_beginning(one, repair, findings)
        elif not repair.original and _key(repair) in of_nothing:
            what = f"a repair ({repair.code}) is noted twice"
            findings.add(REPAIRS, one.file.printable, what, repair.place)
        # An empty record: the row has come to give it back.
        elif repair.record and not is_in(repair.record, repair):
            findings.add(
                REPAIRS, one.file.printable, f"what was kept of a repair ({repair.code}) is not "
                "in the record", repair.place, repair.pointer, repair.record, repair.original,
            )  # fmt: skip
        if not repair.original:
            of_nothing.add(_key(repair))
    for path, one in by_path.items():
        of_file = kept.get(path, KeptOriginals())
        # After a second import, or with messages from backups, places are not those in the file.
        once = known[path].versions == 1 and not one.salvaged
        placed = _places(one, once)
        if placed is not None:
            _compare_places(one, of_file, placed, once, findings)
        if one.file.kind not in KEPT_WHOLE:
            _compare(one, of_file, placed or {}, once, findings)


def compare_numbers(bot_id: uuid.UUID, names: Mapping[str, str], findings: Findings) -> None:
    """Of each version of a file: as many records are noted as repaired as the import counted."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, [bot_id, [*names]])
        for path, counted, noted in cursor.fetchall():
            what = "another number of its records is noted as repaired"
            findings.add(REPAIRS, names[path], what, None, "repaired", int(counted), noted)


def _key(repair: KeptRepair) -> tuple[object, ...]:
    return repair.file_id, repair.place, repair.code, repair.pointer


def _places(one: Read, once: bool) -> dict[int, int] | None:
    """Of repaired records their places in the ledger; None where that is not known."""
    if once or one.file.kind is Kind.PROFILE:
        return {place: place for place in one.expected.repaired.places}
    return one.placed if one.file.kind is Kind.CONVERSATION else None


def _compare_places(
    one: Read, kept: KeptOriginals, places: dict[int, int], once: bool, findings: Findings
) -> None:
    """Also where the importer took for a repair what the verifier does not: then it is kept."""
    repaired = one.expected.repaired.places
    for place, placed in places.items():
        if placed not in kept.noted:
            findings.add(REPAIRS, one.file.printable, "its repair is not noted", place)
    if one.file.kind is Kind.OLDER_PROFILES or not once:
        return  # kept whole, or noted of an earlier version
    for place in kept.noted:
        explained = has(repaired, place) or has(kept.places, place) or place == WHOLE_FILE
        if not explained:
            what = "a repair is noted that no record explains"
            findings.add(REPAIRS, one.file.printable, what, place)


def _compare(
    one: Read, kept: KeptOriginals, places: dict[int, int], once: bool, findings: Findings
) -> None:
    repaired, name = one.expected.repaired, one.file.printable
    findings.count(REPAIRS, "repaired records", len(repaired.places))
    for place, record, undecoded in zip(
        repaired.places, repaired.records, repaired.other_encoding, strict=True
    ):
        if place not in places:
            continue  # its row is missing
        found = kept.record_at(places[place])
        if undecoded:
            same = undecoded in kept.undecoded and found in (None, record)
        else:
            same = found == record
        if not same:
            what = "its bytes are not kept" if found is None else "other bytes than its are kept"
            findings.add(REPAIRS, name, what, place)
    if once:
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
