import django.core.validators
import django.db.models.functions.datetime
import django.db.models.functions.text
import pgtrigger.migrations
import tenants.fields
import tenants.ids
import tenants.tokens
import tenants.triggers
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Bot",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(help_text="How staff and commands call the bot.")),
                (
                    "telegram_token",
                    tenants.tokens.SealedTokenField(blank=True, editable=False, null=True),
                ),
                ("token_fingerprint", models.CharField(blank=True, editable=False, null=True)),
                (
                    "token_masked",
                    models.CharField(
                        blank=True, db_default="", default="", editable=False, verbose_name="token"
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="The Telegram user name, without @.",
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Za-z][A-Za-z0-9_]{4,31}\\Z",
                                "5 to 32 letters, digits and underscores, beginning with a letter, without @.",
                            )
                        ],
                    ),
                ),
                ("owner_telegram_id", models.BigIntegerField(blank=True, null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("inactive", "Inactive"),
                            ("maintenance", "Maintenance"),
                            ("error", "Error"),
                        ],
                        db_default="inactive",
                        default="inactive",
                    ),
                ),
                (
                    "config",
                    tenants.fields.JSONObjectField(
                        blank=True,
                        db_default=models.Value({}, output_field=models.JSONField()),
                        default=dict,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("last_active_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "db_table": "bots",
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"),
                        name="bots_name_unique",
                        violation_error_message="A bot with this name exists already.",
                    ),
                    models.UniqueConstraint(
                        fields=("token_fingerprint",),
                        name="bots_token_unique",
                        violation_error_message="Another bot uses this token already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True),
                        name="bots_name_present",
                        violation_error_message="A bot needs a name.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["active", "inactive", "maintenance", "error"])
                        ),
                        name="bots_status_known",
                        violation_error_message="The status is active, inactive, maintenance or error.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("telegram_token__isnull", True),
                                ("token_fingerprint__isnull", True),
                                ("token_masked", ""),
                            ),
                            models.Q(
                                ("telegram_token__isnull", False),
                                ("token_fingerprint__isnull", False),
                                models.Q(("token_masked", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="bots_token_whole",
                        violation_error_message="Set a bot's token with set_token().",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bot",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="touch_updated_at",
                sql=tenants.triggers.FirmTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func="NEW.updated_at = now(); RETURN NEW;",
                    hash="a780f4a5fd22fec642ea1567194472a3feda196d",
                    operation="UPDATE",
                    pgid="pgtrigger_touch_updated_at_f0c57",
                    table="bots",
                    when="BEFORE",
                ),
            ),
        ),
    ]
