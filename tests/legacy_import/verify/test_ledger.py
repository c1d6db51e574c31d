"""What the ledger keeps is the files': rejects, repairs, backups, and what stands around messages.

Each column of each of its tables is changed; what passes has a reason.
"""

import math
import os
from typing import Any

import pytest

from legacy_import.models import (
    Backup,
    FilePart,
    ImportChunk,
    ImportFile,
    Original,
    Reject,
    Repair,
)
from legacy_import.verify.checks import ALWAYS, OF_FILES
from legacy_import.verify.findings import Findings
from legacy_import.verify.report.result import status
from tenants.context import maintenance_context
from tests.factories import BotFactory
from tests.legacy_import.tree import Tree, line, message, query
from tests.legacy_import.verify.verifying import everything, passed, verified

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kept(tree: Tree) -> Tree:
    """Imported twice: rejects that stand and that were solved, repairs of both versions."""
    BotFactory(name="Other")
    tree.old_chat(8, line(1), line(2))
    around = {"title": "Us", "topic": {"a": [1, 2.50], "b": None}, "n": 10**30}
    messages = [message(n, content=[f"part {n}"]) for n in range(1, 4)]
    tree.chat(7, *messages, {"content": 1, "sender": [1]}, {"content": {}}, **around)
    tree.chat(6, {**message(1), "sender": ""}, {**message(2), "id": "x"})
    tree.write("girls_data/10.json", {"telegram_id": 10, "age": 5})
    tree.write("girls_data/11.json", b"no json")
    tree.old_chat(5, line(1), {"text": {}})
    tree.person(12, age="30")
    tree.write("strange.txt", "what")
    tree.write("backups/7/2024-05-01.json", {"messages": []})
    tree.imported()
    tree.chat(7, *messages[1:], {"content": 1, "sender": "user"}, {"content": {}}, **around)
    tree.person(10)
    tree.write("backups/8/2024-05-01.json", {"messages": []})
    tree.imported(store_backups=False)
    return tree


def looked(tree: Tree) -> Findings:
    """Without the checks that do not look at the files."""
    return verified(tree, findings=Findings(checks=OF_FILES | ALWAYS))


def test_as_it_is_it_passes(kept: Tree) -> None:
    findings = looked(kept)
    assert passed(findings)
    assert findings.figures["repairs"]["repairs"] > 5
    assert passed(verified(kept, deep=True))


CHANGES = [
    "UPDATE import_rejects SET code = 'empty' WHERE place = 5",
    "UPDATE import_rejects SET code = 'refused-by-database' WHERE place = 2",
    "UPDATE import_rejects SET place = 4 WHERE place = 5",
    "UPDATE import_rejects SET piece = 1 WHERE place = 5",
    "UPDATE import_rejects SET solved_by = 2 WHERE place = 5",
    "UPDATE import_rejects SET solved_by = NULL WHERE place = 4",
    "UPDATE import_rejects SET solved_by = 99 WHERE place = 4",
    "UPDATE import_rejects SET solved_by = 1 WHERE place = 0 AND raw = 'no json'",
    "UPDATE import_rejects SET code = 'empty' WHERE place = 0 AND raw LIKE '%what%'",
    """INSERT INTO import_rejects (id, bot_id, file_id, place, code, reason, raw, piece)
        SELECT gen_random_uuid(), bot_id, file_id, 2, code, reason, raw, piece
        FROM import_rejects WHERE place = 5""",
    """INSERT INTO import_rejects (id, bot_id, file_id, place, code, reason, raw, piece)
        SELECT gen_random_uuid(), bot_id, file_id, place, code, reason, raw, piece
        FROM import_rejects""",
    "DELETE FROM import_rejects WHERE place = 4",
    "DELETE FROM import_repairs WHERE original LIKE '%part 1%'",
    "DELETE FROM import_repairs WHERE original LIKE '%part 2%'",
    "DELETE FROM import_repairs",
    "UPDATE import_repairs SET place = 2 WHERE code = 'missing-field' AND place = 1",
    "UPDATE import_repairs SET code = 'number-as-string' WHERE code = 'text-list'",
    "UPDATE import_repairs SET code = 'no-code' WHERE code = 'text-list'",
    "UPDATE import_repairs SET pointer = '/text' WHERE pointer = '/content'",
    "UPDATE import_repairs SET pointer = '/other' WHERE code = 'missing-field'",
    "UPDATE import_rejects SET reason = 'x' WHERE code = 'unknown-file'",
    "UPDATE import_rejects SET reason = 'x' WHERE code = 'age-out-of-range'",
    "UPDATE import_file_parts SET number = 1",
    "UPDATE import_backups SET stored = NOT stored WHERE chat_id = 7",
    "UPDATE import_backups SET stored = NOT stored WHERE chat_id = 8",
    "UPDATE import_backups SET chat_id = 9 WHERE chat_id = 7",
    "UPDATE import_backups SET date = NULL WHERE chat_id = 7",
    """INSERT INTO import_backups (id, bot_id, file_id, chat_id, date, stored)
        SELECT gen_random_uuid(), bot_id, file_id, chat_id, date, stored FROM import_backups""",
    """UPDATE import_files SET header = jsonb_set(header, '{shape,around,1,1}', '"1"')
        WHERE path = 'conversations/7.json'""",
    """UPDATE import_files SET header = header #- '{shape,around,2}'
        WHERE path = 'conversations/7.json'""",
    """UPDATE import_files SET header = jsonb_set(header, '{shape,container}', '"list"')
        WHERE path = 'conversations/7.json'""",
    """UPDATE import_files SET header = jsonb_set(header, '{title}', '"x"')
        WHERE path = 'conversations/7.json'""",
    "UPDATE import_files SET header = '{}' WHERE path = 'girls_data/11.json'",
]


