"""Check `rollback`: what undoing a run would do now, without doing it."""

from legacy_import.refusal import ImportRefused
from legacy_import.undoing.rollback import rollback
from legacy_import.verify.checks import ROLLBACK
from legacy_import.verify.database.transactions import read_only
from legacy_import.verify.findings import Findings
from legacy_import.verify.rollback.restored import compare_restored
from tenants.context import maintenance_context


def check_rollback(run: int, findings: Findings) -> None:
    try:
        undone = rollback(run, dry_run=True)
    except ImportRefused as error:
        findings.add(ROLLBACK, f"run {run}", str(error))
        return
    for table, count in undone.removed.items():
        findings.count(ROLLBACK, f"rows of {table} would go", count)
    for table, count in undone.restored.items():
        findings.count(ROLLBACK, f"rows of {table} would be as before", count)
    for row in undone.kept:
        findings.add(ROLLBACK, f"run {run}", f"{row} was written to since")
    with maintenance_context():
        read_only()
        compare_restored(run, findings)
