from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now
from django.utils import timezone
from pgtrigger import Update

from conversations.changed_days import note_changed_days, note_days_of_conversation, note_late_rows
from conversations.queries import MessageManager
from conversations.triggers import (
    assign_position,
    count_deleted,
    count_inserted,
    follow_sent_at,
    keep_place,
    start_at_zero,
)
from tenants.audit.triggers import audit_rows, audit_statements
from tenants.calendar import in_calendar
from tenants.fields import JSONArrayField, JSONObjectField, PositionField, SiblingKey
from tenants.ids import uuid7
from tenants.queries import TenantManager
from tenants.tenant import TenantModel
from tenants.triggers import keep_bot, touch_updated_at

YOUNGEST, OLDEST = 18, 100


class Profile(TenantModel):
    """A person a bot talks to."""

    telegram_id = models.BigIntegerField()
    name = models.CharField(blank=True, default="", db_default="")
    age = models.SmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(YOUNGEST), MaxValueValidator(OLDEST)],
    )
    location = models.CharField(blank=True, default="", db_default="")
    interests = JSONArrayField()
    chat_style = models.CharField(blank=True, default="", db_default="")
    personality = models.TextField(blank=True, default="", db_default="")
    additional_data = JSONObjectField()
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    last_active_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        db_table = "profiles"
        constraints = [
            models.UniqueConstraint(
                fields=["bot", "telegram_id"],
                name="profiles_telegram_id_unique",
                violation_error_message="This bot has a profile with this Telegram id already.",
            ),
            models.CheckConstraint(
                condition=Q(age__isnull=True) | Q(age__range=(YOUNGEST, OLDEST)),
                name="profiles_age_range",
                violation_error_message=f"The age is between {YOUNGEST} and {OLDEST}.",
            ),
            *in_calendar("profiles", "created_at", "last_active_at"),
        ]
        indexes = [
            # A bot's people, the last active first.
            models.Index(fields=["bot", "-last_active_at", "id"], name="profiles_activity"),
            # A bot's new people of a day.
            models.Index(fields=["bot", "created_at"], name="profiles_created"),
        ]
        triggers = [
            touch_updated_at(),
            keep_bot(),
            *audit_rows(ignored=("updated_at",)),
            note_late_rows("created_at"),
            *note_changed_days("created_at"),
        ]

    def __str__(self) -> str:
        return self.name or str(self.telegram_id)


class Conversation(TenantModel):
    """A chat. Its counters are the database's: conversations.triggers."""

    chat_id = models.BigIntegerField()
    profile_id = models.UUIDField("profile", null=True, blank=True)
    profile = SiblingKey(
        Profile, from_fields=["bot", "profile_id"], null=True, related_name="conversations"
    )
    title = models.CharField(blank=True, default="", db_default="")
    message_count = models.BigIntegerField(default=0, db_default=0, editable=False)
    last_position = models.BigIntegerField(default=0, db_default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())
    updated_at = models.DateTimeField(db_default=Now(), editable=False)
    last_message_at = models.DateTimeField(null=True, editable=False)

    kept = (*TenantModel.kept, "message_count", "last_position", "last_message_at")

    class Meta(TenantModel.Meta):
        db_table = "conversations"
        constraints = [
            models.UniqueConstraint(
                fields=["bot", "chat_id"],
                name="conversations_chat_id_unique",
                violation_error_message="This bot has a conversation with this chat id already.",
            ),
            models.CheckConstraint(
                condition=Q(message_count__gte=0, last_position__gte=0),
                name="conversations_counters_positive",
                violation_error_message="Counters are never negative.",
            ),
            *in_calendar("conversations", "created_at", "last_message_at"),
        ]
        indexes = [
            # A bot's inbox, the latest first.
            models.Index(fields=["bot", "-last_message_at", "id"], name="conversations_inbox"),
            # A person's chats; the key to profiles when one is deleted.
            models.Index(fields=["bot", "profile_id"], name="conversations_profile"),
        ]
        triggers = [
            start_at_zero(),
            touch_updated_at(),
            keep_bot(),
            # Each message moves the counters.
            *audit_rows(
                ignored=("message_count", "last_position", "last_message_at", "updated_at")
            ),
            note_days_of_conversation(),
        ]

    def __str__(self) -> str:
        return self.title or str(self.chat_id)


