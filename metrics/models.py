from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from pgtrigger import Update

from tenants.audit.triggers import audit_rows, audit_statements
from tenants.fields import JSONObjectField, NumericField
from tenants.tenant import TenantModel
from tenants.triggers import keep_bot


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
            )
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
        ]

    def __str__(self) -> str:
        return f"{self.metric_name} {self.metric_value}"
