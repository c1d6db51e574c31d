from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from pgtrigger import Update

from conversations.changed_days import note_changed_days, note_late_rows
from tenants.audit.triggers import audit_rows, audit_statements
from tenants.calendar import in_calendar
from tenants.fields import JSONObjectField, NumericField
from tenants.queries import TenantManager
from tenants.tenant import TenantModel
from tenants.triggers import keep_bot

# Measurements by these names are numbers of errors: DailyRollup.errors.
ERROR_NAMES = ("error", "errors")
IS_ERROR = f"metric_name = ANY ('{{{','.join(ERROR_NAMES)}}}')"


class BotMetric(TenantModel):
    """One measurement of a bot."""

    metric_name = models.CharField()
    metric_value = NumericField()
    metric_tags = JSONObjectField()
    recorded_at = models.DateTimeField(default=timezone.now, db_default=Now())

    class Meta(TenantModel.Meta):
        db_table = "bot_metrics"
        constraints = [
            models.CheckConstraint(
                condition=~Q(metric_name=""),
                name="bot_metrics_name_present",
                violation_error_message="A metric needs a name.",
            ),
            *in_calendar("bot_metrics", "recorded_at"),
        ]
        indexes = [
            # One metric of a bot over time.
            models.Index(fields=["bot", "metric_name", "-recorded_at"], name="bot_metrics_series")
        ]
        triggers = [
            keep_bot(),
            *audit_rows(operations=[Update]),
            *audit_statements(
                summary="'metrics', (array_agg(DISTINCT metric_name))[1:20],"
                " 'first_recorded_at', min(recorded_at), 'last_recorded_at', max(recorded_at)"
            ),
            note_late_rows("recorded_at", only=IS_ERROR),
            *note_changed_days("recorded_at", "metric_name", "metric_value", only=IS_ERROR),
        ]

    def __str__(self) -> str:
        return f"{self.metric_name} {self.metric_value}"


class DailyRollup(TenantModel):
    """A bot's day, summed up by `manage.py roll_up_metrics`: metrics.rollups.

    The help texts say what is counted; metrics.rollups.sums counts it. A day without anything to
    count has no row. Not audited: it says nothing that the rows it is made from do not say.
    """

    day = models.DateField(help_text="From midnight to midnight in METRICS_TIME_ZONE.")
    messages_in = models.BigIntegerField(help_text="Messages that people sent.")
    messages_out = models.BigIntegerField(help_text="Messages that the bot sent.")
    conversations = models.BigIntegerField(help_text="Chats in which either sent a message.")
    active_people = models.BigIntegerField(
        help_text="People who sent a message: different senders, and where a message does not say "
        "who sent it, one for the chat."
    )
    new_people = models.BigIntegerField(help_text="Profiles that were created.")
    responses = models.BigIntegerField(
        help_text="Questions that were answered. A question is what a person sends until the bot "
        "answers, counted on the day of its first message; after an hour of silence the person "
        "asks anew. An answer is the bot's next message in the chat, within 24 hours."
    )
    response_median = models.FloatField(
        null=True,
        help_text="Seconds from the first message of a question to its answer: half of the "
        "answers came within this time.",
    )
    response_p95 = models.FloatField(
        null=True, help_text="The same of 95 in 100 answers: the slowest 5 took longer."
    )
    errors = models.BigIntegerField(
        help_text="The sum of what the bot recorded as `errors` or `error`, such as "
        'record_metric("errors", 1). Values below 0 or above 1,000,000,000 are left out.'
    )

    kept = (*TenantModel.kept, "day")
    derived = True

    class Meta(TenantModel.Meta):
        db_table = "daily_rollups"
        constraints = [
            # Also the series of a bot.
            models.UniqueConstraint(
                fields=["bot", "day"],
                name="daily_rollups_day_unique",
                violation_error_message="This day of the bot is summed up already.",
            )
        ]
        triggers = [keep_bot()]

    def __str__(self) -> str:
        return f"{self.day}"


class RollupState(models.Model):
    """How far a bot is rolled up: metrics.rollups.watermark."""

    bot = models.OneToOneField(
        "tenants.Bot",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        primary_key=True,
        related_name="+",
    )
    zone = models.CharField(default="", help_text="The time zone of the days.")
    rolled_up_at = models.DateTimeField(
        null=True, help_text="What was written before is in the rollups."
    )
    settled_at = models.DateTimeField(null=True)
    pending_at = models.DateTimeField(null=True)
    pending_xid = models.BigIntegerField(null=True)

    kept = ("bot_id",)

    objects = TenantManager()

    class Meta:
        db_table = "rollup_states"
        base_manager_name = "objects"

    def __str__(self) -> str:
        return f"{self.rolled_up_at}"
