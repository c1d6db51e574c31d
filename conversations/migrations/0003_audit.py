"""Each change of these rows goes into the audit log."""

import pgtrigger.migrations
import tenants.audit.triggers
import tenants.triggers
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0002_keeper"),
        ("tenants", "0003_audit_log"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="conversation",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_insert",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    func="PERFORM audit_write(NEW.bot_id, 'conversations', NEW.id::text, 'INSERT', NULL, jsonb_object_agg(name, value)) FROM (VALUES ('id', to_jsonb(NEW.id)), ('bot_id', to_jsonb(NEW.bot_id)), ('chat_id', to_jsonb(NEW.chat_id)), ('profile_id', to_jsonb(NEW.profile_id)), ('title', to_jsonb(NEW.title)), ('message_count', to_jsonb(NEW.message_count)), ('last_position', to_jsonb(NEW.last_position)), ('created_at', to_jsonb(NEW.created_at)), ('updated_at', to_jsonb(NEW.updated_at)), ('last_message_at', to_jsonb(NEW.last_message_at))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;",
                    hash="2ace7c5752a90afd6005efcbeded32ae073cabcb",
                    operation="INSERT",
                    pgid="pgtrigger_audit_insert_06563",
                    table="conversations",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="conversation",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_update",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    condition="WHEN (ROW(OLD.id, OLD.bot_id, OLD.chat_id, OLD.profile_id, OLD.title, OLD.created_at) IS DISTINCT FROM ROW(NEW.id, NEW.bot_id, NEW.chat_id, NEW.profile_id, NEW.title, NEW.created_at))",
                    func="PERFORM audit_write(NEW.bot_id, 'conversations', NEW.id::text, 'UPDATE', jsonb_object_agg(name, was), jsonb_object_agg(name, is_now)) FROM (VALUES ('id', to_jsonb(OLD.id), to_jsonb(NEW.id), OLD.id IS DISTINCT FROM NEW.id), ('bot_id', to_jsonb(OLD.bot_id), to_jsonb(NEW.bot_id), OLD.bot_id IS DISTINCT FROM NEW.bot_id), ('chat_id', to_jsonb(OLD.chat_id), to_jsonb(NEW.chat_id), OLD.chat_id IS DISTINCT FROM NEW.chat_id), ('profile_id', to_jsonb(OLD.profile_id), to_jsonb(NEW.profile_id), OLD.profile_id IS DISTINCT FROM NEW.profile_id), ('title', to_jsonb(OLD.title), to_jsonb(NEW.title), OLD.title IS DISTINCT FROM NEW.title), ('created_at', to_jsonb(OLD.created_at), to_jsonb(NEW.created_at), OLD.created_at IS DISTINCT FROM NEW.created_at)) AS columns (name, was, is_now, changed) WHERE changed; RETURN NULL;",
                    hash="087f6350f24427d2d11e22be36595b26862ae821",
                    operation="UPDATE",
                    pgid="pgtrigger_audit_update_63279",
                    table="conversations",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="conversation",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_delete",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    func="IF EXISTS (SELECT FROM bots WHERE id = OLD.bot_id) THEN PERFORM audit_write(OLD.bot_id, 'conversations', OLD.id::text, 'DELETE', jsonb_object_agg(name, value), NULL) FROM (VALUES ('id', to_jsonb(OLD.id)), ('bot_id', to_jsonb(OLD.bot_id)), ('chat_id', to_jsonb(OLD.chat_id)), ('profile_id', to_jsonb(OLD.profile_id)), ('title', to_jsonb(OLD.title)), ('message_count', to_jsonb(OLD.message_count)), ('last_position', to_jsonb(OLD.last_position)), ('created_at', to_jsonb(OLD.created_at)), ('updated_at', to_jsonb(OLD.updated_at)), ('last_message_at', to_jsonb(OLD.last_message_at))) AS columns (name, value) WHERE value IS NOT NULL; END IF; RETURN NULL;",
                    hash="5aff067aef5205fed4d34a35342f86d5b251c19d",
                    operation="DELETE",
                    pgid="pgtrigger_audit_delete_9603b",
                    table="conversations",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="message",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_update",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    condition="WHEN (ROW(OLD.id, OLD.bot_id, OLD.conversation_id, OLD.position, OLD.telegram_message_id, OLD.sender_type, OLD.sender_id, OLD.content, OLD.message_type, OLD.metadata, OLD.sent_at) IS DISTINCT FROM ROW(NEW.id, NEW.bot_id, NEW.conversation_id, NEW.position, NEW.telegram_message_id, NEW.sender_type, NEW.sender_id, NEW.content, NEW.message_type, NEW.metadata, NEW.sent_at))",
                    func="PERFORM audit_write(NEW.bot_id, 'messages', NEW.id::text, 'UPDATE', jsonb_object_agg(name, was), jsonb_object_agg(name, is_now)) FROM (VALUES ('id', to_jsonb(OLD.id), to_jsonb(NEW.id), OLD.id IS DISTINCT FROM NEW.id), ('bot_id', to_jsonb(OLD.bot_id), to_jsonb(NEW.bot_id), OLD.bot_id IS DISTINCT FROM NEW.bot_id), ('conversation_id', to_jsonb(OLD.conversation_id), to_jsonb(NEW.conversation_id), OLD.conversation_id IS DISTINCT FROM NEW.conversation_id), ('position', to_jsonb(OLD.position), to_jsonb(NEW.position), OLD.position IS DISTINCT FROM NEW.position), ('telegram_message_id', to_jsonb(OLD.telegram_message_id), to_jsonb(NEW.telegram_message_id), OLD.telegram_message_id IS DISTINCT FROM NEW.telegram_message_id), ('sender_type', to_jsonb(OLD.sender_type), to_jsonb(NEW.sender_type), OLD.sender_type IS DISTINCT FROM NEW.sender_type), ('sender_id', to_jsonb(OLD.sender_id), to_jsonb(NEW.sender_id), OLD.sender_id IS DISTINCT FROM NEW.sender_id), ('content', jsonb_build_object('length', length(OLD.content::text)), jsonb_build_object('length', length(NEW.content::text)), OLD.content IS DISTINCT FROM NEW.content), ('message_type', to_jsonb(OLD.message_type), to_jsonb(NEW.message_type), OLD.message_type IS DISTINCT FROM NEW.message_type), ('metadata', jsonb_build_object('length', length(OLD.metadata::text)), jsonb_build_object('length', length(NEW.metadata::text)), OLD.metadata IS DISTINCT FROM NEW.metadata), ('sent_at', to_jsonb(OLD.sent_at), to_jsonb(NEW.sent_at), OLD.sent_at IS DISTINCT FROM NEW.sent_at)) AS columns (name, was, is_now, changed) WHERE changed; RETURN NULL;",
                    hash="3925b5fc12272ee317c9d7fba52957fbdfed0913",
                    operation="UPDATE",
                    pgid="pgtrigger_audit_update_3d2b8",
                    table="messages",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="message",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_insert",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    func="PERFORM audit_write(bot_id, 'messages', key, 'INSERT', NULL, summary) FROM (SELECT bot_id, CASE WHEN count(*) = 1 THEN min(id::text) END AS key, jsonb_build_object('rows', count(*), 'conversation_id', conversation_id, 'first_position', min(position), 'last_position', max(position)) AS summary FROM moved GROUP BY bot_id, conversation_id) AS many; RETURN NULL;",
                    hash="b3bdbc02bf5bcf79c0fe90f08fcb5d1a5e00ac49",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_audit_insert_c5752",
                    referencing="REFERENCING NEW TABLE AS moved ",
                    table="messages",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="message",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_delete",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    func="PERFORM audit_write(bot_id, 'messages', key, 'DELETE', summary, NULL) FROM (SELECT bot_id, CASE WHEN count(*) = 1 THEN min(id::text) END AS key, jsonb_build_object('rows', count(*), 'conversation_id', conversation_id, 'first_position', min(position), 'last_position', max(position)) AS summary FROM moved GROUP BY bot_id, conversation_id) AS many WHERE EXISTS (SELECT FROM bots WHERE id = many.bot_id); RETURN NULL;",
                    hash="4a306127c0ddaf53274c6590abbbf4e9f63e441d",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_audit_delete_f88fc",
                    referencing="REFERENCING OLD TABLE AS moved ",
                    table="messages",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="profile",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_insert",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    func="PERFORM audit_write(NEW.bot_id, 'profiles', NEW.id::text, 'INSERT', NULL, jsonb_object_agg(name, value)) FROM (VALUES ('id', to_jsonb(NEW.id)), ('bot_id', to_jsonb(NEW.bot_id)), ('telegram_id', to_jsonb(NEW.telegram_id)), ('name', to_jsonb(NEW.name)), ('age', to_jsonb(NEW.age)), ('location', to_jsonb(NEW.location)), ('interests', to_jsonb(NEW.interests)), ('chat_style', to_jsonb(NEW.chat_style)), ('personality', to_jsonb(NEW.personality)), ('additional_data', to_jsonb(NEW.additional_data)), ('created_at', to_jsonb(NEW.created_at)), ('updated_at', to_jsonb(NEW.updated_at)), ('last_active_at', to_jsonb(NEW.last_active_at))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;",
                    hash="7fa2420b5bd053101c388d3c4a74b971918b4f14",
                    operation="INSERT",
                    pgid="pgtrigger_audit_insert_adcf5",
                    table="profiles",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="profile",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_update",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    condition="WHEN (ROW(OLD.id, OLD.bot_id, OLD.telegram_id, OLD.name, OLD.age, OLD.location, OLD.interests, OLD.chat_style, OLD.personality, OLD.additional_data, OLD.created_at, OLD.last_active_at) IS DISTINCT FROM ROW(NEW.id, NEW.bot_id, NEW.telegram_id, NEW.name, NEW.age, NEW.location, NEW.interests, NEW.chat_style, NEW.personality, NEW.additional_data, NEW.created_at, NEW.last_active_at))",
                    func="PERFORM audit_write(NEW.bot_id, 'profiles', NEW.id::text, 'UPDATE', jsonb_object_agg(name, was), jsonb_object_agg(name, is_now)) FROM (VALUES ('id', to_jsonb(OLD.id), to_jsonb(NEW.id), OLD.id IS DISTINCT FROM NEW.id), ('bot_id', to_jsonb(OLD.bot_id), to_jsonb(NEW.bot_id), OLD.bot_id IS DISTINCT FROM NEW.bot_id), ('telegram_id', to_jsonb(OLD.telegram_id), to_jsonb(NEW.telegram_id), OLD.telegram_id IS DISTINCT FROM NEW.telegram_id), ('name', to_jsonb(OLD.name), to_jsonb(NEW.name), OLD.name IS DISTINCT FROM NEW.name), ('age', to_jsonb(OLD.age), to_jsonb(NEW.age), OLD.age IS DISTINCT FROM NEW.age), ('location', to_jsonb(OLD.location), to_jsonb(NEW.location), OLD.location IS DISTINCT FROM NEW.location), ('interests', to_jsonb(OLD.interests), to_jsonb(NEW.interests), OLD.interests IS DISTINCT FROM NEW.interests), ('chat_style', to_jsonb(OLD.chat_style), to_jsonb(NEW.chat_style), OLD.chat_style IS DISTINCT FROM NEW.chat_style), ('personality', to_jsonb(OLD.personality), to_jsonb(NEW.personality), OLD.personality IS DISTINCT FROM NEW.personality), ('additional_data', to_jsonb(OLD.additional_data), to_jsonb(NEW.additional_data), OLD.additional_data IS DISTINCT FROM NEW.additional_data), ('created_at', to_jsonb(OLD.created_at), to_jsonb(NEW.created_at), OLD.created_at IS DISTINCT FROM NEW.created_at), ('last_active_at', to_jsonb(OLD.last_active_at), to_jsonb(NEW.last_active_at), OLD.last_active_at IS DISTINCT FROM NEW.last_active_at)) AS columns (name, was, is_now, changed) WHERE changed; RETURN NULL;",
                    hash="0ed680af665e8851d7844cc24867ba1a5dba16ac",
                    operation="UPDATE",
                    pgid="pgtrigger_audit_update_68956",
                    table="profiles",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="profile",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_delete",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    func="IF EXISTS (SELECT FROM bots WHERE id = OLD.bot_id) THEN PERFORM audit_write(OLD.bot_id, 'profiles', OLD.id::text, 'DELETE', jsonb_object_agg(name, value), NULL) FROM (VALUES ('id', to_jsonb(OLD.id)), ('bot_id', to_jsonb(OLD.bot_id)), ('telegram_id', to_jsonb(OLD.telegram_id)), ('name', to_jsonb(OLD.name)), ('age', to_jsonb(OLD.age)), ('location', to_jsonb(OLD.location)), ('interests', to_jsonb(OLD.interests)), ('chat_style', to_jsonb(OLD.chat_style)), ('personality', to_jsonb(OLD.personality)), ('additional_data', to_jsonb(OLD.additional_data)), ('created_at', to_jsonb(OLD.created_at)), ('updated_at', to_jsonb(OLD.updated_at)), ('last_active_at', to_jsonb(OLD.last_active_at))) AS columns (name, value) WHERE value IS NOT NULL; END IF; RETURN NULL;",
                    hash="d2c383ea0b7c4476cde7b11726ddc8c091a7aebf",
                    operation="DELETE",
                    pgid="pgtrigger_audit_delete_84ec7",
                    table="profiles",
                    when="AFTER",
                ),
            ),
        ),
    ]
