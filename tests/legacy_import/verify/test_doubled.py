"""What has its like in the database, and is counted all the same: measurements, notes, bots."""

from typing import Any

import pytest

from legacy_import.verify.report.result import status
from tests.legacy_import.tree import Tree, message
from tests.legacy_import.verify.verifying import SNAPSHOT, everything, verified

pytestmark = pytest.mark.django_db(transaction=True)

COLUMNS = "bot_id, metric_name, metric_value, metric_tags, recorded_at"
TWICE = (
    f"INSERT INTO bot_metrics (id, {COLUMNS}) SELECT {{}}, {COLUMNS} FROM bot_metrics WHERE {{}}"
)
IDS = ("gen_random_uuid()", "overlay(id::text PLACING 'eeee' FROM 1)::uuid")


@pytest.mark.parametrize("id", IDS)
@pytest.mark.parametrize("which", ["metric_name = 'rate'", "metric_tags ? 'telegram_id'"])
@pytest.mark.parametrize("gone", [False, True])
def test_a_measurement_twice(tree: Tree, changed_back: Any, id: str, which: str, gone: bool):
    """Whether or not a file has it still."""
    tree.person(7, conversation_stats={"total": 5})
    tree.write("metrics.json", {"history": [SNAPSHOT]})
    tree.chat(7)
    tree.imported()
    if gone:
        (tree.root / "girls_data/7.json").unlink()
        tree.write("metrics.json", {"history": []})
        tree.imported()
    checked = verified(tree, accept_removed=True)
    assert not checked.total
    with changed_back(TWICE.format(id, which)):
        assert status(verified(tree, accept_removed=True)) == "differences"


@pytest.mark.parametrize("table", ["messages", "profiles", "import_repairs", "import_files"])
def test_rows_of_no_bot(tree: Tree, changed_back: Any, table: str) -> None:
    tree.person(7, age="30")
    tree.chat(7, message(1))
    tree.imported()
    row = "jsonb_build_object('id', gen_random_uuid(), 'bot_id', gen_random_uuid())"
    row = f"jsonb_populate_record(NULL::{table}, to_jsonb({table}) - 'search' || {row})"
    columns = {
        "messages": "id, bot_id, conversation_id, position, sender_type, content, message_type,"
        " metadata, sent_at",
        "profiles": "id, bot_id, telegram_id, name, location, interests, chat_style, personality,"
        " additional_data, created_at, updated_at",
        "import_repairs": "id, bot_id, file_id, place, code, pointer, original",
        "import_files": "id, bot_id, run_id, path, kind, status, size, mtime_ns, header, counts",
    }[table]
    of_row = ", ".join(f"(was).{name}" for name in columns.split(", "))
    one = f"(SELECT {row} AS was FROM {table} LIMIT 1) AS o"
    with changed_back(f"INSERT INTO {table} ({columns}) SELECT {of_row} FROM {one}"):
        (found,) = everything(verified(tree))
    assert (found.check, found.file) == ("integrity", table)
