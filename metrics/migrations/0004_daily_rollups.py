"""Daily rollups, and how far each bot is rolled up."""

import django.db.models.deletion
import pgtrigger.migrations
import tenants.ids
import tenants.operations
import tenants.queries
import tenants.triggers
from django.db import migrations, models


SECURITY = """
ALTER TABLE rollup_states ADD CONSTRAINT rollup_states_bot_fkey FOREIGN KEY (bot_id) REFERENCES bots (id) ON DELETE CASCADE;
ALTER TABLE rollup_states ENABLE ROW LEVEL SECURITY;
ALTER TABLE rollup_states FORCE ROW LEVEL SECURITY;
CREATE POLICY rollup_states_staff_read ON rollup_states FOR SELECT TO admin USING (bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]) OR (SELECT staff_is_superuser()));
CREATE POLICY rollup_states_operators ON rollup_states TO super_admin USING (true);
CREATE POLICY rollup_states_nobody ON rollup_states TO app_base, bot USING (false);
REVOKE ALL ON rollup_states FROM PUBLIC, app_base, bot, admin, super_admin, botplatform_office, botplatform_runtime, botplatform_ops;
GRANT SELECT ON rollup_states TO admin;
GRANT SELECT, INSERT, DELETE, UPDATE (zone, rolled_up_at, settled_at, pending_at, pending_xid) ON rollup_states TO super_admin;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0008_changed_days"),
        ("metrics", "0003_sealed_contexts"),
        ("tenants", "0006_keep_name"),
    ]

    operations = [
        tenants.operations.CreateTenantTable(
            name="DailyRollup",
            derived=True,
            updatable=[
                "messages_in",
                "messages_out",
                "conversations",
                "active_people",
                "new_people",
                "responses",
                "response_median",
                "response_p95",
                "errors",
            ],
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "day",
                    models.DateField(help_text="From midnight to midnight in METRICS_TIME_ZONE."),
                ),
                ("messages_in", models.BigIntegerField(help_text="Messages that people sent.")),
                ("messages_out", models.BigIntegerField(help_text="Messages that the bot sent.")),
                (
                    "conversations",
                    models.BigIntegerField(help_text="Chats in which either sent a message."),
                ),
                (
                    "active_people",
                    models.BigIntegerField(
                        help_text="People who sent a message: different senders, and where a message does not say who sent it, one for the chat."
                    ),
                ),
                ("new_people", models.BigIntegerField(help_text="Profiles that were created.")),
                (
                    "responses",
                    models.BigIntegerField(
                        help_text="Questions that were answered. A question is what a person sends until the bot answers, counted on the day of its first message; after an hour of silence the person asks anew. An answer is the bot's next message in the chat, within 24 hours."
                    ),
                ),
                (
                    "response_median",
                    models.FloatField(
                        help_text="Seconds from the first message of a question to its answer: half of the answers came within this time.",
                        null=True,
                    ),
                ),
                (
                    "response_p95",
                    models.FloatField(
                        help_text="The same of 95 in 100 answers: the slowest 5 took longer.",
                        null=True,
                    ),
                ),
                (
                    "errors",
                    models.BigIntegerField(
                        help_text='The sum of what the bot recorded as `errors` or `error`, such as record_metric("errors", 1). Values below 0 or above 1,000,000,000 are left out.'
                    ),
                ),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="tenants.bot",
                    ),
                ),
            ],
            options={
                "db_table": "daily_rollups",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["bot", "day"],
                        name="daily_rollups_day_unique",
                        violation_error_message="This day of the bot is summed up already.",
                    )
                ],
                "abstract": False,
                "base_manager_name": "objects",
            },
            managers=[
                ("objects", tenants.queries.TenantManager()),
            ],
        ),
        migrations.CreateModel(
            name="RollupState",
            fields=[
                (
                    "bot",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="tenants.bot",
                    ),
                ),
                ("zone", models.CharField(default="", help_text="The time zone of the days.")),
                (
                    "rolled_up_at",
                    models.DateTimeField(
                        help_text="What was written before is in the rollups.", null=True
                    ),
                ),
                ("settled_at", models.DateTimeField(null=True)),
                ("pending_at", models.DateTimeField(null=True)),
                ("pending_xid", models.BigIntegerField(null=True)),
            ],
            options={
                "db_table": "rollup_states",
                "base_manager_name": "objects",
            },
            managers=[
                ("objects", tenants.queries.TenantManager()),
            ],
        ),
        migrations.RunSQL(SECURITY, migrations.RunSQL.noop),
        pgtrigger.migrations.AddTrigger(
            model_name="botmetric",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="note_insert",
                sql=tenants.triggers.KeeperTriggerSql(
                    func="INSERT INTO changed_days (bot_id, day)\n        SELECT DISTINCT bot_id, (recorded_at AT TIME ZONE 'UTC')::date FROM moved WHERE recorded_at < clock_timestamp() - interval '1 hour' AND metric_name = ANY ('{error,errors}'); RETURN NULL;",
                    hash="466b1c00c0e4eeff4221aeb6210e5cda79a4f338",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_note_insert_c559a",
                    referencing="REFERENCING NEW TABLE AS moved ",
                    table="bot_metrics",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="botmetric",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="note_delete",
                sql=tenants.triggers.KeeperTriggerSql(
                    func="INSERT INTO changed_days (bot_id, day)\n        SELECT DISTINCT bot_id, (recorded_at AT TIME ZONE 'UTC')::date FROM moved WHERE EXISTS (SELECT FROM bots WHERE id = moved.bot_id) AND metric_name = ANY ('{error,errors}'); RETURN NULL;",
                    hash="722e86edb1f7c24b7c7d601eccc893cc7172f8f5",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_note_delete_16c18",
                    referencing="REFERENCING OLD TABLE AS moved ",
                    table="bot_metrics",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="botmetric",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="note_update",
                sql=tenants.triggers.KeeperTriggerSql(
                    condition="WHEN (ROW(OLD.recorded_at, OLD.metric_name, OLD.metric_value) IS DISTINCT FROM ROW(NEW.recorded_at, NEW.metric_name, NEW.metric_value))",
                    func="\n    INSERT INTO changed_days (bot_id, day)\n        SELECT DISTINCT NEW.bot_id, (moment AT TIME ZONE 'UTC')::date\n        FROM unnest(ARRAY[OLD.recorded_at, NEW.recorded_at]) AS moment;\n    RETURN NULL;\n",
                    hash="c889aecaa9ca64c997bdfc0485fe48ad2562f8be",
                    operation="UPDATE",
                    pgid="pgtrigger_note_update_2f554",
                    table="bot_metrics",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="dailyrollup",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="keep_bot",
                sql=tenants.triggers.FirmTriggerSql(
                    condition="WHEN (OLD.bot_id IS DISTINCT FROM NEW.bot_id)",
                    func="RAISE EXCEPTION 'a row keeps its bot' USING ERRCODE = 'integrity_constraint_violation';",
                    hash="82dab7f17f983f6bc742dcb70cd627a16c28f51d",
                    operation='UPDATE OF "bot_id"',
                    pgid="pgtrigger_keep_bot_8c645",
                    table="daily_rollups",
                    when="BEFORE",
                ),
            ),
        ),
    ]
