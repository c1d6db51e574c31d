"""The checks by name: what each asks, in words for whoever owns the data, and what to do."""

from dataclasses import dataclass

ACCOUNTING, CONTENT, ORDER, INTEGRITY = "accounting", "content", "order", "integrity"
JSON, TIME_ZONES, REPAIRS, BACKUPS = "json", "time-zones", "repairs", "backups"
FRESHNESS, PERFORMANCE, ISOLATION = "freshness", "performance", "isolation"
ROLLBACK, SELF_TEST = "rollback", "self-test"


@dataclass(frozen=True)
class Check:
    question: str
    to_do: str


CHECKS = {
    ACCOUNTING: Check(
        "Is every record of every file accounted for, and nothing there that no file explains?",
        "import the tree again; what stays is listed with its file",
    ),
    CONTENT: Check(
        "Is every value the same: each text, number, name and time, to the microsecond?",
        "compare the record with its row; if nobody edited it, roll the run back and import again",
    ),
    ORDER: Check(
        "Do the messages stand in the order of their files?",
        "roll the run back and import the file again",
    ),
    INTEGRITY: Check(
        "Does every message belong to its conversation, and every conversation to its person?",
        "run manage.py check_isolation, and ask who changed the database by hand",
    ),
    JSON: Check(
        "Are interests, additional data, metadata, tags and settings the same, in every part?",
        "compare the record with its row; if nobody edited it, roll the run back and import again",
    ),
    TIME_ZONES: Check(
        "Are the times those of the files, and not all some hours early or late?",
        "roll the run back and import again with the --source-tz of the old machine",
    ),
    REPAIRS: Check(
        "Of what was repaired or could not be taken: is the original kept, byte for byte?",
        "keep the files: what is named is in them alone. If nobody changed the ledger by hand, "
        "roll the run back and import again",
    ),
    BACKUPS: Check(
        "Are the backups kept, byte for byte?",
        "import the tree again with --backups store; until then keep the files",
    ),
    FRESHNESS: Check(
        "Are the files still as they were when they were imported?",
        "import the tree again, then verify again: this result is stale",
    ),
    PERFORMANCE: Check(
        "Are the most frequent reads fast?",
        "run VACUUM ANALYZE, then verify again; then look at the plan",
    ),
    ISOLATION: Check(
        "Does each bot see its own data and nobody else's?",
        "run manage.py check_isolation, and do what it says",
    ),
    ROLLBACK: Check(
        "Could this import still be undone?",
        "what was written since stays or goes: see manage.py rollback_import --help",
    ),
    SELF_TEST: Check(
        "Does this test notice what it breaks itself, on trial?",
        "do not trust this result: the verifier did not see what it broke itself",
    ),
}
# Whatever else was asked for: without them no result counts.
ALWAYS = {FRESHNESS, SELF_TEST}
# Those for which the files are read.
OF_FILES = {ACCOUNTING, CONTENT, ORDER, JSON, TIME_ZONES, REPAIRS, BACKUPS}