def test_what_is_changed_is_found(kept: Tree, changed_back: Any) -> None:
    unseen = []
    for change in CHANGES:
        with changed_back(change):
            if status(looked(kept)) != "differences":
                unseen.append(change)
    assert not unseen, "\n".join(unseen)


def test_a_backup_that_is_only_listed_is_read_again(kept: Tree) -> None:
    path = kept.root / "backups/8/2024-05-01.json"
    was = path.stat()
    path.write_bytes(path.read_bytes().replace(b"[]", b"{}"))
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    (found,) = looked(kept).first["backups"]
    assert (found.check, found.file) == ("backups", "backups/8/2024-05-01.json")


CUT_OFF = [
    '{"title":"x","zz":1',
    '{"title":"x","zz":',
    '{"title":"x","zz"',
    '{"title":"x",',
    '{"title":"x"',
    '{"title":"x","zz":nope',
]
CUT_WITHIN = [
    '{"title":"x","zz":[1,2',
    '{"title":"x","zz":"ab',
    '{"title":"x","zz":{"a":1',
    '{"title":"x","messages":[],"zz":[1,2',
    '{"messages":[{"content":"a"}],"title":"x","zz":{"a"',
    '{"title":"x","zz":[nope',
    '{"title":"x","zz":}',
    '{"title":"x","zz":,"a":1}',
    '{"title":"x","zz":"' + "ab" * 1_000_000,
]


def cut_off(tree: Tree, texts: list[str]) -> Findings:
    tree.old_chat(8, line(1), line(2))
    for n, text in enumerate(texts, 20):
        tree.write(f"conversations/{n}.json", text.encode())
    tree.imported()
    return looked(tree)


def test_a_file_cut_off_in_what_stands_around_its_messages(tree: Tree) -> None:
    assert passed(cut_off(tree, CUT_OFF))


def test_a_file_cut_off_within_a_value_there(tree: Tree) -> None:
    assert passed(cut_off(tree, CUT_WITHIN))


@pytest.mark.parametrize("end", ['{"name":"b', "[1,2", '"ab', "nope", "}", ',"10":{}}}', ""])
def test_people_in_one_file_cut_off(tree: Tree, end: str) -> None:
    """What is kept of the last entry has the person's id."""
    tree.old_chat(8, line(1), line(2))
    whole = '{"girls":{"7":{"name":"a"},'
    tree.write("girls_data.json", f'{whole}"9":{end}'.encode())
    tree.imported()
    assert passed(looked(tree))
    with maintenance_context():
        (raw,) = Reject.objects.order_by("place").values_list("raw", flat=True)[:1]
    assert bytes(raw).startswith(b'"9":')


# Of each table of the ledger: the column -> another value.
OTHER = {
    "CharField": "coalesce({}, '') || 'x'",
    "TextField": "{} || 'x'",
    "BigIntegerField": "coalesce({}, 0) + 1",
    "IntegerField": "{} + 1",
    "BooleanField": "NOT {}",
    "DateField": "coalesce({}, '2000-01-01') + 1",
    "BinaryField": "coalesce({}, '') || 'x'::bytea",
    "JSONObjectField": """{} || '{{"x": 1}}'""",
    "UUIDField": "gen_random_uuid()",
    "ForeignKey": "(SELECT id FROM bots WHERE name = 'Other')",
    "ArrayField": "'{{}}'",
}
VALUES = {"import_files.counts": "replace(counts::text, ': 1', ': 7')::jsonb"}
# What changes nothing that anybody reads of a file as it is, or only what a rollback does.
EARLIER = "of an earlier version of the file: what counts of it is in the latest one"
UNSEEN = {
    **dict.fromkeys(
        ("bot_id", "created_row", "header", "kind", "key", "run_id", "status", "counts"), EARLIER
    ),
    **dict.fromkeys(("size", "mtime_ns", "sha256"), "the file is read again, or is the same"),
    "hashes": "of a record in its file: the next import writes the same row again",
    "shift": "of profiles and metrics, which have no position",
    "row_ids": "what a rollback removes; --run tries it",
    "transaction": "what a rollback takes for its own; --run tries it",
    "data": "what follows the compressed bytes is no part of them",
    "reason": "of a reject whose reason quotes the record",
    "file_id": "of another version of the same file",
}
COLUMNS = [
    (model, field)
    for model in (Backup, FilePart, ImportChunk, ImportFile, Original, Reject, Repair)
    for field in model._meta.concrete_fields
    if field.name != "id"
]


