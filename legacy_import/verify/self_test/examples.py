"""Files of a tree on which the self-test can try each comparison: the first small ones, if any."""

from legacy_import.verify.accounts.accounting import KEPT_WHOLE, Read
from legacy_import.verify.source.repaired import Repaired
from legacy_import.verify.source.tree import File, Kind

PERSON, METRICS, BACKUP = "person", "metrics", "backup"
REJECT, REPAIR, ANY = "reject", "repair", "any"
# Of each, as somebody may be writing to one.
MOST = 3
# A longer file takes longer; there is but one metrics.json, and one girls_data.json.
MOST_RECORDS = 200
Example = tuple[File, int | None]


class Examples:
    def __init__(self) -> None:
        # With the first person in it.
        self.small: dict[str, list[Example]] = {}
        self.large: dict[str, list[Example]] = {}

    def of(self, what: str) -> list[Example]:
        return [*self.small.get(what, ()), *self.large.get(what, ())]

    def add(self, read: Read, person: int | None) -> None:
        """With the first person in it, if there is any."""
        file, expected = read.file, read.expected
        rows = expected.records - expected.left_out - len(read.rejects)
        told = {
            PERSON: person is not None,
            METRICS: file.kind is Kind.METRICS and rows > 0,
            BACKUP: file.kind is Kind.BACKUP and file.day is not None,
            REJECT: bool(read.rejects),
            REPAIR: file.kind not in KEPT_WHOLE and _keeps_originals(expected.repaired),
            ANY: file.kind is not Kind.BACKUP,
        }
        small = expected.records <= MOST_RECORDS
        if not small and file.kind not in KEPT_WHOLE:
            return
        files = self.small if small else self.large
        for what, is_one in told.items():
            if is_one and len(known := files.setdefault(what, [])) < MOST:
                known.append((file, person))


def _keeps_originals(repaired: Repaired) -> bool:
    """Of what is in another encoding the notes may have the bytes."""
    return any(
        of_value and not encoding
        for of_value, encoding in zip(repaired.values, repaired.other_encoding, strict=True)
    )
