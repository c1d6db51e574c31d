"""Notes of days that changed, for who sums days up; emitted by tenants.policies."""

import django.contrib.postgres.functions
import django.db.models.deletion
import pgtrigger.migrations
import tenants.queries
import tenants.triggers
from django.db import migrations, models


SECURITY = """
ALTER TABLE changed_days ADD CONSTRAINT changed_days_bot_fkey FOREIGN KEY (bot_id) REFERENCES bots (id) ON DELETE CASCADE;
ALTER TABLE changed_days ENABLE ROW LEVEL SECURITY;
ALTER TABLE changed_days FORCE ROW LEVEL SECURITY;
CREATE POLICY changed_days_staff_read ON changed_days FOR SELECT TO admin USING (bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]) OR (SELECT staff_is_superuser()));
CREATE POLICY changed_days_operators ON changed_days TO super_admin USING (true);
CREATE POLICY changed_days_nobody ON changed_days TO app_base, bot USING (false);
REVOKE ALL ON changed_days FROM PUBLIC, app_base, bot, admin, super_admin, botplatform_office, botplatform_runtime, botplatform_ops;
GRANT SELECT ON changed_days TO admin;
GRANT SELECT, INSERT, DELETE ON changed_days TO super_admin;
GRANT INSERT ON changed_days TO botplatform_keeper;
CREATE POLICY changed_days_keeper_insert ON changed_days FOR INSERT TO botplatform_keeper WITH CHECK (true);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0007_staff_and_counters"),
        ("tenants", "0006_keep_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChangedDay",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("day", models.DateField()),
            ],
            options={
                "db_table": "changed_days",
                "base_manager_name": "objects",
            },
            managers=[
                ("objects", tenants.queries.TenantManager()),
            ],
        ),
        migrations.AddField(
            model_name="changedday",
            name="bot",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="tenants.bot",
            ),
        ),
        migrations.AddIndex(
            model_name="changedday",
            index=models.Index(fields=["bot"], name="changed_days_bot"),
        ),
        migrations.RunSQL(SECURITY, migrations.RunSQL.noop),
        pgtrigger.migrations.RemoveTrigger(
            model_name="message",
            name="count_inserted",
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["bot", "sent_at"], name="messages_sent"),
        ),
        migrations.AddIndex(
            model_name="profile",
            index=models.Index(fields=["bot", "created_at"], name="profiles_created"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="conversation",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="note_days",
                sql=tenants.triggers.KeeperTriggerSql(
                    func="\n    INSERT INTO changed_days (bot_id, day)\n        SELECT DISTINCT OLD.bot_id, (sent_at AT TIME ZONE 'UTC')::date FROM messages\n        WHERE bot_id = OLD.bot_id AND conversation_id = OLD.id\n        AND EXISTS (SELECT FROM bots WHERE id = OLD.bot_id);\n    RETURN OLD;\n",
                    hash="bdae656e76abcf9f9e12bb9a9ccd98610caebd6a",
                    operation="DELETE",
                    pgid="pgtrigger_note_days_38298",
                    table="conversations",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="message",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="count_inserted",
                sql=tenants.triggers.KeeperTriggerSql(
                    declare="DECLARE chat record; late boolean := false;",
                    func="\n    FOR chat IN\n        SELECT bot_id, conversation_id, count(*) AS messages, max(position) AS last_position,\n            (array_agg(sent_at ORDER BY position DESC))[1] AS last_sent_at,\n            min(sent_at) AS first_sent_at\n        FROM moved GROUP BY bot_id, conversation_id ORDER BY conversation_id\n    LOOP\n        late = late OR chat.first_sent_at < clock_timestamp() - interval '1 hour';\n        UPDATE conversations SET\n            message_count = message_count + chat.messages,\n            last_position = greatest(last_position, chat.last_position),\n            last_message_at = CASE WHEN chat.last_position > last_position\n                THEN chat.last_sent_at\n                ELSE (SELECT sent_at FROM messages\n                    WHERE bot_id = chat.bot_id AND conversation_id = chat.conversation_id\n                    ORDER BY position DESC LIMIT 1)\n                END\n        WHERE bot_id = chat.bot_id AND id = chat.conversation_id;\n    END LOOP;\n    IF late THEN\n        INSERT INTO changed_days (bot_id, day)\n        SELECT DISTINCT bot_id, (sent_at AT TIME ZONE 'UTC')::date FROM moved WHERE sent_at < clock_timestamp() - interval '1 hour';\n    END IF;\n    RETURN NULL;\n",
                    hash="ac7d4f817b4a712d61fff9918072883887a7fe0d",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_count_inserted_074b6",
                    referencing="REFERENCING NEW TABLE AS moved ",
                    table="messages",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="message",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="note_delete",
                sql=tenants.triggers.KeeperTriggerSql(
                    func="INSERT INTO changed_days (bot_id, day)\n        SELECT DISTINCT bot_id, (sent_at AT TIME ZONE 'UTC')::date FROM moved WHERE EXISTS (SELECT FROM bots WHERE id = moved.bot_id) AND true; RETURN NULL;",
                    hash="8c191a9bc286eacb08fdc3a972c732adccf2009f",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_note_delete_2d7bc",
                    referencing="REFERENCING OLD TABLE AS moved ",
                    table="messages",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="message",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="note_update",
                sql=tenants.triggers.KeeperTriggerSql(
                    condition="WHEN (ROW(OLD.sent_at, OLD.sender_type, OLD.sender_id) IS DISTINCT FROM ROW(NEW.sent_at, NEW.sender_type, NEW.sender_id))",
                    func="\n    INSERT INTO changed_days (bot_id, day)\n        SELECT DISTINCT NEW.bot_id, (moment AT TIME ZONE 'UTC')::date\n        FROM unnest(ARRAY[OLD.sent_at, NEW.sent_at]) AS moment;\n    RETURN NULL;\n",
                    hash="5dcba15148f76b9a8394c1d7658d02defc8dc88f",
                    operation="UPDATE",
                    pgid="pgtrigger_note_update_f7dae",
                    table="messages",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="profile",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="note_insert",
                sql=tenants.triggers.KeeperTriggerSql(
                    func="INSERT INTO changed_days (bot_id, day)\n        SELECT DISTINCT bot_id, (created_at AT TIME ZONE 'UTC')::date FROM moved WHERE created_at < clock_timestamp() - interval '1 hour' AND true; RETURN NULL;",
                    hash="fec2066a6bb617a0549c488a76f3174dec54b781",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_note_insert_02004",
                    referencing="REFERENCING NEW TABLE AS moved ",
                    table="profiles",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="profile",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="note_delete",
                sql=tenants.triggers.KeeperTriggerSql(
                    func="INSERT INTO changed_days (bot_id, day)\n        SELECT DISTINCT bot_id, (created_at AT TIME ZONE 'UTC')::date FROM moved WHERE EXISTS (SELECT FROM bots WHERE id = moved.bot_id) AND true; RETURN NULL;",
                    hash="3da0502568105750cf5b1a730533e1849e4df17d",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_note_delete_c8661",
                    referencing="REFERENCING OLD TABLE AS moved ",
                    table="profiles",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="profile",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="note_update",
                sql=tenants.triggers.KeeperTriggerSql(
                    condition="WHEN (ROW(OLD.created_at) IS DISTINCT FROM ROW(NEW.created_at))",
                    func="\n    INSERT INTO changed_days (bot_id, day)\n        SELECT DISTINCT NEW.bot_id, (moment AT TIME ZONE 'UTC')::date\n        FROM unnest(ARRAY[OLD.created_at, NEW.created_at]) AS moment;\n    RETURN NULL;\n",
                    hash="87bc9838b1ee1fb442ac949fb772c25064b1eae4",
                    operation="UPDATE",
                    pgid="pgtrigger_note_update_3fa01",
                    table="profiles",
                    when="AFTER",
                ),
            ),
        ),
    ]
