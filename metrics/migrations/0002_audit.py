"""Each change of these rows goes into the audit log."""

import pgtrigger.migrations
import tenants.audit.triggers
import tenants.triggers
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0001_initial"),
        ("tenants", "0003_audit_log"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="botmetric",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_update",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    condition="WHEN (ROW(OLD.id, OLD.bot_id, OLD.metric_name, OLD.metric_value, OLD.metric_tags, OLD.recorded_at) IS DISTINCT FROM ROW(NEW.id, NEW.bot_id, NEW.metric_name, NEW.metric_value, NEW.metric_tags, NEW.recorded_at))",
                    func="PERFORM audit_write(NEW.bot_id, 'bot_metrics', NEW.id::text, 'UPDATE', jsonb_object_agg(name, was), jsonb_object_agg(name, is_now)) FROM (VALUES ('id', to_jsonb(OLD.id), to_jsonb(NEW.id), OLD.id IS DISTINCT FROM NEW.id), ('bot_id', to_jsonb(OLD.bot_id), to_jsonb(NEW.bot_id), OLD.bot_id IS DISTINCT FROM NEW.bot_id), ('metric_name', to_jsonb(OLD.metric_name), to_jsonb(NEW.metric_name), OLD.metric_name IS DISTINCT FROM NEW.metric_name), ('metric_value', to_jsonb(OLD.metric_value), to_jsonb(NEW.metric_value), OLD.metric_value IS DISTINCT FROM NEW.metric_value), ('metric_tags', to_jsonb(OLD.metric_tags), to_jsonb(NEW.metric_tags), OLD.metric_tags IS DISTINCT FROM NEW.metric_tags), ('recorded_at', to_jsonb(OLD.recorded_at), to_jsonb(NEW.recorded_at), OLD.recorded_at IS DISTINCT FROM NEW.recorded_at)) AS columns (name, was, is_now, changed) WHERE changed; RETURN NULL;",
                    hash="b674e315ab1b4faf49d1dc6e252ceb3447ceb8cc",
                    operation="UPDATE",
                    pgid="pgtrigger_audit_update_f2dae",
                    table="bot_metrics",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="botmetric",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_insert",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    func="PERFORM audit_write(bot_id, 'bot_metrics', key, 'INSERT', NULL, summary) FROM (SELECT bot_id, CASE WHEN count(*) = 1 THEN min(id::text) END AS key, jsonb_build_object('rows', count(*), 'metrics', (array_agg(DISTINCT metric_name))[1:20], 'first_recorded_at', min(recorded_at), 'last_recorded_at', max(recorded_at)) AS summary FROM moved GROUP BY bot_id) AS many; RETURN NULL;",
                    hash="292e16d6cb5eaff2df98f799b306dd1873cfa84a",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_audit_insert_f54b1",
                    referencing="REFERENCING NEW TABLE AS moved ",
                    table="bot_metrics",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="botmetric",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_delete",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    func="PERFORM audit_write(bot_id, 'bot_metrics', key, 'DELETE', summary, NULL) FROM (SELECT bot_id, CASE WHEN count(*) = 1 THEN min(id::text) END AS key, jsonb_build_object('rows', count(*), 'metrics', (array_agg(DISTINCT metric_name))[1:20], 'first_recorded_at', min(recorded_at), 'last_recorded_at', max(recorded_at)) AS summary FROM moved GROUP BY bot_id) AS many WHERE EXISTS (SELECT FROM bots WHERE id = many.bot_id); RETURN NULL;",
                    hash="af676385613bd3848f2c0d750302d2dee5cf4000",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_audit_delete_7c14f",
                    referencing="REFERENCING OLD TABLE AS moved ",
                    table="bot_metrics",
                    when="AFTER",
                ),
            ),
        ),
    ]
