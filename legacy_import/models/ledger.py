from typing import Any

from django.db import models

from tenants.ids import uuid7
from tenants.queries import TenantManager


class LedgerModel(models.Model):
    """A row about what was imported for a bot: operators write it, staff read it, bots do not."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # The database's keys, which cascade, are made by the migration.
    bot = models.ForeignKey(
        "tenants.Bot",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )

    kept = ("bot_id",)

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"


def belongs_to(model: str) -> Any:
    """To a row of the same bot; an index that begins with the bot finds the rows again."""
    return models.ForeignKey(
        f"legacy_import.{model}",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
