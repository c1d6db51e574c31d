import pgtrigger
from django.contrib.auth.models import User
from django.db import models
from django.db.models.functions import Now

from legacy_import.models.ledger import LedgerModel, belongs_to
from tenants.audit.triggers import audit_rows
from tenants.fields import JSONObjectField


class Job(LedgerModel):
    """Long work on a run that a manager asked for in the back office; `manage.py run_jobs` does
    it, and says here what became of it."""

    class Action(models.TextChoices):
        RETRY = "retry"
        PLAN = "plan"
        ROLLBACK = "rollback"
        VERIFY = "verify"

    run = belongs_to("ImportRun")
    action = models.CharField(choices=Action)
    keep_written = models.BooleanField(
        default=False, help_text="Of a rollback: leave rows that were written to since."
    )
    asked_by = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    asked_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # The command's; none where its process died.
    exit_code = models.SmallIntegerField(null=True, blank=True)
    output = models.TextField(db_default="", help_text="What the command said.")
    result = JSONObjectField(help_text="What came of it, in numbers.")
    report = models.TextField(null=True, blank=True, help_text="Of a verification: its page.")

    class Meta(LedgerModel.Meta):
        db_table = "import_jobs"
        ordering = ["-id"]
        constraints = [
            # They would wait for each other, and a click that is made twice asks once.
            models.UniqueConstraint(
                fields=["bot"],
                condition=models.Q(finished_at=None),
                name="import_jobs_one_of_bot",
                violation_error_message="A job of this bot is not finished yet.",
            )
        ]
        indexes = [
            # The jobs of a run.
            models.Index(fields=["bot", "run", "-id"], name="import_jobs_run")
        ]
        triggers = audit_rows(
            operations=[pgtrigger.Insert, pgtrigger.Update], measured=["output", "report"]
        )

    def __str__(self) -> str:
        return f"{self.action} of {self.run}"

    @property
    def is_open(self) -> bool:
        return self.finished_at is None
