"""The checks by name: what each asks, in words for whoever owns the data, and what to do."""

from dataclasses import dataclass

from django.utils.translation import gettext_noop

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
        gettext_noop(
            "Is every record of every file accounted for, and nothing there that no file explains?"
        ),
        gettext_noop("import the tree again; what stays is listed with its file"),
    ),
    CONTENT: Check(
        gettext_noop(
            "Is every value the same: each text, number, name and time, to the microsecond?"
        ),
        gettext_noop(
            "compare the record with its row; if nobody edited it, roll the run back and import "
            "again"
        ),
    ),
    ORDER: Check(
        gettext_noop("Do the messages stand in the order of their files?"),
        gettext_noop("roll the run back and import the file again"),
    ),
    INTEGRITY: Check(
        gettext_noop(
            "Does every message belong to its conversation, and every conversation to its person?"
        ),
        gettext_noop("run manage.py check_isolation, and ask who changed the database by hand"),
    ),
    JSON: Check(
        gettext_noop(
            "Are interests, additional data, metadata, tags and settings the same, in every part?"
        ),
        gettext_noop(
            "compare the record with its row; if nobody edited it, roll the run back and import "
            "again"
        ),
    ),
    TIME_ZONES: Check(
        gettext_noop("Are the times those of the files, and not all some hours early or late?"),
        gettext_noop("roll the run back and import again with the --source-tz of the old machine"),
    ),
    REPAIRS: Check(
        gettext_noop(
            "Of what was repaired or could not be taken: is the original kept, byte for byte?"
        ),
        gettext_noop(
            "keep the files: what is named is in them alone. If nobody changed the ledger by hand, "
            "roll the run back and import again"
        ),
    ),
    BACKUPS: Check(
        gettext_noop("Are the backups kept, byte for byte?"),
        gettext_noop("import the tree again with --backups store; until then keep the files"),
    ),
    FRESHNESS: Check(
        gettext_noop("Are the files still as they were when they were imported?"),
        gettext_noop("import the tree again, then verify again: this result is stale"),
    ),
    PERFORMANCE: Check(
        gettext_noop("Are the most frequent reads fast?"),
        gettext_noop("run VACUUM ANALYZE, then verify again; then look at the plan"),
    ),
    ISOLATION: Check(
        gettext_noop("Does each bot see its own data and nobody else's?"),
        gettext_noop("run manage.py check_isolation, and do what it says"),
    ),
    ROLLBACK: Check(
        gettext_noop("Could this import still be undone?"),
        gettext_noop("what was written since stays or goes: see manage.py rollback_import --help"),
    ),
    SELF_TEST: Check(
        gettext_noop("Does this test notice what it breaks itself, on trial?"),
        gettext_noop("do not trust this result: the verifier did not see what it broke itself"),
    ),
}
# Whatever else was asked for: without them no result counts.
ALWAYS = {FRESHNESS, SELF_TEST}
# Those for which the files are read.
OF_FILES = {ACCOUNTING, CONTENT, ORDER, JSON, TIME_ZONES, REPAIRS, BACKUPS}
