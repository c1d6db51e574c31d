"""--run: what a rollback would remove and restore is what was imported, and what was before."""

import random
from typing import Any

import pytest

from legacy_import.undoing.rollback import rollback
from legacy_import.verify.checks import ACCOUNTING, ALWAYS, ROLLBACK
from legacy_import.verify.findings import Findings
from legacy_import.verify.report.result import as_text
from tests.legacy_import.test_rollback import data
from tests.legacy_import.tree import Tree, line, message
from tests.legacy_import.verify.verifying import verified

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

TIME = "2024-05-01T12:00:00"


def fill(tree: Tree, n: int) -> int:
    """A version of everything; with the number of its run."""
    tree.chat(
        7, message(1, f"{n}", a=0.1 * n), message(2, content=[f"{n}"]), message(n), title=f"{n}"
    )
    tree.old_chat(8, *(line(i) for i in range(n)))
    tree.person(7, name=f"{n}", last_active=TIME, conversation_stats={"total": n, f"{n}": 1e-7})
    tree.person(9, age="30", location=f"{n}", width=1e-7)
    tree.write("girls_data.json", {"girls": {"11": {"name": f"{n}"}, f"1{n}": {"name": "new"}}})
    snapshot = {"timestamp": TIME, "metrics": {"rate": 1e-7 * n, "up": True}}
    tree.write("metrics.json", {"history": [snapshot, {**snapshot, "metrics": {f"{n}": n}}]})
    noise = random.Random(1).randbytes(300_000).hex()
    tree.write("backups/7/2024-05-01.json", {"messages": [noise, n]})
    return tree.imported().run_id or 0


def looked(tree: Tree, run: int) -> Findings:
    checks = {ROLLBACK, ACCOUNTING, *ALWAYS}
    return verified(tree, number=run, findings=Findings(checks=checks))


CHANGES = [
    *(
        f"UPDATE import_changes SET before = jsonb_set(before, '{{{column}}}', '{value}')"
        f" WHERE table_name = '{table}' AND before <> '{{}}'"
        for table, column, value in (
            *(("messages", "content", '"x"'), ("messages", "metadata", '{"x": 1}')),
            *(("messages", "sent_at", '"2001-01-01"'), ("messages", "sender_type", '"bot"')),
            *(("profiles", "name", '"x"'), ("profiles", "additional_data", '{"x": 1}')),
            *(("bot_metrics", "metric_value", "5"), ("conversations", "title", '"x"')),
        )
    ),
    "UPDATE import_changes SET earlier = overlay(earlier PLACING 'x' FROM 12)",
    "DELETE FROM import_changes WHERE table_name = 'messages'",
    "DELETE FROM import_changes WHERE table_name = 'bot_metrics'",
    "UPDATE import_chunks SET row_ids = '{}' WHERE cardinality(row_ids) > 0",
    """UPDATE import_chunks AS chunk SET row_ids = other.row_ids FROM import_chunks AS other
        WHERE cardinality(chunk.row_ids) = 1 AND cardinality(other.row_ids) = 1
            AND chunk.id <> other.id""",
    *(
        f"UPDATE import_changes SET row_id = gen_random_uuid() WHERE table_name = '{table}'"
        for table in ("messages", "profiles", "bot_metrics", "conversations")
    ),
    "UPDATE import_changes SET table_name = 'messagesx' WHERE table_name = 'messages'",
    "UPDATE import_changes SET table_name = 'profiles' WHERE table_name = 'messages'",
    "UPDATE import_changes SET chunk_id = gen_random_uuid() WHERE chunk_id IS NOT NULL",
    "UPDATE import_changes SET chunk_id = NULL WHERE chunk_id IS NOT NULL",
    "UPDATE import_changes SET place = place + 1 WHERE place > 0",
    "UPDATE import_file_parts SET same_as = gen_random_uuid() WHERE same_as IS NOT NULL",
    "UPDATE import_file_parts SET same_as = NULL WHERE same_as IS NOT NULL",
    "UPDATE import_file_parts SET number = number + 1 WHERE same_as IS NOT NULL",
    """UPDATE import_files AS file SET run_id = run.id FROM import_runs AS run
        WHERE run.id <> run_id AND path = 'conversations/7.json'""",
]


def test_what_a_rollback_would_bring_back(tree: Tree, changed_back: Any) -> None:
    first = fill(tree, 3)
    before = data()
    second = fill(tree, 4)
    findings = looked(tree, second)
    assert not findings.total, as_text(findings)
    assert findings.figures[ROLLBACK]["rows to restore that were compared"] >= 6
    assert findings.figures[ROLLBACK]["files to restore whose bytes were compared"] == 3
    unseen = []
    for change in CHANGES:
        with changed_back(change):
            if not looked(tree, second).total.total():
                unseen.append(change)
    assert not unseen, "\n".join(unseen)
    rollback(second)
    assert data() == before
    assert not looked(tree, first).total[ROLLBACK]
