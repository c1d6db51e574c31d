"""What a verification's page says, for translators."""

from django.utils.translation import gettext_noop

SAYS = {
    "passed": (
        gettext_noop("Everything is there"),
        gettext_noop(
            "Every record of the files is in the database with the same values, or kept as it was "
            "where it could not be taken over."
        ),
    ),
    "stale": (
        gettext_noop("The files are newer than the database"),
        gettext_noop("Files changed after they were imported. Import again, then verify again."),
    ),
    "differences": (
        gettext_noop("Something differs"),
        gettext_noop(
            "The database is not in all points what the files say. What differs is listed below."
        ),
    ),
    "incomplete": (
        gettext_noop("Nothing differs, but not everything was looked at"),
        gettext_noop(
            "A check could not be made; below it says why. Until then this proves nothing."
        ),
    ),
    "error": (
        gettext_noop("This result means nothing"),
        gettext_noop("The verifier did not notice what it broke itself, on trial."),
    ),
}
STATUSES = {
    "passed": gettext_noop("passed"),
    "stale": gettext_noop("stale"),
    "differences": gettext_noop("differences"),
    "incomplete": gettext_noop("incomplete"),
    "error": gettext_noop("error"),
}
RESULTS = {
    "passed": gettext_noop("passed"),
    "not made": gettext_noop("not made"),
    "not asked for": gettext_noop("not asked for"),
}
IN_ENGLISH = gettext_noop(
    "What is said of single files and records, and of what was measured, is in English."
)
# What checks count, where it has no values in it.
FIGURES = (
    gettext_noop("bots"),
    gettext_noop("bots probed"),
    gettext_noop("breaks"),
    gettext_noop("conversations"),
    gettext_noop("conversations of files that are gone"),
    gettext_noop("conversations that a bot began"),
    gettext_noop("files"),
    gettext_noop("files kept whole"),
    gettext_noop("files no longer in the tree"),
    gettext_noop("files of no bot"),
    gettext_noop("files read as a sample"),
    gettext_noop("files to restore whose bytes were compared"),
    gettext_noop("files whose records changed places"),
    gettext_noop("kept as rejects"),
    gettext_noop("kept files that are no longer in the tree"),
    gettext_noop("keys around messages"),
    gettext_noop("messages"),
    gettext_noop("messages from backups"),
    gettext_noop("messages no longer in their files"),
    gettext_noop("messages only in backups"),
    gettext_noop("messages written live"),
    gettext_noop("metrics"),
    gettext_noop("metrics no longer in their files"),
    gettext_noop("originals compared with the ledger"),
    gettext_noop("originals of records that need no repair"),
    gettext_noop("profiles"),
    gettext_noop("profiles that are no longer in the files"),
    gettext_noop("queries"),
    gettext_noop("records"),
    gettext_noop("records that PostgreSQL refused"),
    gettext_noop("rejects"),
    gettext_noop("repaired records"),
    gettext_noop("repairs"),
    gettext_noop("rows to restore that were compared"),
    gettext_noop("rules"),
    gettext_noop("snapshots"),
    gettext_noop("snapshots of which only a line is kept"),
    gettext_noop("sums of runs"),
    gettext_noop("tables whose rows have a bot"),
    gettext_noop("that cannot be read"),
    gettext_noop("times running backwards"),
    gettext_noop("tokens opened"),
    # Of rejects.
    gettext_noop("withheld, as they may be lists of bots"),
    gettext_noop("without the tokens in them"),
)
