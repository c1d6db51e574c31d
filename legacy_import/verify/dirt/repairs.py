"""Check `repairs`: of each repaired record the bytes are kept, and each repair names some of them.

What the rule makes of such a record is compared with its row like any other's.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db import connection

from legacy_import.verify.accounts.accounting import KEPT_WHOLE, Read
from legacy_import.verify.accounts.fingerprints import Fingerprints
from legacy_import.verify.accounts.kept import KeptOriginals
from legacy_import.verify.accounts.ledger import LedgerFile
from legacy_import.verify.checks import REPAIRS
from legacy_import.verify.database import stored
from legacy_import.verify.dirt.noted import WHOLE_FILE, compare_noted
from legacy_import.verify.findings import Findings
from legacy_import.verify.source.repaired import MOST_NOTES, short_hash
from legacy_import.verify.source.tree import Kind
from legacy_import.verify.values.places import Placed, Places, has

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
    names = {one.path: one.file.printable for one in read if one.looked_at}
    compare_numbers(bot_id, names, findings)
    by_path = {one.path: one for one in read if one.looked_at and one.path in known}
    latest = {path: (known[path].id, one.expected) for path, one in by_path.items()}
    kept = compare_noted(bot_id, names, latest, findings)
    for path, one in by_path.items():
        of_file = kept.get(path, KeptOriginals())
        # After a second import, or with messages from backups, places are not those in the file.
        once = known[path].versions == 1 and not one.others
        placed = _places(one, once)
        if placed is not None and one.file.kind is Kind.CONVERSATION and not once:
            placed = _by_bytes(one, of_file, placed)
        if placed is not None:
            _compare_places(one, of_file, placed, once, findings)
        # Where people of one file stand in the ledger is not known after a second import.
        if one.file.kind not in KEPT_WHOLE or (one.file.kind is Kind.OLDER_PROFILES and once):
            _compare(one, of_file, placed or Placed(), once, findings)
            if one.file.kind is Kind.CONVERSATION and not once:
                taken = Places(sorted(placed.in_ledger) if placed else ())
                others = Places(place for place in of_file.places if place not in taken)
                _compare_rows(bot_id, path, one, others, findings)


def compare_numbers(bot_id: uuid.UUID, names: Mapping[str, str], findings: Findings) -> None:
    """Of each version of a file: as many records are noted as repaired as the import counted."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, [bot_id, [*names]])
        for path, counted, noted in cursor.fetchall():
            what = "another number of its records is noted as repaired"
            findings.add(REPAIRS, names[path], what, None, "repaired", int(counted), noted)


def _places(one: Read, once: bool) -> Placed | None:
    """Of repaired records their places in the ledger; None where that is not known."""
    if once or one.file.kind is Kind.PROFILE:
        return Placed(one.expected.repaired.places, one.expected.repaired.places)
    return one.placed if one.file.kind is Kind.CONVERSATION else None


def _by_bytes(one: Read, kept: KeptOriginals, placed: Placed) -> Placed:
    """Of rows that are alike a record's is the one beside which its bytes are kept."""
    repaired, astray = one.expected.repaired, dict[int, int]()
    for place, record in zip(repaired.places, repaired.records, strict=True):
        in_ledger = placed.at(place)
        if in_ledger is not None and kept.record_at(in_ledger) != record:
            astray[place] = record
    if not astray:
        return placed
    wanted, taken = {*astray.values()}, Places(sorted(placed.in_ledger))
    left: dict[int, list[int]] = defaultdict(list)
    for place, record in zip(reversed(kept.places), reversed(kept.records), strict=True):
        if record in wanted and place not in taken:
            left[record].append(place)
    found = Placed()
    for place, in_ledger in zip(placed.in_file, placed.in_ledger, strict=True):
        others = left[astray[place]] if place in astray else None
        found.add(place, others.pop() if others else in_ledger)
    return found


def _compare_places(
    one: Read, kept: KeptOriginals, places: Placed, once: bool, findings: Findings
) -> None:
    """Also where the importer took for a repair what the verifier does not: then it is kept."""
    repaired = one.expected.repaired
    for place, number, encoding in zip(
        repaired.places, repaired.numbers, repaired.other_encoding, strict=True
    ):
        # A file may have changed its encoding since the record was imported.
        wanted = min(number + bool(encoding and once), MOST_NOTES)
        in_ledger = places.at(place)
        found = wanted if in_ledger is None else kept.noted_at(in_ledger)
        if found < wanted:
            what = "fewer repairs of it are noted than were made"
            findings.add(REPAIRS, one.file.printable, what, place, "repairs", wanted, found)
    if one.file.kind is Kind.OLDER_PROFILES or not once:
        return  # kept whole, or noted of an earlier version
    for place in kept.noted:
        explained = has(repaired.places, place) or has(kept.places, place) or place == WHOLE_FILE
        if not explained:
            what = "a repair is noted that no record explains"
            findings.add(REPAIRS, one.file.printable, what, place)


def _compare(
    one: Read, kept: KeptOriginals, places: Placed, once: bool, findings: Findings
) -> None:
    repaired, name = one.expected.repaired, one.file.printable
    findings.count(REPAIRS, "repaired records", len(repaired.places))
    for place, record, undecoded, of_value in zip(
        *(repaired.places, repaired.records, repaired.other_encoding, repaired.values), strict=True
    ):
        if (in_ledger := places.at(place)) is None:
            continue  # its row is missing
        found = kept.record_at(in_ledger)
        is_kept = undecoded > 0 and has(kept.undecoded, undecoded)
        if undecoded and (once or is_kept):
            same = is_kept and found in (None, record)
        else:
            # It may have been imported when the file was in UTF-8.
            same = found == record or (found is None and not once and not of_value)
        if not same:
            what = "its bytes are not kept" if found is None else "other bytes than its are kept"
            findings.add(REPAIRS, name, what, place)
    if one.file.kind is Kind.OLDER_PROFILES:
        return
    if once or (one.file.kind is Kind.PROFILE and not one.rejects):
        _compare_others(one, kept, findings)


def _compare_rows(
    bot_id: uuid.UUID, path: str, one: Read, places: Places, findings: Findings
) -> None:
    """Originals of records that are not in the file, or at another place: by the ledger."""
    if not places or one.file.key is None:
        return
    findings.count(REPAIRS, "originals compared with the ledger", len(places))
    rows = stored.messages_at(bot_id, one.file.key, places.ordered)
    for row in Fingerprints.of(bot_id, path).others(rows):
        what = "what is kept of its record is not what was imported, or its row is another"
        findings.add(REPAIRS, one.file.printable, what, row[9])


def _compare_others(one: Read, kept: KeptOriginals, findings: Findings) -> None:
    """Originals kept although nothing was repaired: of records that are written in another way."""
    places = one.expected.repaired.places
    left, read = Places(place for place in kept.places if not has(places, place)), Places()
    if not left:
        return
    for place, text in one.expected.texts(left):
        read.ordered.append(place)
        if short_hash(text.encode("utf-8", "surrogatepass")) == kept.record_at(place):
            findings.count(REPAIRS, "originals of records that need no repair")
        else:
            what = "other bytes than its are kept"
            findings.add(REPAIRS, one.file.printable, what, place)
    for place in left.ordered:
        if place not in read:
            what = "bytes are kept that no record explains"
            findings.add(REPAIRS, one.file.printable, what, place)
