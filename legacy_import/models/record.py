"""What is kept of single records: nothing that came is lost."""

from django.db import models
from django.utils.translation import gettext

from legacy_import.models.ledger import LedgerModel, belongs_to
from tenants.fields import JSONObjectField


class RecordModel(LedgerModel):
    file = belongs_to("ImportFile")
    # In the file, from 1; 0 is the file as a whole.
    place = models.BigIntegerField()

    class Meta(LedgerModel.Meta):
        abstract = True

    def __str__(self) -> str:
        told = {"what": self._meta.verbose_name, "place": self.place}
        return gettext("%(what)s at %(place)s") % told


class Reject(RecordModel):
    """A record that could not be placed, byte for byte."""

    code = models.CharField()
    reason = models.TextField()
    raw = models.BinaryField()
    # Of a long record that lies in several.
    piece = models.IntegerField(default=0)
    # The number of the run that placed it after all.
    solved_by = models.BigIntegerField(null=True)

    class Meta(RecordModel.Meta):
        db_table = "import_rejects"
        indexes = [models.Index(fields=["bot", "file", "place"], name="import_rejects_file")]


class Repair(RecordModel):
    """What was repaired in a record, and how it stood in the file."""

    code = models.CharField()
    pointer = models.TextField(help_text="The field, as a JSON pointer within the record.")
    original = models.BinaryField()

    class Meta(RecordModel.Meta):
        db_table = "import_repairs"
        indexes = [models.Index(fields=["bot", "file", "place"], name="import_repairs_file")]


class Original(RecordModel):
    """A record as it stood in the file, where its row does not give it back."""

    original = models.BinaryField()

    class Meta(RecordModel.Meta):
        db_table = "import_originals"
        indexes = [models.Index(fields=["bot", "file", "place"], name="import_originals_file")]


class Change(RecordModel):
    """What a run changed that was there before: a row, a record's fingerprint, or both."""

    # Null where only the record's fingerprint changed.
    table_name = models.CharField(null=True)
    row_id = models.UUIDField(null=True)
    before = JSONObjectField(help_text="The row before; {} where there was none.")
    # The transaction that wrote the row before: its xmin.
    written_by = models.BigIntegerField(null=True)
    # The record's fingerprint before, and the chunk that has it.
    chunk_id = models.UUIDField(null=True)
    earlier = models.BinaryField(null=True)
    transaction = models.BigIntegerField()

    class Meta(RecordModel.Meta):
        db_table = "import_changes"
        indexes = [
            models.Index(fields=["bot", "file", "place"], name="import_changes_file"),
            # The history of a row.
            models.Index(fields=["bot", "row_id"], name="import_changes_row"),
        ]
