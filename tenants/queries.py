from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Self

from django.db import transaction
from psqlextra.manager import PostgresManager
from psqlextra.query import PostgresQuerySet
from psqlextra.sql import PostgresQuery

from tenants.context import current_scope
from tenants.fields import SiblingKey


def in_scope(rows: Any, column: str) -> Any:
    """Names the bots of the context in the query itself: planned for their partitions alone."""
    scope = current_scope()
    if scope is None or (bots := scope.bot_filter) is None:
        return rows
    return rows.filter(**({column: bots[0]} if len(bots) == 1 else {f"{column}__in": bots}))


class TenantQuery(PostgresQuery):
    def _get_defer_select_mask(self, opts: Any, mask: Any, select_mask: Any = None) -> Any:
        """Django leaves relations without a column of their own out, and then refuses to join."""
        select_mask = {} if select_mask is None else select_mask
        for relation in opts.fields:
            if relation.is_relation and not relation.concrete:
                nested = mask.pop(relation.name, None)
                joined = select_mask.setdefault(relation, {})
                if nested:
                    self._get_defer_select_mask(relation.related_model._meta, nested, joined)
        return super()._get_defer_select_mask(opts, mask, select_mask)  # type: ignore[misc]


class TenantQuerySet(PostgresQuerySet[Any]):
    """A queryset whose row-wise writes name the bot, so that each touches one partition."""

    def __init__(
        self, model: Any = None, query: Any = None, using: Any = None, hints: Any = None
    ) -> None:
        super().__init__(model, query or TenantQuery(model), using, hints)

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

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        rows = list(objs)
        for row in rows:
            fill_bot(row)
        return super().bulk_create(rows, *args, **kwargs)

    def select_related(self, *fields: Any) -> Self:
        """Leaves the bot's token out: only the bot itself may read it."""
        related = super().select_related(*fields)
        paths = [name for name in fields or ["bot"] if name and name.split("__")[-1] == "bot"]
        return related.defer(*(f"{path}__telegram_token" for path in paths)) if paths else related


def fill_bot(row: Any) -> None:
    """A new row in a bot's context is that bot's."""
    scope = current_scope()
    if row.bot_id is None and scope is not None and scope.bot_id:
        row.bot_id = scope.bot_id


class TenantManager(PostgresManager.from_queryset(TenantQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> Any:
        return in_scope(super().get_queryset(), "bot_id")


class BotManager(PostgresManager):
    """Leaves the token out: the right to read it is the bot's own."""

    def get_queryset(self) -> Any:
        return in_scope(super().get_queryset(), "id").defer("telegram_token")
