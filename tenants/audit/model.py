from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now
from psqlextra.types import PostgresPartitioningMethod

from tenants.partitioning import SingleKeyTable


class AuditEntry(SingleKeyTable):
    """One fact. No foreign keys: it outlives the bot and the user it names.

    Rows come from the database's functions alone (tenants.audit.functions); nobody may change one.
    """

    class Operation(models.TextChoices):
        INSERT = "INSERT"
        UPDATE = "UPDATE"
        DELETE = "DELETE"
        LOGIN = "LOGIN"
        LOGIN_FAILED = "LOGIN_FAILED"
        LOGOUT = "LOGOUT"
        DENIED = "DENIED"
        DOWNLOAD = "DOWNLOAD"
        EXPORT = "EXPORT"
        ERASE = "ERASE"

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)  # type: ignore[assignment]
    logged_at = models.DateTimeField("when", db_default=Now(), editable=False)
    login = models.CharField(editable=False)
    role = models.CharField(null=True, editable=False)
    user_id = models.BigIntegerField("staff user", null=True, editable=False)
    bot_id = models.UUIDField("bot", null=True, editable=False)
    table_name = models.CharField("table", null=True, editable=False)
    row_key = models.CharField("row", null=True, editable=False)
    operation = models.CharField(choices=Operation, editable=False)
    before = models.JSONField(null=True, editable=False)
    after = models.JSONField(null=True, editable=False)
    correlation_id = models.CharField(null=True, editable=False)
    client_address = models.CharField("IP address", null=True, editable=False)

    class Meta:
        db_table = "security_audit_log"
        base_manager_name = "objects"
        ordering = ["-logged_at"]
        verbose_name = "audit entry"
        verbose_name_plural = "audit log"
        indexes = [
            # The log, the latest first, for superusers.
            models.Index(fields=["-logged_at"], name="audit_latest"),
            # The same of the bots a staff user sees.
            models.Index(fields=["bot_id", "-logged_at"], name="audit_of_bot"),
            # What a staff user did; bots write most of the log.
            models.Index(
                fields=["user_id", "-logged_at"],
                condition=models.Q(user_id__isnull=False),
                name="audit_of_user",
            ),
            # Logins, downloads, erasures: few among all that changed.
            models.Index(
                fields=["operation", "-logged_at"],
                condition=~models.Q(operation__in=["INSERT", "UPDATE", "DELETE"]),
                name="audit_of_event",
            ),
        ]

    class PartitioningMeta:
        method = PostgresPartitioningMethod.RANGE
        key = ["logged_at"]

    def __str__(self) -> str:
        return f"{self.get_operation_display()} {self.table_name or ''}".strip()
