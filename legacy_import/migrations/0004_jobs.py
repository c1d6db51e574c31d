"""What managers ask for in the back office, and what became of it."""

import django.db.models.deletion
import django.db.models.functions.datetime
import pgtrigger.migrations
import tenants.audit.triggers
import tenants.ids
import tenants.queries
import tenants.triggers
from django.conf import settings
from django.db import migrations, models

SECURITY = """
ALTER TABLE import_jobs ADD CONSTRAINT import_jobs_bot_fkey FOREIGN KEY (bot_id) REFERENCES bots (id) ON DELETE CASCADE;
ALTER TABLE import_jobs ADD CONSTRAINT import_jobs_run_id_fkey FOREIGN KEY (bot_id, run_id) REFERENCES import_runs (bot_id, id) ON DELETE CASCADE;
ALTER TABLE import_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_jobs FORCE ROW LEVEL SECURITY;
CREATE POLICY import_jobs_staff_read ON import_jobs FOR SELECT TO admin USING (bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]) OR (SELECT staff_is_superuser()));
CREATE POLICY import_jobs_staff_ask ON import_jobs FOR INSERT TO admin WITH CHECK ((bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]) OR (SELECT staff_is_superuser())) AND asked_by_id = (SELECT current_staff()));
CREATE POLICY import_jobs_operators ON import_jobs TO super_admin USING (true);
CREATE POLICY import_jobs_nobody ON import_jobs TO app_base, bot USING (false);
REVOKE ALL ON import_jobs FROM PUBLIC, app_base, bot, admin, super_admin, botplatform_office, botplatform_runtime, botplatform_ops;
GRANT SELECT, INSERT (id, bot_id, run_id, action, keep_written, asked_by_id) ON import_jobs TO admin;
GRANT SELECT, UPDATE (started_at, finished_at, exit_code, output, report) ON import_jobs TO super_admin;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("legacy_import", "0003_undo"),
        ("tenants", "0007_downloads"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Job",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("retry", "Retry"),
                            ("plan", "Plan"),
                            ("rollback", "Rollback"),
                            ("verify", "Verify"),
                        ]
                    ),
                ),
                (
                    "keep_written",
                    models.BooleanField(
                        default=False,
                        help_text="Of a rollback: leave rows that were written to since.",
                    ),
                ),
                (
                    "asked_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("exit_code", models.SmallIntegerField(blank=True, null=True)),
                ("output", models.TextField(db_default="", help_text="What the command said.")),
                (
                    "report",
                    models.TextField(
                        blank=True, help_text="Of a verification: its page.", null=True
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "db_table": "import_jobs",
                "ordering": ["-id"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["bot", "run", "-id"], name="import_jobs_run")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at", None)),
                        fields=("bot",),
                        name="import_jobs_one_of_bot",
                        violation_error_message="A job of this bot is not finished yet.",
                    )
                ],
            },
            managers=[
                ("objects", tenants.queries.TenantManager()),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="job",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_insert",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    func="PERFORM audit_write(NEW.bot_id, 'import_jobs', NEW.id::text, 'INSERT', NULL, jsonb_object_agg(name, value)) FROM (VALUES ('id', to_jsonb(NEW.id)), ('bot_id', to_jsonb(NEW.bot_id)), ('run_id', to_jsonb(NEW.run_id)), ('action', to_jsonb(NEW.action)), ('keep_written', to_jsonb(NEW.keep_written)), ('asked_by_id', to_jsonb(NEW.asked_by_id)), ('asked_at', to_jsonb(NEW.asked_at)), ('started_at', to_jsonb(NEW.started_at)), ('finished_at', to_jsonb(NEW.finished_at)), ('exit_code', to_jsonb(NEW.exit_code)), ('output', jsonb_build_object('length', length(NEW.output::text))), ('report', jsonb_build_object('length', length(NEW.report::text)))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;",
                    hash="ac01ab4e056424fc9e041c7b5e593c407ea4781f",
                    operation="INSERT",
                    pgid="pgtrigger_audit_insert_8e408",
                    table="import_jobs",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="job",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_update",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    condition="WHEN (ROW(OLD.id, OLD.bot_id, OLD.run_id, OLD.action, OLD.keep_written, OLD.asked_by_id, OLD.asked_at, OLD.started_at, OLD.finished_at, OLD.exit_code, OLD.output, OLD.report) IS DISTINCT FROM ROW(NEW.id, NEW.bot_id, NEW.run_id, NEW.action, NEW.keep_written, NEW.asked_by_id, NEW.asked_at, NEW.started_at, NEW.finished_at, NEW.exit_code, NEW.output, NEW.report))",
                    func="PERFORM audit_write(NEW.bot_id, 'import_jobs', NEW.id::text, 'UPDATE', jsonb_object_agg(name, was), jsonb_object_agg(name, is_now)) FROM (VALUES ('id', to_jsonb(OLD.id), to_jsonb(NEW.id), OLD.id IS DISTINCT FROM NEW.id), ('bot_id', to_jsonb(OLD.bot_id), to_jsonb(NEW.bot_id), OLD.bot_id IS DISTINCT FROM NEW.bot_id), ('run_id', to_jsonb(OLD.run_id), to_jsonb(NEW.run_id), OLD.run_id IS DISTINCT FROM NEW.run_id), ('action', to_jsonb(OLD.action), to_jsonb(NEW.action), OLD.action IS DISTINCT FROM NEW.action), ('keep_written', to_jsonb(OLD.keep_written), to_jsonb(NEW.keep_written), OLD.keep_written IS DISTINCT FROM NEW.keep_written), ('asked_by_id', to_jsonb(OLD.asked_by_id), to_jsonb(NEW.asked_by_id), OLD.asked_by_id IS DISTINCT FROM NEW.asked_by_id), ('asked_at', to_jsonb(OLD.asked_at), to_jsonb(NEW.asked_at), OLD.asked_at IS DISTINCT FROM NEW.asked_at), ('started_at', to_jsonb(OLD.started_at), to_jsonb(NEW.started_at), OLD.started_at IS DISTINCT FROM NEW.started_at), ('finished_at', to_jsonb(OLD.finished_at), to_jsonb(NEW.finished_at), OLD.finished_at IS DISTINCT FROM NEW.finished_at), ('exit_code', to_jsonb(OLD.exit_code), to_jsonb(NEW.exit_code), OLD.exit_code IS DISTINCT FROM NEW.exit_code), ('output', jsonb_build_object('length', length(OLD.output::text)), jsonb_build_object('length', length(NEW.output::text)), OLD.output IS DISTINCT FROM NEW.output), ('report', jsonb_build_object('length', length(OLD.report::text)), jsonb_build_object('length', length(NEW.report::text)), OLD.report IS DISTINCT FROM NEW.report)) AS columns (name, was, is_now, changed) WHERE changed; RETURN NULL;",
                    hash="36ae46aba62f5aca6dbd59b4a4bfd867c05503ed",
                    operation="UPDATE",
                    pgid="pgtrigger_audit_update_f7000",
                    table="import_jobs",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunSQL(SECURITY, migrations.RunSQL.noop),
    ]
