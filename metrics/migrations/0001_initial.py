import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import pgtrigger.migrations
import tenants.fields
import tenants.ids
import tenants.operations
import tenants.queries
import tenants.triggers
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0002_row_security"),
    ]

    operations = [
        tenants.operations.CreateTenantTable(
            name="BotMetric",
            sealed=False,
            updatable=["metric_name", "metric_value", "metric_tags", "recorded_at"],
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("metric_name", models.CharField()),
                ("metric_value", tenants.fields.NumericField()),
                (
                    "metric_tags",
                    tenants.fields.JSONObjectField(
                        blank=True,
                        db_default=models.Value({}, output_field=models.JSONField()),
                        default=dict,
                    ),
                ),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
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
                "db_table": "bot_metrics",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        fields=["bot", "metric_name", "-recorded_at"], name="bot_metrics_series"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("metric_name", ""), _negated=True),
                        name="bot_metrics_name_present",
                        violation_error_message="A metric needs a name.",
                    )
                ],
            },
            managers=[
                ("objects", tenants.queries.TenantManager()),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="botmetric",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="keep_bot",
                sql=tenants.triggers.FirmTriggerSql(
                    condition="WHEN (OLD.bot_id IS DISTINCT FROM NEW.bot_id)",
                    func="RAISE EXCEPTION 'a row keeps its bot' USING ERRCODE = 'integrity_constraint_violation';",
                    hash="a46ecf0ab777fa57da5c6ab3bb722eb4a5051625",
                    operation='UPDATE OF "bot_id"',
                    pgid="pgtrigger_keep_bot_61cb4",
                    table="bot_metrics",
                    when="BEFORE",
                ),
            ),
        ),
    ]
