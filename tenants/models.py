from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from tenants.fields import JSONObjectField
from tenants.ids import uuid7
from tenants.tokens import SealedTokenField, Token
from tenants.triggers import touch_updated_at


class Bot(models.Model):
    """The tenant: one Telegram bot."""

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

    class Meta:
        db_table = "bots"
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
        triggers = [touch_updated_at()]

    def __str__(self) -> str:
        return self.name

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
