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
                name="note_insert",
                sql=tenants.triggers.KeeperTriggerSql(
                    func="\n    INSERT INTO changed_days (bot_id, day)\n        SELECT DISTINCT bot_id, (sent_at AT TIME ZONE 'UTC')::date FROM moved WHERE sent_at < clock_timestamp() - interval '1 hour';\n    RETURN NULL;\n",
                    hash="ba0a2a604e8c508eba5be14f5bf84a4c2452b858",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_note_insert_05336",
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
                    func="\n    INSERT INTO changed_days (bot_id, day)\n        SELECT DISTINCT bot_id, (sent_at AT TIME ZONE 'UTC')::date FROM moved WHERE EXISTS (SELECT FROM bots WHERE id = moved.bot_id);\n    RETURN NULL;\n",
                    hash="3c40dc31484d26b1b82a34641d4fa462479a025c",
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
                    func="\n    INSERT INTO changed_days (bot_id, day)\n        SELECT DISTINCT bot_id, (created_at AT TIME ZONE 'UTC')::date FROM moved WHERE created_at < clock_timestamp() - interval '1 hour';\n    RETURN NULL;\n",
                    hash="254ca38bf9ff045ad50653c0defe1911e279c464",
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
                    func="\n    INSERT INTO changed_days (bot_id, day)\n        SELECT DISTINCT bot_id, (created_at AT TIME ZONE 'UTC')::date FROM moved WHERE EXISTS (SELECT FROM bots WHERE id = moved.bot_id);\n    RETURN NULL;\n",
                    hash="236b6bcdc273b755ec12af100ab7c72cb03b19ca",
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
