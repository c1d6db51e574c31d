"""Files that are gone from the tree, and people and metrics that are gone from their files."""

from typing import Any

import pytest

from legacy_import.verify.findings import Findings
from legacy_import.verify.report.result import as_text, status
from tests.legacy_import.tree import Tree, line, message
from tests.legacy_import.verify.verifying import SNAPSHOT, everything, passed, verified

pytestmark = pytest.mark.django_db(transaction=True)

STATS = {"total_messages": 5, "average": 0.25, "tiny": 1e-7, "is_on": True}
DATA = {"zodiac": {"sign": "lion", "element": "fire"}, "a": [1.5, {"b": 1, "a": 2}]}


@pytest.fixture
def removed(tree: Tree) -> Tree:
    """One file of each kind, and all of them gone but one conversation."""
    tree.old_chat(8, line(1), line(2))
    tree.chat(7, *(message(n, width=n) for n in range(1, 4)), title="Us")
    tree.chat(6)
    tree.person(7, conversation_stats=STATS, **DATA, created_at="2024-05-01", interests=["tea"])
    tree.write("girls_data/9.json", {"chat_id": 9, "name": "Ева", "message_count": 5})
    tree.write(
        "girls_data.json",
        {"girls": {"11": {"name": "Ira", "mood": "fine", "conversation_stats": {"b": 1}}}},
    )
    tree.write("metrics.json", {"current": {"c": 2}, "history": [SNAPSHOT | {"x": 1e-7}]})
    tree.write("backups/7/2024-05-01.json", {"messages": []})
    tree.imported()
    for path in (
        *(
            "conversations/6.json",
            "conversations/7.json",
            "girls_data/7.json",
            "girls_data/9.json",
            "girls_data.json",
        ),
        *("metrics.json", "backups/7/2024-05-01.json"),
    ):
        (tree.root / path).unlink()
    return tree


def test_files_that_were_removed_on_purpose(removed: Tree) -> None:
    findings = verified(removed)
    assert not everything(findings), as_text(findings)
    assert status(findings) == "incomplete"
    assert "--accept-removed" in findings.not_made["freshness"]
    findings = verified(removed, accept_removed=True)
    assert passed(findings)
    assert "7 files that were imported are no longer in the tree" in findings.notes[0]
    assert findings.figures["accounting"]["profiles that are no longer in the files"] == 3


CHAT = "conversation_id = (SELECT id FROM conversations WHERE chat_id = 7)"
CHANGES = [
    f"UPDATE messages SET content = 'x' WHERE {CHAT} AND position = 2",
    f"DELETE FROM messages WHERE {CHAT} AND position = 2",
    f"UPDATE messages SET position = 9 WHERE {CHAT} AND position = 2",
    f"""INSERT INTO messages (id, bot_id, conversation_id, position, sender_type)
        SELECT overlay(id::text PLACING 'ffff' FROM 33)::uuid, bot_id, conversation_id, 6, 'bot'
        FROM messages WHERE {CHAT} AND position = 3""",
    "UPDATE conversations SET title = 'x' WHERE chat_id = 7",
    "UPDATE conversations SET created_at = '2001-01-01' WHERE chat_id = 7",
    "UPDATE conversations SET message_count = 9 WHERE chat_id = 7",
    "UPDATE conversations SET chat_id = 70 WHERE chat_id = 7",
    "DELETE FROM profiles WHERE telegram_id = 7",
    *(
        f"UPDATE profiles SET {change} WHERE telegram_id = 7"
        for change in (
            *("name = 'x'", "age = 31", "location = 'x'", "chat_style = 'x'", "telegram_id = 70"),
            *("personality = 'x'", "created_at = '2001-01-01'", "last_active_at = '2001-01-01'"),
            *("interests = '[]'", "additional_data = additional_data - 'a'"),
        )
    ),
    "UPDATE profiles SET name = 'x' WHERE telegram_id = 9",
    "DELETE FROM profiles WHERE telegram_id = 9",
    "DELETE FROM profiles WHERE telegram_id = 11",
    "DELETE FROM conversations WHERE chat_id = 6",
    "UPDATE import_file_parts SET number = number + 1",
    "UPDATE profiles SET additional_data = '{}' WHERE telegram_id = 11",
    *(
        f"UPDATE bot_metrics SET {change} WHERE metric_name = '{name}'"
        for name in ("total_messages", "tiny", "b", "rate", "up", "c")
        for change in (
            *("metric_value = metric_value + 1", "recorded_at = recorded_at + interval '1 s'"),
            *("metric_tags = '{}'", "metric_name = 'x'")[name in ("rate", "up") :],
        )
    ),
    "DELETE FROM bot_metrics WHERE metric_name = 'tiny'",
    """INSERT INTO bot_metrics (id, bot_id, metric_name, metric_value, metric_tags, recorded_at)
        SELECT overlay(id::text PLACING 'ffff' FROM 33)::uuid, bot_id, metric_name,
            metric_value, metric_tags, recorded_at FROM bot_metrics
        WHERE metric_name IN ('rate', 'tiny')""",
    r"UPDATE import_file_parts SET data = '\x789c030000000001'",
    "DELETE FROM import_backups",
    "DELETE FROM import_file_parts",
    "DELETE FROM import_chunks",
    "UPDATE import_chunks SET first_place = first_place + 1",
]


