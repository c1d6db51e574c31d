"""Months of the audit log: made ahead and dropped again by `manage.py pgpartition`."""

from datetime import UTC, datetime
from typing import Any

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from psqlextra.partitioning import (
    PostgresCurrentTimePartitioningStrategy,
    PostgresPartitioningConfig,
    PostgresPartitioningManager,
    PostgresTimePartition,
    PostgresTimePartitionSize,
)

from tenants.audit.functions import TABLE, closed

MONTHS_AHEAD = 3
DEFAULT = f"{TABLE}_default"


class ClosedMonth(PostgresTimePartition):
    """A month's partition, which no role may touch but through the whole log.

    Entries of its time that wait in the default partition move in: otherwise a month that was
    missed once could never be made, and its entries never dropped.
    """

    def __init__(self, start: datetime, expired: bool = False) -> None:
        self.expired = expired
        super().__init__(PostgresTimePartitionSize(months=1), start, name_format="%Y_%m")
        self.from_values, self.to_values = (
            moment.strftime("%Y-%m-%d 00:00:00+00") for moment in (start, self.end_datetime)
        )

    def create(self, model: Any, schema_editor: Any, comment: str | None = None) -> None:
        waiting = self._waiting(schema_editor)
        if waiting:
            schema_editor.execute(f"ALTER TABLE {TABLE} DETACH PARTITION {DEFAULT}")
            schema_editor.execute(f"ALTER TABLE {DEFAULT} RENAME TO {DEFAULT}_before")
        super().create(model, schema_editor, comment)
        created = [schema_editor.create_partition_table_name(model, self.name())]
        if waiting:
            schema_editor.add_default_partition(model, "default")
            schema_editor.execute(f"INSERT INTO {TABLE} SELECT * FROM {DEFAULT}_before")
            schema_editor.execute(f"DROP TABLE {DEFAULT}_before")
            created.append(DEFAULT)
        for partition in created:
            for statement in closed(partition):
                schema_editor.execute(statement)
        if self.expired:
            self.delete(model, schema_editor)

    def _waiting(self, schema_editor: Any) -> bool:
        with connections[schema_editor.connection.alias].cursor() as cursor:
            # No entry comes in between the look and the move.
            cursor.execute(f"LOCK TABLE {TABLE} IN ACCESS EXCLUSIVE MODE")
            cursor.execute(
                f"SELECT EXISTS (SELECT FROM {DEFAULT} WHERE logged_at >= %s AND logged_at < %s)",
                [self.from_values, self.to_values],
            )
            return bool(cursor.fetchone()[0])


class Months(PostgresCurrentTimePartitioningStrategy):
    def __init__(self, kept: int) -> None:
        super().__init__(
            size=PostgresTimePartitionSize(months=1),
            count=MONTHS_AHEAD + 1,
            # A month goes when its last entry is older than that.
            max_age=relativedelta(months=kept + 1) if kept else None,
        )

    def to_create(self) -> Any:
        waiting = f"SELECT DISTINCT date_trunc('month', logged_at, 'UTC') FROM {DEFAULT}"
        # psqlextra's months begin at this hour of the day.
        ahead = {month.start_datetime.replace(hour=0) for month in super().to_create()}
        for start in sorted({*_months(waiting)} | ahead):
            yield ClosedMonth(start, expired=self._is_expired(start))

    def to_delete(self) -> Any:
        """Also beyond a month that was never made."""
        made = (
            "SELECT to_timestamp(right(relname, 7) || '+00', 'YYYY_MMTZH') FROM pg_inherits"
            f" JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = '{TABLE}'::regclass"
            f" AND relname ~ '^{TABLE}_[0-9]{{4}}_[0-9]{{2}}$' ORDER BY 1"
        )
        return (ClosedMonth(start) for start in _months(made) if self._is_expired(start))

    def _is_expired(self, start: datetime) -> bool:
        if not self.max_age:
            return False
        return bool(start <= self.size.start(self.get_start_datetime() - self.max_age))


def _months(sql: str) -> list[datetime]:
    """As psqlextra has them: in UTC, and without saying so."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(sql)
        return [start.astimezone(UTC).replace(tzinfo=None) for (start,) in cursor.fetchall()]


def partitioning_manager() -> PostgresPartitioningManager:
    from tenants.audit.model import AuditEntry

    months = Months(settings.AUDIT_RETENTION_MONTHS)
    return PostgresPartitioningManager([PostgresPartitioningConfig(AuditEntry, months)])


class _Manager:
    """Made at the first use: the settings name it before the models are there."""

    def __getattr__(self, name: str) -> Any:
        return getattr(partitioning_manager(), name)


manager = _Manager()
