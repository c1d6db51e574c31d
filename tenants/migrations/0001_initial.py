import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import pgtrigger.migrations
import tenants.fields
import tenants.ids
import tenants.queries
import tenants.tokens
import tenants.triggers
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BotAccess",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("viewer", "viewer: reads"),
                            ("operator", "operator: reads and changes"),
                            ("manager", "manager: also deletes, and manages the bot and its staff"),
                        ]
                    ),
                ),
            ],
            options={
                "verbose_name": "staff access",
                "verbose_name_plural": "staff access",
                "db_table": "bot_access",
            },
            managers=[
                ("objects", tenants.queries.TenantManager()),
            ],
        ),
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
                "base_manager_name": "objects",
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
            managers=[
                ("objects", tenants.queries.BotManager()),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bot",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="touch_updated_at",
                sql=tenants.triggers.FirmTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func="NEW.updated_at = now(); RETURN NEW;",
                    hash="6ca93325950a258113a76f31180737303e73fe58",
                    operation="UPDATE",
                    pgid="pgtrigger_touch_updated_at_f0c57",
                    table="bots",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddField(
            model_name="botaccess",
            name="bot",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="staff",
                to="tenants.bot",
            ),
        ),
        migrations.AddField(
            model_name="botaccess",
            name="user",
            field=models.ForeignKey(
                limit_choices_to={"is_staff": True},
                on_delete=django.db.models.deletion.CASCADE,
                related_name="bot_access",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="botaccess",
            constraint=models.UniqueConstraint(
                fields=("bot", "user"),
                name="bot_access_unique",
                violation_error_message="This user has a role for this bot already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="botaccess",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["viewer", "operator", "manager"])),
                name="bot_access_role_known",
                violation_error_message="The role is viewer, operator or manager.",
            ),
        ),
    ]