@pytest.mark.slow
def test_what_differs_all_the_same(removed: Tree, changed_back: Any) -> None:
    unseen = []
    for change in CHANGES:
        with changed_back(change):
            findings = verified(removed, accept_removed=True)
        if status(findings) != "differences":
            unseen.append((change, as_text(findings)))
    assert not unseen, unseen
    assert passed(verified(removed, accept_removed=True))


def test_all_metrics_of_a_removed_file_are_deleted(removed: Tree, by_hand: Any) -> None:
    by_hand("DELETE FROM bot_metrics WHERE metric_name = 'rate'")
    assert status(verified(removed, accept_removed=True)) == "differences"


def test_people_that_an_older_file_has_no_longer(tree: Tree, by_hand: Any) -> None:
    def write(*people: int) -> None:
        girls = {f"{n}": {"name": f"{n}", "conversation_stats": {"a": n}} for n in people}
        tree.write("girls_data.json", {"girls": girls})
        tree.imported()

    tree.old_chat(8, line(1), line(2))
    write(1, 2, 3)
    write(2)
    assert passed(verified(tree))
    by_hand("UPDATE profiles SET name = 'x' WHERE telegram_id = 3")
    assert "profile 3" in {one.file for one in everything(verified(tree))}
    by_hand("DELETE FROM profiles WHERE telegram_id IN (1, 2)")
    found = everything(verified(tree, findings=Findings(checks={"content"})))
    assert [one.what for one in found if one.file == "girls_data.json"][:2] == [
        "the profile is missing",
        "the profile 1, which no file has any more, is missing",
    ]


def test_somebody_who_was_replaced_in_an_older_file(tree: Tree, by_hand: Any) -> None:
    """And ids as far as they go."""
    tree.old_chat(8, line(1), line(2))
    for people in ((1, 2, 3), (1, -7, 3), (1, -(2**63), 3), (1, 2**63 - 1, 3)):
        tree.write("girls_data.json", {"girls": {f"{n}": {"name": "a"} for n in people}})
        tree.imported()
    assert passed(verified(tree))
    for number in (2, -7, -(2**63)):
        by_hand(f"DELETE FROM profiles WHERE telegram_id = {number}")
    found = everything(verified(tree, findings=Findings(checks={"content"})))
    assert len(found) == 3, found


def test_an_empty_conversation_that_is_damaged_since(tree: Tree, by_hand: Any) -> None:
    tree.old_chat(8, line(1), line(2))
    tree.old_chat(7)
    tree.imported()
    tree.write("conversations/7.json", b"no json")
    tree.imported()
    assert passed(verified(tree))
    by_hand("DELETE FROM conversations WHERE chat_id = 7")
    (found,) = everything(verified(tree))
    assert (found.file, found.what) == ("conversations/7.json", "the conversation is missing")


def test_a_person_whose_file_is_damaged_since(tree: Tree, by_hand: Any) -> None:
    tree.old_chat(8, line(1), line(2))
    tree.person(7, conversation_stats=STATS)
    tree.imported()
    tree.person(7, age=5)
    tree.imported()
    assert passed(verified(tree))
    by_hand("UPDATE profiles SET name = 'x' WHERE telegram_id = 7")
    assert "profile 7" in {one.file for one in everything(verified(tree))}


def test_metrics_that_are_no_longer_in_their_file(tree: Tree, by_hand: Any) -> None:
    tree.old_chat(8, line(1), line(2))
    tree.write("metrics.json", {"history": [SNAPSHOT]})
    tree.imported()
    tree.write("metrics.json", {"history": [{**SNAPSHOT, "timestamp": "2024-05-02T12:00:00"}]})
    tree.imported()
    assert passed(verified(tree))
    by_hand("UPDATE bot_metrics SET metric_value = 7 WHERE recorded_at < '2024-05-02'")
    assert status(verified(tree)) == "differences"
    by_hand("DELETE FROM bot_metrics WHERE recorded_at < '2024-05-02'")
    assert status(verified(tree)) == "differences"
