"""What the ledger says of runs must agree with their files, and with each other."""

from typing import Any

import pytest

from legacy_import.retry import retry
from legacy_import.undoing.rollback import rollback
from legacy_import.verify.checks import ACCOUNTING, ALWAYS, ROLLBACK
from legacy_import.verify.findings import Findings
from legacy_import.verify.report.result import as_text
from tests.legacy_import.tree import Tree, message
from tests.legacy_import.verify.verifying import SNAPSHOT, verified

pytestmark = pytest.mark.django_db(transaction=True)

LAST = "number = (SELECT max(number) FROM import_runs WHERE action = 'import' AND status = 'done')"
COUNT = "UPDATE import_runs SET counts = jsonb_set(counts, '{{messages,{}}}', '7') WHERE {}"
CHANGES = [
    f"UPDATE import_runs SET status = 'undone' WHERE {LAST}",
    f"UPDATE import_runs SET status = 'running' WHERE {LAST}",
    f"UPDATE import_runs SET status = 'x' WHERE {LAST}",
    "UPDATE import_runs SET status = 'done' WHERE status = 'undone'",
    "UPDATE import_runs SET about = 9 WHERE action = 'rollback'",
    "UPDATE import_runs SET action = 'import' WHERE action = 'rollback'",
    f"UPDATE import_runs SET finished_at = NULL WHERE {LAST}",
    f"UPDATE import_runs SET finished_at = finished_at - interval '1 day' WHERE {LAST}",
    f"UPDATE import_runs SET finished_at = finished_at + interval '1 day' WHERE {LAST}",
    f"UPDATE import_runs SET started_at = started_at - interval '1 day' WHERE {LAST}",
    f"UPDATE import_runs SET number = 0 WHERE {LAST}",
    f'UPDATE import_runs SET options = options || \'{{"source_tz": "Asia/Tokyo"}}\' WHERE {LAST}',
    f"UPDATE import_runs SET counts = '{{}}' WHERE {LAST}",
    f"UPDATE import_runs SET counts = '{{\"messages\": 5}}' WHERE {LAST}",
    *(COUNT.format(name, LAST) for name in ("source", "inserted", "changed", "repaired")),
    *(COUNT.format(name, LAST) for name in ("unchanged", "rejected", "vanished")),
    "UPDATE import_files SET status = 'undone' WHERE path = 'metrics.json' AND status = 'done'",
    "DELETE FROM import_runs WHERE action = 'rollback'",
]


def test_a_run_that_disagrees(tree: Tree, changed_back: Any) -> None:
    tree.chat(7, message(1), message(2))
    tree.imported()
    tree.chat(7, message(1), message(2), message(3))
    rollback(tree.imported().run_id or 0)
    tree.chat(7, message(1, "edited"), message(2), message(3, sender=[1]), message(4))
    tree.write("metrics.json", {"history": [SNAPSHOT]})
    retry(tree.imported().run_id or 0)
    checks = {ACCOUNTING, *ALWAYS}
    findings = verified(tree, findings=Findings(checks=checks))
    assert not findings.total, as_text(findings)
    unseen = []
    for change in CHANGES:
        with changed_back(change):
            if not verified(tree, findings=Findings(checks=checks)).total.total():
                unseen.append(change)
    assert not unseen, "\n".join(unseen)


@pytest.mark.parametrize("lost", [4, 1])
def test_lost_fingerprints_where_as_many_records_vanished(
    tree: Tree, by_hand: Any, lost: int
) -> None:
    """Of those a run imported a rollback would leave the rows, and say that it undid all."""
    tree.chat(7, *map(message, (1, 2, 3)))
    tree.imported()
    tree.chat(7, *map(message, (1, 3, 4)))
    number = tree.imported().run_id
    by_hand(f"DELETE FROM import_chunks WHERE first_place = {lost}")
    for check in (ACCOUNTING, ROLLBACK):
        findings = verified(tree, number=number, findings=Findings(checks={check, *ALWAYS}))
        told = [one.what for one in findings.first.get(check, ())]
        last = [what for what in told if what.endswith(f"records in run {number}")]
        assert len(last) == (lost == 4), told
        assert told or check == ROLLBACK
