import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import tenants.fields
import tenants.ids
import tenants.queries
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0004_accounts"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.BigIntegerField()),
                (
                    "action",
                    models.CharField(
                        choices=[("import", "Import"), ("rollback", "Rollback"), ("retry", "Retry")]
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("interrupted", "Interrupted"),
                            ("undone", "Undone"),
                        ],
                        default="running",
                    ),
                ),
                ("about", models.BigIntegerField(null=True)),
                (
                    "options",
                    tenants.fields.JSONObjectField(
                        blank=True,
                        db_default=models.Value({}, output_field=models.JSONField()),
                        default=dict,
                    ),
                ),
                (
                    "counts",
                    tenants.fields.JSONObjectField(
                        blank=True,
                        db_default=models.Value({}, output_field=models.JSONField()),
                        default=dict,
                    ),
                ),
                (
                    "started_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "transactions",
                    tenants.fields.JSONArrayField(
                        blank=True,
                        db_default=models.Value([], output_field=models.JSONField()),
                        default=list,
                    ),
                ),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tenants.bot",
                    ),
                ),
            ],
            options={
                "db_table": "import_runs",
                "ordering": ["-number"],
                "abstract": False,
                "base_manager_name": "objects",
            },
            managers=[
                ("objects", tenants.queries.TenantManager()),
            ],
        ),
        migrations.CreateModel(
            name="ImportFile",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("path", models.TextField()),
                ("kind", models.CharField()),
                ("key", models.BigIntegerField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("partial", "partial: some of it is committed"),
                            ("done", "Done"),
                            ("undone", "Undone"),
                        ]
                    ),
                ),
                ("size", models.BigIntegerField()),
                ("mtime_ns", models.BigIntegerField()),
                ("sha256", models.BinaryField(null=True)),
                (
                    "header",
                    tenants.fields.JSONObjectField(
                        blank=True,
                        db_default=models.Value({}, output_field=models.JSONField()),
                        default=dict,
                    ),
                ),
                (
                    "counts",
                    tenants.fields.JSONObjectField(
                        blank=True,
                        db_default=models.Value({}, output_field=models.JSONField()),
                        default=dict,
                    ),
                ),
                ("created_row", models.UUIDField(null=True)),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tenants.bot",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="legacy_import.importrun",
                    ),
                ),
            ],
            options={
                "db_table": "import_files",
                "abstract": False,
                "base_manager_name": "objects",
            },
            managers=[
                ("objects", tenants.queries.TenantManager()),
            ],
        ),
        migrations.CreateModel(
            name="Original",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("place", models.BigIntegerField()),
                ("original", models.BinaryField()),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tenants.bot",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="legacy_import.importfile",
                    ),
                ),
            ],
            options={
                "db_table": "import_originals",
                "abstract": False,
                "base_manager_name": "objects",
            },
            managers=[
                ("objects", tenants.queries.TenantManager()),
            ],
        ),
        migrations.CreateModel(
            name="Reject",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("place", models.BigIntegerField()),
                ("code", models.CharField()),
                ("reason", models.TextField()),
                ("raw", models.BinaryField()),
                ("piece", models.IntegerField(default=0)),
                ("solved_by", models.BigIntegerField(null=True)),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tenants.bot",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="legacy_import.importfile",
                    ),
                ),
            ],
            options={
                "db_table": "import_rejects",
                "abstract": False,
                "base_manager_name": "objects",
            },
            managers=[
                ("objects", tenants.queries.TenantManager()),
            ],
        ),
        migrations.CreateModel(
            name="Repair",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("place", models.BigIntegerField()),
                ("code", models.CharField()),
                (
                    "pointer",
                    models.TextField(help_text="The field, as a JSON pointer within the record."),
                ),
                ("original", models.BinaryField()),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tenants.bot",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="legacy_import.importfile",
                    ),
                ),
            ],
            options={
                "db_table": "import_repairs",
                "abstract": False,
                "base_manager_name": "objects",
            },
            managers=[
                ("objects", tenants.queries.TenantManager()),
            ],
        ),
        migrations.CreateModel(
            name="ImportChunk",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("first_place", models.BigIntegerField()),
                ("records", models.IntegerField()),
                ("shift", models.BigIntegerField(default=0)),
                ("hashes", models.BinaryField()),
                (
                    "row_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), null=True, size=None
                    ),
                ),
                ("transaction", models.BigIntegerField()),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tenants.bot",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="legacy_import.importfile",
                    ),
                ),
            ],
            options={
                "db_table": "import_chunks",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["bot", "file", "first_place"], name="import_chunks_file")
                ],
            },
            managers=[
                ("objects", tenants.queries.TenantManager()),
            ],
        ),
        migrations.CreateModel(
            name="FilePart",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.IntegerField()),
                ("data", models.BinaryField()),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tenants.bot",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="legacy_import.importfile",
                    ),
                ),
            ],
            options={
                "db_table": "import_file_parts",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["bot", "file", "number"], name="import_file_parts_order")
                ],
            },
            managers=[
                ("objects", tenants.queries.TenantManager()),
            ],
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("place", models.BigIntegerField()),
                ("table_name", models.CharField(null=True)),
                ("row_id", models.UUIDField(null=True)),
                (
                    "before",
                    tenants.fields.JSONObjectField(
                        blank=True,
                        db_default=models.Value({}, output_field=models.JSONField()),
                        default=dict,
                        help_text="The row before; {} where there was none.",
                    ),
                ),
                ("chunk_id", models.UUIDField(null=True)),
                ("earlier", models.BinaryField(null=True)),
                ("transaction", models.BigIntegerField()),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tenants.bot",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="legacy_import.importfile",
                    ),
                ),
            ],
            options={
                "db_table": "import_changes",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["bot", "file", "place"], name="import_changes_file"),
                    models.Index(fields=["bot", "row_id"], name="import_changes_row"),
                ],
            },
            managers=[
                ("objects", tenants.queries.TenantManager()),
            ],
        ),
        migrations.CreateModel(
            name="Backup",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("chat_id", models.BigIntegerField(null=True)),
                ("date", models.DateField(null=True)),
                (
                    "stored",
                    models.BooleanField(help_text="Its bytes are here, not only this line."),
                ),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="tenants.bot",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="legacy_import.importfile",
                    ),
                ),
            ],
            options={
                "db_table": "import_backups",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["bot", "chat_id", "date"], name="import_backups_chat"),
                    models.Index(fields=["bot", "file"], name="import_backups_file"),
                ],
            },
            managers=[
                ("objects", tenants.queries.TenantManager()),
            ],
        ),
        migrations.AddIndex(
            model_name="importfile",
            index=models.Index(fields=["bot", "path", "-id"], name="import_files_path"),
        ),
        migrations.AddIndex(
            model_name="importfile",
            index=models.Index(fields=["bot", "run", "id"], name="import_files_run"),
        ),
        migrations.AddIndex(
            model_name="original",
            index=models.Index(fields=["bot", "file", "place"], name="import_originals_file"),
        ),
        migrations.AddIndex(
            model_name="reject",
            index=models.Index(fields=["bot", "file", "place"], name="import_rejects_file"),
        ),
        migrations.AddIndex(
            model_name="repair",
            index=models.Index(fields=["bot", "file", "place"], name="import_repairs_file"),
        ),
    ]
