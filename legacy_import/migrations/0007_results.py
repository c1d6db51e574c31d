"""What came of jobs, in numbers: said in words, in the reader's language, by their pages."""

import pgtrigger.migrations
import tenants.audit.triggers
import tenants.fields
import tenants.triggers
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("legacy_import", "0006_dates_and_ids"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="job",
            name="audit_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="job",
            name="audit_update",
        ),
        migrations.AddField(
            model_name="job",
            name="result",
            field=tenants.fields.JSONObjectField(
                blank=True,
                db_default=models.Value({}, output_field=models.JSONField()),
                default=dict,
                help_text="What came of it, in numbers.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="job",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_insert",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    func="PERFORM audit_write(NEW.bot_id, 'import_jobs', NEW.id::text, 'INSERT', NULL, jsonb_object_agg(name, value)) FROM (VALUES ('id', to_jsonb(NEW.id)), ('bot_id', to_jsonb(NEW.bot_id)), ('run_id', to_jsonb(NEW.run_id)), ('action', to_jsonb(NEW.action)), ('keep_written', to_jsonb(NEW.keep_written)), ('asked_by_id', to_jsonb(NEW.asked_by_id)), ('asked_at', to_jsonb(NEW.asked_at)), ('started_at', to_jsonb(NEW.started_at)), ('finished_at', to_jsonb(NEW.finished_at)), ('exit_code', to_jsonb(NEW.exit_code)), ('output', jsonb_build_object('length', length(NEW.output::text))), ('result', to_jsonb(NEW.result)), ('report', jsonb_build_object('length', length(NEW.report::text)))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;",
                    hash="46f8c220e97ce7cf54de582836ecc9aabae779c4",
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
                    condition="WHEN (ROW(OLD.id, OLD.bot_id, OLD.run_id, OLD.action, OLD.keep_written, OLD.asked_by_id, OLD.asked_at, OLD.started_at, OLD.finished_at, OLD.exit_code, OLD.output, OLD.result, OLD.report) IS DISTINCT FROM ROW(NEW.id, NEW.bot_id, NEW.run_id, NEW.action, NEW.keep_written, NEW.asked_by_id, NEW.asked_at, NEW.started_at, NEW.finished_at, NEW.exit_code, NEW.output, NEW.result, NEW.report))",
                    func="PERFORM audit_write(NEW.bot_id, 'import_jobs', NEW.id::text, 'UPDATE', jsonb_object_agg(name, was), jsonb_object_agg(name, is_now)) FROM (VALUES ('id', to_jsonb(OLD.id), to_jsonb(NEW.id), OLD.id IS DISTINCT FROM NEW.id), ('bot_id', to_jsonb(OLD.bot_id), to_jsonb(NEW.bot_id), OLD.bot_id IS DISTINCT FROM NEW.bot_id), ('run_id', to_jsonb(OLD.run_id), to_jsonb(NEW.run_id), OLD.run_id IS DISTINCT FROM NEW.run_id), ('action', to_jsonb(OLD.action), to_jsonb(NEW.action), OLD.action IS DISTINCT FROM NEW.action), ('keep_written', to_jsonb(OLD.keep_written), to_jsonb(NEW.keep_written), OLD.keep_written IS DISTINCT FROM NEW.keep_written), ('asked_by_id', to_jsonb(OLD.asked_by_id), to_jsonb(NEW.asked_by_id), OLD.asked_by_id IS DISTINCT FROM NEW.asked_by_id), ('asked_at', to_jsonb(OLD.asked_at), to_jsonb(NEW.asked_at), OLD.asked_at IS DISTINCT FROM NEW.asked_at), ('started_at', to_jsonb(OLD.started_at), to_jsonb(NEW.started_at), OLD.started_at IS DISTINCT FROM NEW.started_at), ('finished_at', to_jsonb(OLD.finished_at), to_jsonb(NEW.finished_at), OLD.finished_at IS DISTINCT FROM NEW.finished_at), ('exit_code', to_jsonb(OLD.exit_code), to_jsonb(NEW.exit_code), OLD.exit_code IS DISTINCT FROM NEW.exit_code), ('output', jsonb_build_object('length', length(OLD.output::text)), jsonb_build_object('length', length(NEW.output::text)), OLD.output IS DISTINCT FROM NEW.output), ('result', to_jsonb(OLD.result), to_jsonb(NEW.result), OLD.result IS DISTINCT FROM NEW.result), ('report', jsonb_build_object('length', length(OLD.report::text)), jsonb_build_object('length', length(NEW.report::text)), OLD.report IS DISTINCT FROM NEW.report)) AS columns (name, was, is_now, changed) WHERE changed; RETURN NULL;",
                    hash="536782e5e97a62a267049833a346b85d852a4dc3",
                    operation="UPDATE",
                    pgid="pgtrigger_audit_update_f7000",
                    table="import_jobs",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunSQL(
            "GRANT UPDATE (result) ON import_jobs TO super_admin", migrations.RunSQL.noop
        ),
    ]