@pytest.mark.slow
def test_every_column_of_the_ledger(kept: Tree, changed_back: Any) -> None:
    unseen = []
    for model, field in COLUMNS:
        table, column = model._meta.db_table, field.column
        name = f"{table}.{column}"
        value = VALUES.get(name) or OTHER[type(field).__name__].format(column)
        with maintenance_context():
            rows = [*model.objects.order_by("pk").values_list("pk", flat=True)]
        for pk in rows[:: max(len(rows) // 4, 1)]:
            with changed_back(f"UPDATE {table} SET {column} = {value} WHERE id = '{pk}'"):
                if status(looked(kept)) == "passed":
                    unseen.append(name)
    found = {name.partition(".")[2] for name in unseen}
    assert found <= UNSEEN.keys(), found - UNSEEN.keys()
    assert not {"import_rejects.code", "import_backups.bot_id", "import_rejects.bot_id"} & {*unseen}


PEOPLE = {
    7: b'{"telegram_id": 7, "name": "x\\u0000", "age": "30"}',
    8: b'{"name": "x\ty", "age": "30", "profile": {}, "created_at": null}',
    9: b'{"telegram_id": 9.0, "chat_id": 1, "name": null, "message_count": 3}',
}


def test_each_repair_of_a_person_is_missed(tree: Tree, changed_back: Any) -> None:
    """Also where others of the record are noted."""
    for number, person in PEOPLE.items():
        tree.write(f"girls_data/{number}.json", person)
    older = b", ".join(b'"1%d": %s' % (key, one) for key, one in PEOPLE.items())
    for number in PEOPLE:
        older = older.replace(b'_id": %d' % number, b'_id": 1%d' % number)
    tree.write("girls_data.json", b'{"girls": {%s}}' % older)
    tree.imported()
    assert not looked(tree).total.total()
    noted = query("SELECT code, pointer, count(*) FROM import_repairs GROUP BY 1, 2")
    assert len(noted) > 10
    for code, pointer, number in noted:
        where = f"WHERE code = '{code}' AND pointer = '{pointer}'"
        with changed_back(f"DELETE FROM import_repairs {where}"):
            told = [one for one in everything(looked(tree)) if one.what.startswith("fewer")]
            assert len(told) == number, where


def test_bytes_beside_those_of_a_repair(tree: Tree, changed_back: Any) -> None:
    odd = {"id": 2.0, "timestamp": "?", "a": math.nan}
    tree.write("conversations/7.json", {"chat_id": "x", "messages": [odd]})
    tree.person(8, age=30.0, created_at="?")
    tree.write("metrics.json", b'{"history": [{"timestamp": "?", "metrics": {"a": "1", "a": 2}}]}')
    tree.imported()
    assert not looked(tree).total.total()
    [(noted,)] = query("SELECT count(*) FROM import_repairs WHERE original <> ''")
    assert noted > 6
    for other in ("original || ' '", "E'\\n' || original", "original || 'x'"):
        with changed_back(f"UPDATE import_repairs SET original = {other} WHERE original <> ''"):
            told = [one.what for one in everything(looked(tree))]
            assert sum(what.startswith("what was kept of a repair") for what in told) == noted, told


def test_people_behind_one_that_comes_twice(tree: Tree) -> None:
    """The earlier entry has no place in the ledger."""
    tree.write("girls_data.json", b'{"girls": {"9": [1], "9": {"age": 30.0}, "x": 1}}')
    tree.imported()
    assert not looked(tree).total.total()


def test_the_bytes_of_people_in_one_file(tree: Tree, changed_back: Any) -> None:
    tree.write("girls_data.json", b'{"girls": {"9": {"age": "30"}, "10": {"age": 30}}}')
    tree.imported()
    assert not looked(tree).total.total()
    for change in ("DELETE FROM import_originals", "UPDATE import_originals SET original = '{}'"):
        with changed_back(change):
            assert len(everything(looked(tree))) >= 2
