"""The guards of test_tenant_tables report what they are there for."""

import pytest
from django.apps.registry import Apps
from django.db import connection, models
from django.db.migrations import CreateModel, Migration, SeparateDatabaseAndState
from django.test.utils import isolate_apps
from psqlextra.backend.migrations.operations import PostgresCreatePartitionedModel

from tenants.models import Bot
from tenants.operations import CreateTenantTable
from tenants.tenant import TenantModel
from tests.tenants import guards, table_guards

pytestmark = pytest.mark.django_db

TENANTS = {"notes", "profiles", "conversations", "messages", "bot_metrics"}


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def partitioned(columns: str, partitions: int = 10) -> None:
    run(f"CREATE TABLE notes ({columns}) PARTITION BY HASH (bot_id)")
    for n in range(partitions):
        run(
            f"CREATE TABLE notes_p{n} PARTITION OF notes"
            f" FOR VALUES WITH (MODULUS 10, REMAINDER {n})"
        )


ROW = "id uuid, bot_id uuid, profile_id uuid, kind text, PRIMARY KEY (id, bot_id)"


def test_a_right_table_has_no_problems() -> None:
    partitioned(ROW)
    assert table_guards.table_problems("notes", TENANTS) == []


def test_a_table_without_partitions() -> None:
    run("CREATE TABLE notes (id uuid PRIMARY KEY, bot_id uuid REFERENCES bots ON DELETE CASCADE)")
    assert table_guards.table_problems("notes", TENANTS) == [
        "notes is not partitioned by hash of bot_id",
        "unique notes_pkey lacks bot_id",
        "the primary key of notes is not (id, bot_id)",
    ]
    assert "notes" in table_guards.tables_with_bot_id()


def test_a_missing_partition() -> None:
    partitioned(ROW, partitions=9)
    assert table_guards.table_problems("notes", TENANTS) == [
        "notes_p9 is missing or not FOR VALUES WITH (modulus 10, remainder 9)"
    ]


def test_partitions_in_the_wrong_order_and_under_another_name() -> None:
    partitioned(ROW, partitions=8)
    run("CREATE TABLE notes_p8 PARTITION OF notes FOR VALUES WITH (MODULUS 10, REMAINDER 9)")
    run("CREATE TABLE notes_rest PARTITION OF notes FOR VALUES WITH (MODULUS 10, REMAINDER 8)")
    assert [problem.split()[0] for problem in table_guards.partition_problems("notes")] == [
        "notes_rest",
        "notes_p8",
        "notes_p9",
    ]


def test_a_unique_index_without_the_bot_on_one_partition() -> None:
    partitioned(ROW)
    run("CREATE UNIQUE INDEX notes_kind ON notes_p4 (kind)")
    assert table_guards.table_problems("notes", TENANTS) == ["unique notes_kind lacks bot_id"]


@pytest.mark.parametrize(
    ("target", "action", "problem"),
    [
        ("profiles_p5 (bot_id, id)", "CASCADE", "points to profiles_p5, which is no sibling"),
        ("profiles (bot_id, id)", "CASCADE", "points to a whole table, not to a sibling"),
        ("profiles_p4 (bot_id, id)", "RESTRICT", "neither cascades nor sets its own column"),
        ("profiles_p4 (bot_id, id)", "SET NULL", "neither cascades nor sets its own column"),
    ],
)
def test_a_wrong_key_to_a_profile(target: str, action: str, problem: str) -> None:
    partitioned(ROW)
    run(
        "ALTER TABLE notes_p4 ADD CONSTRAINT notes_profile FOREIGN KEY (bot_id, profile_id)"
        f" REFERENCES {target} ON DELETE {action}"
    )
    assert any(problem in found for found in table_guards.table_problems("notes", TENANTS))


def test_a_key_that_mixes_up_bot_and_id() -> None:
    partitioned(ROW)
    run(
        "ALTER TABLE notes_p4 ADD CONSTRAINT notes_profile FOREIGN KEY (profile_id, bot_id)"
        " REFERENCES profiles_p4 (bot_id, id) ON DELETE CASCADE"
    )
    assert table_guards.table_problems("notes", TENANTS) == [
        "notes_p4.notes_profile lacks bot_id on both sides"
    ]


def test_missing_sibling_keys_and_index() -> None:
    partitioned(ROW)
    problems = guards.sibling_key_problems("notes", "profile_id", "profiles")
    assert len(problems) == 11
    assert problems[0] == "notes_p0.profile_id has no key to profiles_p0"
    assert problems[-1] == "notes has no index beginning with bot_id, profile_id"


def test_rows_that_stay_when_their_bot_goes() -> None:
    partitioned(ROW)
    assert table_guards.without_way_to_bots("notes", TENANTS) == [
        "the rows of notes stay when their bot is deleted"
    ]


def test_somebody_else_owns_a_table_and_a_function() -> None:
    run("CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY)")
    run("CREATE FUNCTION note() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    assert table_guards.ownership_problems() == [
        f"{what} belongs to botplatform_migrator"
        for what in ("function note", "relation notes", "relation notes_id_seq")
    ]


def test_a_model_with_a_bot_that_is_no_tenant_model() -> None:
    with isolate_apps("tenants") as registry:

        class Note(models.Model):  # noqa: DJ008
            bot = models.ForeignKey(Bot, models.CASCADE, related_name="+")
            details = models.JSONField()

            class Meta:
                app_label = "tenants"
                db_table = "notes"

        with connection.schema_editor() as editor:
            editor.create_model(Note)
        assert guards.models_of_bots(registry) == [Note]
        assert guards.model_problems(Note) == [
            "tenants.Note has a bot and is no TenantModel",
            "tenants.Note.details has no CHECK on its jsonb_typeof",
        ]


def test_a_tenant_model_with_a_plain_key_to_a_sibling() -> None:
    with isolate_apps("tenants") as registry:
        _register_bot(registry)

        class Note(TenantModel):
            class Meta(TenantModel.Meta):
                app_label = "tenants"

        class Remark(TenantModel):
            note = models.ForeignKey(Note, models.CASCADE)

            class Meta(TenantModel.Meta):
                app_label = "tenants"

        assert set(guards.models_of_bots(registry)) == {Note, Remark}
        assert guards.model_problems(Remark) == ["tenants.Remark.note is a key without the bot"]


def _register_bot(registry: Apps) -> None:
    with isolate_apps("tenants"):

        class Bot(models.Model):  # noqa: DJ008
            class Meta:
                app_label = "tenants"

    registry.register_model("tenants", Bot)


def test_a_migration_that_makes_a_tenant_table_another_way() -> None:
    bot = ("bot", models.ForeignKey("tenants.Bot", models.DO_NOTHING))
    migration = Migration("0002_notes", "tenants")
    migration.operations = [
        PostgresCreatePartitionedModel("Note", [("id", models.UUIDField(primary_key=True))]),
        CreateModel("Tag", [bot]),
        CreateModel("Unrelated", [("kind", models.CharField())]),
        SeparateDatabaseAndState(state_operations=[CreateModel("Hidden", [bot])]),
        CreateTenantTable("Right", [bot], updatable=["kind"]),
    ]
    assert guards.migration_problems([migration]) == [
        f"tenants.0002_notes: {name} is not made by CreateTenantTable"
        for name in ("Note", "Tag", "Hidden")
    ]
