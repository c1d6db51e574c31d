from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from tenants.audit.model import AuditEntry
from tenants.audit.triggers import audit_rows
from tenants.fields import JSONObjectField
from tenants.ids import uuid7
from tenants.kept import columns_to_update
from tenants.preferences import StaffPreferences
from tenants.queries import BotManager, TenantManager
from tenants.tokens import SealedTokenField, Token
from tenants.triggers import keep_name, touch_updated_at

__all__ = ["AuditEntry", "Bot", "BotAccess", "StaffPreferences"]


class Bot(models.Model):
    """The tenant: one Telegram bot."""

    kept = ("created_at", "updated_at")

    class Status(models.TextChoices):
        ACTIVE = "active"
        INACTIVE = "inactive"
        MAINTENANCE = "maintenance"
        ERROR = "error"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(help_text="How staff and commands call the bot.")
    telegram_token = SealedTokenField(null=True, blank=True, editable=False)
    token_fingerprint = models.CharField(null=True, blank=True, editable=False)
    # Staff see this; the right to read the ciphertext is the bot's own.
    token_masked = models.CharField("token", blank=True, default="", db_default="", editable=False)
    username = models.CharField(
        blank=True,
        default="",
        db_default="",
        validators=[
            RegexValidator(
                r"\A[A-Za-z][A-Za-z0-9_]{4,31}\Z",
                "5 to 32 letters, digits and underscores, beginning with a letter, without @.",
            )
        ],
        help_text="The Telegram user name, without @.",
    )
    owner_telegram_id = models.BigIntegerField(null=True, blank=True)
    status = models.CharField(
        choices=Status, default=Status.INACTIVE, db_default=Status.INACTIVE.value
    )
    config = JSONObjectField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    last_active_at = models.DateTimeField(null=True, blank=True)

    objects = BotManager()

    class Meta:
        db_table = "bots"
        base_manager_name = "objects"
        ordering = ["name"]
        constraints = [
            # Staff and commands find a bot by its name, in any case.
            models.UniqueConstraint(
                Lower("name"),
                name="bots_name_unique",
                violation_error_message="A bot with this name exists already.",
            ),
            models.UniqueConstraint(
                fields=["token_fingerprint"],
                name="bots_token_unique",
                violation_error_message="Another bot uses this token already.",
            ),
            models.CheckConstraint(
                condition=~Q(name=""),
                name="bots_name_present",
                violation_error_message="A bot needs a name.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["active", "inactive", "maintenance", "error"]),
                name="bots_status_known",
                violation_error_message="The status is active, inactive, maintenance or error.",
            ),
            models.CheckConstraint(
                condition=Q(
                    telegram_token__isnull=True, token_fingerprint__isnull=True, token_masked=""
                )
                | (
                    Q(telegram_token__isnull=False, token_fingerprint__isnull=False)
                    & ~Q(token_masked="")
                ),
                name="bots_token_whole",
                violation_error_message="Set a bot's token with set_token().",
            ),
        ]
        triggers = [
            keep_name(),
            touch_updated_at(),
            *audit_rows(
                bot="id",
                ignored=("updated_at",),
                secret=("telegram_token", "token_fingerprint"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        if not kwargs.get("force_insert"):
            update_fields = columns_to_update(self, update_fields)
        super().save(*args, update_fields=update_fields, **kwargs)

    def set_token(self, text: str) -> None:
        """Takes a token in the clear; `save()` stores it encrypted."""
        token = Token.parse(text)
        self.telegram_token = token.sealed()
        self.token_fingerprint = token.fingerprint
        self.token_masked = token.masked

    def clear_token(self) -> None:
        self.telegram_token = self.token_fingerprint = None
        self.token_masked = ""

    def reveal_token(self) -> str | None:
        return self.telegram_token.open().reveal() if self.telegram_token else None


class BotAccess(models.Model):
    """What a staff user may do with a bot. Superusers need none."""

    class Role(models.TextChoices):
        VIEWER = "viewer", "viewer: reads"
        OPERATOR = "operator", "operator: reads and changes"
        MANAGER = "manager", "manager: also deletes, and manages the bot and its staff"

    kept = ("bot_id", "user_id")

    objects = TenantManager()

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="bot_access",
        limit_choices_to={"is_staff": True},
    )
    bot = models.ForeignKey(
        Bot, on_delete=models.DO_NOTHING, db_constraint=False, related_name="staff"
    )
    role = models.CharField(choices=Role)

    class Meta:
        db_table = "bot_access"
        verbose_name = "staff access"
        verbose_name_plural = "staff access"
        constraints = [
            models.UniqueConstraint(
                fields=["bot", "user"],
                name="bot_access_unique",
                violation_error_message="This user has a role for this bot already.",
            ),
            models.CheckConstraint(
                condition=Q(role__in=["viewer", "operator", "manager"]),
                name="bot_access_role_known",
                violation_error_message="The role is viewer, operator or manager.",
            ),
        ]
        triggers = audit_rows()

    def __str__(self) -> str:
        return f"{self.user} · {self.bot}"

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        if not kwargs.get("force_insert"):
            update_fields = columns_to_update(self, update_fields)
        super().save(*args, update_fields=update_fields, **kwargs)
