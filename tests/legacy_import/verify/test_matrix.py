"""For every column of every table: one value changed by hand is found, and named.

The columns come from the models. One that is new fails here until it is compared with the files,
or said not to come from them.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, models

from conversations.models import Conversation, Message, Profile
from legacy_import.models import Backup, FilePart, Original, Reject, Repair
from legacy_import.verify.report.result import as_text, status
from metrics.models import BotMetric
from tenants.context import maintenance_context
from tenants.models import Bot
from tests.factories import BotFactory
from tests.legacy_import.tree import Tree, line, message
from tests.legacy_import.verify.verifying import SNAPSHOT, everything, verified

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("verify-matrix")]

TOKEN = "123456789:AAF-secret_secret_secret_secret_sec"
EMMA = {
    "name": "Emma",
    "telegram_token": TOKEN,
    "username": "emma_bot",
    "owner_telegram_id": 5,
    "status": "active",
    "config": {"lang": "ru"},
}
# Of each table the row that is changed, its file, and its place there.
ROWS: dict[type[models.Model], tuple[str, str, int]] = {
    Profile: ("telegram_id = 7", "girls_data/7.json", 1),
    Conversation: ("chat_id = 7", "conversations/7.json", 0),
    Message: (
        "position = 2 AND conversation_id = (SELECT id FROM conversations WHERE chat_id = 7)",
        "conversations/7.json",
        2,
    ),
    BotMetric: ("metric_name = 'rate'", "metrics.json", 1),
    Bot: ("name = 'Emma'", "bots.json", 1),
}
# By the kind of a field: another value.
OTHER = {
    "CharField": "{} || 'x'",
    "TextField": "{} || 'x'",
    "BigIntegerField": "coalesce({}, 0) + 1",
    "SmallIntegerField": "{} + 1",
    "PositionField": "{} + 100",
    "NumericField": "{} + 0.01",
    "DateTimeField": "{} + interval '1 microsecond'",
    "JSONObjectField": """{} || '{{"more": 1}}'""",
    "JSONArrayField": """{} || '["more"]'""",
    "ForeignKey": "(SELECT id FROM bots WHERE name = 'Other')",
}
VALUES = {
    "messages.sender_type": "'system'",
    "messages.telegram_message_id": "1",
    "messages.conversation_id": "(SELECT id FROM conversations WHERE chat_id = 11)",
    "conversations.chat_id": "77",
    "conversations.profile_id": "NULL",
    "conversations.last_position": "1",
    "bots.status": "'error'",
}
# What is told of another kind of change than of a value.
NAMED = {
    "messages.bot_id": "the row is missing",
    "messages.conversation_id": "the row is missing",
    "messages.position": "differs",
    "conversations.bot_id": "the conversation is missing",
    "conversations.chat_id": "the conversation is missing",
    "conversations.profile_id": "not linked to the profile",
    "conversations.last_position": "last position is before their last message",
    "conversations.last_message_at": "last time is not that of their last message",
    "profiles.bot_id": "the profile is missing",
    "profiles.telegram_id": "the profile is missing",
    "bot_metrics.bot_id": "the metric is missing",
    "bots.token_fingerprint": "telegram_token differs",
}
NOT_IN_THE_FILES = {
    **{f"{model._meta.db_table}.id": "the import makes it" for model in ROWS},
    **{
        f"{table}.updated_at": "says when the row was written"
        for table in ("profiles", "conversations", "bots")
    },
    "messages.search": "PostgreSQL generates it from the content",
    "bots.telegram_token": "encrypted, for the bot's eyes; its fingerprint is compared",
    "bots.token_masked": "how staff see the token, whose fingerprint is compared",
    "bots.name": "under another name there is no such bot, and no result: see test_command.py",
    "bots.created_at": "bots.json has no times",
    "bots.last_active_at": "bots.json has no times",
}
COLUMNS = {
    f"{model._meta.db_table}.{field.column}": (model, field)
    for model in ROWS
    for field in model._meta.concrete_fields
}
KEPT = {
    "a repair's original": (Repair, "original = original || ' '::bytea || '7'::bytea"),
    "a repaired record": (Original, "original = original || '7'::bytea"),
    "a repaired record's place": (Original, "place = place + 1"),
    "a repair's place": (Repair, "place = place + 1"),
    "a reject's bytes": (Reject, "raw = overlay(raw PLACING 'x'::bytea FROM 3)"),
    "bytes of a backup": (FilePart, rf"data = '\x{zlib.compress(b'other').hex()}'"),
}
SHOWN = {"place", "code", "pointer", "original", "number"}


@pytest.fixture(scope="module")
def imported(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any
) -> Iterator[Tree]:
    """A little of everything, committed; what a test changes is changed back."""
    tree = Tree(tmp_path_factory.mktemp("matrix") / "legacy")
    tree.write("bots.json", {"bots": [EMMA]})
    tree.person(
        7,
        interests=["tea"],
        location="Oslo",
        chat_style="short",
        personality="calm",
        source="advert",
        last_active="2024-05-02",
        created_at="2024-05-01",
    )
    tree.chat(7, *(message(n, width=n, sender=500 + n) for n in range(1, 6)), title="Us")
    tree.old_chat(8, *(line(n) for n in range(1, 5)))
    tree.old_chat(11, line(1))
    tree.chat(9, *(message(n, content=[f"part {n}"]) for n in range(1, 4)), {"text": "x"})
    tree.write("metrics.json", {"history": [SNAPSHOT]})
    tree.write("backups/7/2024-05-01.json", {"messages": []})
    tree.write("girls_data/10.json", {"telegram_id": 10, "age": 5})
    with django_db_blocker.unblock():
        tree.imported()
        BotFactory(name="Other")
        yield tree
        Bot.objects.all().delete()
        connection.close()


@pytest.fixture
def _django_db_helper() -> None:
    """No transaction around a test, and nothing emptied after it."""


@pytest.fixture
def change(imported: Tree, superuser: dict[str, Any]) -> Iterator[Callable[..., None]]:
    """One value, past all triggers, and what was changed before is as it was."""
    with psycopg.connect(**superuser, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        changed: list[type[models.Model]] = []

        def change(model: type[models.Model], assignment: str, where: str) -> None:
            change_back()
            table = model._meta.db_table
            admin.execute(f"CREATE TEMPORARY TABLE was AS SELECT * FROM {table}")
            changed.append(model)
            assert admin.execute(f"UPDATE {table} SET {assignment} WHERE {where}").rowcount

        def change_back() -> None:
            while changed:
                model = changed.pop()
                table = model._meta.db_table
                columns = ", ".join(
                    field.column for field in model._meta.concrete_fields if not field.generated
                )
                admin.execute(f"DELETE FROM {table}")
                admin.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM was")
                admin.execute("DROP TABLE was")

        yield change
        change_back()


def test_the_tree_verifies_before_anything_is_changed(imported):
    findings = verified(imported)
    assert status(findings) == "passed", as_text(findings)
    assert findings.figures["repairs"]["repaired records"] == 4
    assert findings.figures["isolation"]["bots probed"] == 1


def test_every_column_is_in_the_matrix_or_has_a_reason():
    assert NOT_IN_THE_FILES.keys() <= COLUMNS.keys()
    assert NAMED.keys() | VALUES.keys() <= COLUMNS.keys() - NOT_IN_THE_FILES.keys()


@pytest.mark.parametrize("name", sorted(COLUMNS.keys() - NOT_IN_THE_FILES.keys()))
def test_a_changed_value_is_found_and_named(imported, change, name):
    model, field = COLUMNS[name]
    where, file, place = ROWS[model]
    value = VALUES.get(name) or OTHER[type(field).__name__].format(field.column)
    change(model, f"{field.column} = {value}", where)
    findings = verified(imported)
    assert status(findings) == "differences"
    found = everything(findings)
    if name in NAMED:
        assert any(NAMED[name] in one.what for one in found), as_text(findings)
    else:
        (one,) = [one for one in found if one.field == field.column]
        assert (one.file, one.place) == (file, place)
        assert one.expected != one.found
    assert everything(verified(imported, deep=True)) == found


@pytest.mark.parametrize("what", KEPT)
def test_changed_bytes_are_found(imported, change, what):
    """In whichever row it is."""
    model, assignment = KEPT[what]
    with maintenance_context():
        rows = [*model.objects.values("pk", *SHOWN & {one.name for one in model._meta.fields})]
    unseen = []
    for row in rows:
        change(model, assignment, f"id = '{row['pk']}'")
        if status(verified(imported)) != "differences":
            unseen.append(row)
    assert rows
    assert not unseen


def test_a_backup_that_is_forgotten_is_found(imported, change):
    change(Backup, "file_id = bot_id", "true")
    assert verified(imported).total["backups"]
