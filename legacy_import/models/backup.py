import uuid

from django.db import models

from legacy_import.models.ledger import LedgerModel, belongs_to


class Backup(LedgerModel):
    """A file below backups/, so that the old disk can be retired."""

    file = belongs_to("ImportFile")
    chat_id = models.BigIntegerField(null=True)
    date = models.DateField(null=True)
    stored = models.BooleanField(help_text="Its bytes are here, not only this line.")

    class Meta(LedgerModel.Meta):
        db_table = "import_backups"
        indexes = [
            # The backups of a chat.
            models.Index(fields=["bot", "chat_id", "date"], name="import_backups_chat"),
            models.Index(fields=["bot", "file"], name="import_backups_file"),
        ]

    def __str__(self) -> str:
        return f"{self.chat_id} · {self.date}"


class FilePart(LedgerModel):
    """Some of a file's bytes, compressed (zlib): of backups, and of files that hold several things
    in one, which their rows could not give back."""

    file = belongs_to("ImportFile")
    number = models.IntegerField()
    data = models.BinaryField()
    # The next state's part that has these bytes, where it does; they come back when that goes.
    same_as = models.UUIDField(null=True)

    class Meta(LedgerModel.Meta):
        db_table = "import_file_parts"
        indexes = [
            # A file's bytes in order.
            models.Index(fields=["bot", "file", "number"], name="import_file_parts_order")
        ]

    @classmethod
    def latest(cls, bot_id: uuid.UUID, path: str) -> "models.QuerySet[FilePart]":
        """Of a path's file as it was when it could be read last, in order."""
        read = cls.objects.filter(bot=bot_id, file__path=path, file__status="done")
        read = read.exclude(file__header__has_key="rejected")
        last = read.order_by("-file").values_list("file", flat=True).first()
        parts: models.QuerySet[FilePart] = cls.objects.filter(bot=bot_id, file=last)
        return parts.order_by("number")
