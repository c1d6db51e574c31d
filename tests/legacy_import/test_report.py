"""What a report says besides the table."""

from zoneinfo import ZoneInfo

import pytest

from legacy_import.runs.report import as_json, as_text
from tests.legacy_import.tree import Tree, line, message

pytestmark = pytest.mark.django_db(transaction=True)


def test_counters_that_disagree(tree: Tree) -> None:
    tree.old_chat(7, line(1), line(2))
    tree.write("girls_data/7.json", {"chat_id": 7, "name": "Аня", "message_count": 5})
    tree.chat(8, message(1))
    tree.person(8, conversation_stats={"total_messages": 1})
    tree.person(9, conversation_stats={"total_messages": 3})
    tree.person(10, conversation_stats={"total_messages": "many"})
    report = tree.imported()
    assert as_json(report)["counters_that_disagree"] == {
        "number": 2,
        "first": [
            {"bot": "Emma", "telegram_id": 7, "says": "5", "messages": 2},
            {"bot": "Emma", "telegram_id": 9, "says": "3", "messages": 0},
        ],
    }
    assert "2 counters of profiles disagree" in as_text(report)
    assert "7 of Emma (5, and there are 2)" in as_text(report)
    tree.old_chat(7, *(line(n) for n in range(1, 6)))
    assert tree.imported().counters.number == 1


def test_the_zone_of_metrics(tree: Tree) -> None:
    tree.write(
        "metrics.json", {"history": [{"timestamp": "2024-05-01T10:00:00", "metrics": {"a": 1}}]}
    )
    report = tree.imported(source_tz=ZoneInfo("Europe/Moscow"), dry_run=True)
    assert as_json(report)["source_tz"] == "Europe/Moscow"
    assert "metrics.json are those of Europe/Moscow" in as_text(report)