class Message(TenantModel):
    """One message; `position` is its place in the conversation, 1, 2, 3..."""

    class Sender(models.TextChoices):
        USER = "user"
        BOT = "bot"
        SYSTEM = "system"

    conversation_id = models.UUIDField("conversation")
    conversation = SiblingKey(
        Conversation, from_fields=["bot", "conversation_id"], related_name="messages"
    )
    position = PositionField(blank=True, editable=False)
    telegram_message_id = models.BigIntegerField(null=True, blank=True)
    sender_type = models.CharField(choices=Sender)
    sender_id = models.BigIntegerField(null=True, blank=True)
    content = models.TextField(blank=True, default="", db_default="")
    message_type = models.CharField(default="text", db_default="text")
    metadata = JSONObjectField()
    sent_at = models.DateTimeField(default=timezone.now, db_default=Now())
    # Each word with its bot, so that nobody's search walks by another bot's words.
    search = models.GeneratedField(
        expression=Func(F("bot"), F("content"), function="words_of_bot"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    kept = (*TenantModel.kept, "conversation_id", "position")

    objects = MessageManager()  # type: ignore[misc]

    class Meta(TenantModel.Meta):
        db_table = "messages"
        constraints = [
            # Also the pages of a chat: position < n, the latest first.
            models.UniqueConstraint(
                fields=["bot", "conversation_id", "position"],
                name="messages_position_unique",
                violation_error_message="This conversation has a message at this position already.",
            ),
            # A redelivered update finds the row it made.
            models.UniqueConstraint(
                fields=["bot", "conversation_id", "telegram_message_id"],
                condition=Q(telegram_message_id__isnull=False),
                name="messages_telegram_id_unique",
                violation_error_message="This conversation has this Telegram message already.",
            ),
            models.CheckConstraint(
                condition=Q(position__gte=1),
                name="messages_position_positive",
                violation_error_message="Positions begin at 1.",
            ),
            models.CheckConstraint(
                condition=Q(sender_type__in=["user", "bot", "system"]),
                name="messages_sender_known",
                violation_error_message="The sender is user, bot or system.",
            ),
            models.CheckConstraint(
                condition=~Q(message_type=""),
                name="messages_type_present",
                violation_error_message="A message has a type, such as text.",
            ),
            *in_calendar("messages", "sent_at"),
        ]
        indexes = [
            # Full-text search. Without fastupdate no search pays for somebody's pending inserts.
            GinIndex(fields=["search"], fastupdate=False, name="messages_search"),
            # A bot's messages of a day, for its sums.
            models.Index(fields=["bot", "sent_at"], name="messages_sent"),
            # Lists and searches of what is rare: what the system said, photos and the like.
            models.Index(
                fields=["bot", "sent_at"],
                condition=Q(sender_type="system"),
                name="messages_system",
            ),
            models.Index(
                fields=["bot", "message_type", "sent_at"],
                condition=~Q(message_type="text"),
                name="messages_other_kinds",
            ),
        ]
        triggers = [
            *(assign_position(), count_inserted(), count_deleted()),
            *(follow_sent_at(), keep_place()),
            *audit_rows(operations=[Update], measured=("content", "metadata")),
            *audit_statements(
                "conversation_id",
                summary="'first_position', min(position), 'last_position', max(position)",
            ),
            *note_changed_days("sent_at", "sender_type", "sender_id"),
        ]

    def __str__(self) -> str:
        return f"#{self.position}"


class ChangedDay(models.Model):
    """A day, by UTC, of which somebody who summed it up must think again: changed_days.

    Written by triggers alone, and taken away by who did so.
    """

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    # The database's key, which cascades, is made by the migration.
    bot = models.ForeignKey(
        "tenants.Bot",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    day = models.DateField()

    kept = ("bot_id",)

    objects = TenantManager()

    class Meta:
        db_table = "changed_days"
        base_manager_name = "objects"
        indexes = [
            # The days of a bot.
            models.Index(fields=["bot"], name="changed_days_bot")
        ]

    def __str__(self) -> str:
        return f"{self.day}"


class ErasedPerson(models.Model):
    """That somebody was erased, for whoever brings old data back: by a keyed hash, not by an id."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # The database's key, which cascades, is made by the migration.
    bot = models.ForeignKey(
        "tenants.Bot",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    mark = models.BinaryField(help_text="conversations.personal.mark_of()")
    erased_at = models.DateTimeField(db_default=Now(), editable=False)

    kept = ("bot_id",)

    objects = TenantManager()

    class Meta:
        db_table = "erased_people"
        base_manager_name = "objects"
        indexes = [
            # Whether somebody was erased.
            models.Index(fields=["bot", "mark"], name="erased_people_mark")
        ]

    def __str__(self) -> str:
        return f"{self.erased_at}"
