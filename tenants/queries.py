from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Self

from django.db import transaction
from psqlextra.manager import PostgresManager
from psqlextra.query import PostgresQuerySet

from tenants.fields import SiblingKey


class TenantQuerySet(PostgresQuerySet[Any]):
    """A queryset whose row-wise writes name the bot, so that each touches one partition."""

    def of_row(self, row: Any) -> Self:
        return self.filter(bot_id=row.bot_id, pk=row.pk)

    def update(self, **values: Any) -> int:
        """Takes relations to rows of the same bot, as reverse relations write them."""
        rows = self
        for name in list(values):
            field = self.model._meta.get_field(name)
            if isinstance(field, SiblingKey):
                row = values.pop(name)
                values[field.id_field.attname] = row and row.pk
                rows = rows.filter(bot_id=row.bot_id) if row else rows
        return super(TenantQuerySet, rows).update(**values)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_update(
        self,
        objs: Iterable[Any],
        fields: Iterable[str],
        batch_size: int | None = None,
    ) -> int:
        rows_by_bot = defaultdict(list)
        for row in objs:
            rows_by_bot[row.bot_id].append(row)
        with transaction.atomic(using=self.db, savepoint=False):
            return sum(
                super(TenantQuerySet, self.filter(bot_id=bot_id)).bulk_update(
                    rows, fields, batch_size
                )
                for bot_id, rows in rows_by_bot.items()
            )


class TenantManager(PostgresManager.from_queryset(TenantQuerySet)):  # type: ignore[misc]
    pass
