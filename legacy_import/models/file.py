from django.contrib.postgres.fields import ArrayField
from django.db import models

from legacy_import.models.ledger import LedgerModel, belongs_to
from tenants.fields import JSONObjectField


class ImportFile(LedgerModel):
    """A file as a run found it. The latest that is not undone says what is known of its path."""

    class Status(models.TextChoices):
        PARTIAL = "partial", "partial: some of it is committed"
        DONE = "done"
        UNDONE = "undone"

    run = belongs_to("ImportRun")
    path = models.TextField()
    kind = models.CharField()
    key = models.BigIntegerField(null=True)
    status = models.CharField(choices=Status)
    size = models.BigIntegerField()
    mtime_ns = models.BigIntegerField()
    sha256 = models.BinaryField(null=True)
    # Of a conversation: its title, its times, and what stands in the file around the messages.
    header = JSONObjectField()
    # By kind of record: source, inserted, unchanged, changed, repaired, rejected, vanished.
    counts = JSONObjectField()
    # The row its header made, where this run made it.
    created_row = models.UUIDField(null=True)

    class Meta(LedgerModel.Meta):
        db_table = "import_files"
        indexes = [
            # What is known of a path.
            models.Index(fields=["bot", "path", "-id"], name="import_files_path"),
            # A run's files.
            models.Index(fields=["bot", "run", "id"], name="import_files_run"),
        ]

    def __str__(self) -> str:
        return self.path


class ImportChunk(LedgerModel):
    """Records of a file that a run met for the first time, one place after the other.

    A message's id follows from its chat and place, its position is the place plus `shift`: so a
    chunk stands for thousands of rows. `hashes` says who each record is, then what each holds, to
    see what changed.
    """

    file = belongs_to("ImportFile")
    first_place = models.BigIntegerField()
    records = models.IntegerField()
    shift = models.BigIntegerField(default=0)
    hashes = models.BinaryField()
    # Of profiles and metrics: the rows inserted.
    row_ids = ArrayField(models.UUIDField(), null=True)
    # The transaction, which is the xmin of its rows until somebody else writes them.
    transaction = models.BigIntegerField()

    class Meta(LedgerModel.Meta):
        db_table = "import_chunks"
        indexes = [
            # What is known of a file's records.
            models.Index(fields=["bot", "file", "first_place"], name="import_chunks_file")
        ]
