from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext

from legacy_import.models.ledger import LedgerModel
from tenants.fields import JSONArrayField, JSONObjectField


class ImportRun(LedgerModel):
    """What one command did for one bot. The bots of one command share its number."""

    class Action(models.TextChoices):
        IMPORT = "import"
        ROLLBACK = "rollback"
        RETRY = "retry"

    class Status(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        INTERRUPTED = "interrupted"
        UNDONE = "undone"

    number = models.BigIntegerField()
    action = models.CharField(choices=Action)
    status = models.CharField(choices=Status, default=Status.RUNNING)
    # Of a rollback or a retry: the run it is about.
    about = models.BigIntegerField(null=True)
    options = JSONObjectField()
    counts = JSONObjectField()
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    # Transactions that wrote rows outside any chunk, so that a rollback knows their rows as ours.
    transactions = JSONArrayField()
    # Conversations that were there, and got the profile of their chat from this run.
    linked = ArrayField(models.UUIDField(), null=True)

    class Meta(LedgerModel.Meta):
        db_table = "import_runs"
        ordering = ["-number"]

    def __str__(self) -> str:
        return gettext("run %(number)s") % {"number": self.number}
