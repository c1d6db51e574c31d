"""Check `self-test` of all but conversations: what compares a row must see that it is changed."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

from legacy_import.verify.accounts.accounting import Read
from legacy_import.verify.accounts.ledger import path_of
from legacy_import.verify.checks import ACCOUNTING, BACKUPS, CONTENT, REPAIRS, SELF_TEST
from legacy_import.verify.database.stored import IMPORTED
from legacy_import.verify.findings import Findings
from legacy_import.verify.of_bot import Comparison, Portion
from legacy_import.verify.people.held_people import HeldPeople
from legacy_import.verify.self_test import examples
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.tree import File
from tenants.context import maintenance_context

PATIENCE = "SET LOCAL lock_timeout = '1s'"
OF_FILE = """bot_id = %(bot)s AND file_id IN (
    SELECT id FROM import_files WHERE bot_id = %(bot)s AND path = %(path)s)"""
METRIC = f"""
    UPDATE bot_metrics SET metric_value = metric_value + 1
    WHERE bot_id = %(bot)s AND id = (
        SELECT m.id FROM bot_metrics AS m
        WHERE m.bot_id = %(bot)s AND {IMPORTED} AND NOT m.metric_tags ? 'telegram_id' LIMIT 1)
"""
# What is broken -> on which example, how, and by which check it must be noticed.
BREAK = {
    "a person's name": (
        examples.PERSON,
        """UPDATE profiles SET name = name || '.'
            WHERE bot_id = %(bot)s AND telegram_id = %(person)s""",
        CONTENT,
    ),
    "a measurement": (examples.METRICS, METRIC, CONTENT),
    "a backup dropped": (examples.BACKUP, f"DELETE FROM import_backups WHERE {OF_FILE}", BACKUPS),
    "a reject dropped": (examples.REJECT, f"DELETE FROM import_rejects WHERE {OF_FILE}", REPAIRS),
    "a repair's note dropped": (
        examples.REPAIR,
        f"DELETE FROM import_repairs WHERE {OF_FILE}",
        REPAIRS,
    ),
    "a repaired record dropped": (
        examples.REPAIR,
        f"DELETE FROM import_originals WHERE {OF_FILE}",
        REPAIRS,
    ),
    "a file's line in the ledger dropped": (
        examples.ANY,
        "DELETE FROM import_files WHERE bot_id = %(bot)s AND path = %(path)s",
        ACCOUNTING,
    ),
}


class Undone(Exception):
    """Raised to undo what was broken."""


@dataclass(frozen=True)
class Trial:
    """The comparison that verifies a bot's files, to be made again of one of them."""

    comparison: Callable[[Findings], Comparison]
    reading: Callable[[File], Expected]

    def of(self, read: Read, measured: bool = False) -> Findings:
        """Inside a maintenance context, which is read-only from then on."""
        findings = Findings(limit=1)
        comparison, portion = self.comparison(findings), Portion(read)
        comparison.read(portion)
        comparison.compare([portion])
        if measured:
            held = HeldPeople(comparison.bot_id)
            comparison.compare_measurements(lambda: [self.reading(read.file)], held)
        return findings


def try_examples(comparison: Comparison, trial: Trial, findings: Findings) -> int:
    """How many breaks were tried; those that were not noticed are findings."""
    tried = 0
    for what, (example, statement, check) in BREAK.items():
        for file, person in comparison.examples.of(example):
            read = Read(trial.reading(file), path_of(file))
            values = {"bot": comparison.bot_id, "path": read.path, "person": person}
            try:
                noticed = _noticed(trial, read, statement, values)
            except OperationalError as error:
                if isinstance(error.__cause__, LockNotAvailable):
                    continue
                raise
            # What was not there to break, or differs in another way, proves nothing.
            if noticed is None or (noticed.total and not noticed.total[check]):
                continue
            tried += 1
            if not noticed.total[check]:
                findings.add(SELF_TEST, file.printable, f"{what} was not noticed")
            break
    return tried


def _noticed(trial: Trial, read: Read, statement: str, values: dict[str, Any]) -> Findings | None:
    noticed = None
    with suppress(Undone), maintenance_context():
        with connection.cursor() as cursor:
            cursor.execute(PATIENCE)
            cursor.execute(statement, values)
            if not cursor.rowcount:
                raise Undone
        noticed = trial.of(read, "bot_metrics" in statement)
        raise Undone
    return noticed
