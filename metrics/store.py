"""The calls of BotStore about measurements."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from tenants.ids import uuid7
from tenants.store.calls import Calls
from tenants.store.recipe import Batch, Recipe, both_forms, require_few
from tenants.store.values import json_text, moment, repaired

# Sent again it finds its rows by their ids.
RECORD = """
    INSERT INTO bot_metrics (id, bot_id, metric_name, metric_value, metric_tags, recorded_at)
    SELECT id, %(bot)s, name, value, tags, recorded_at
    FROM json_to_recordset(%(metrics)s)
        AS given (id uuid, name text, value numeric, tags jsonb, recorded_at timestamptz)
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Metric:
    name: str
    value: int | float | Decimal
    tags: dict[str, Any] = field(default_factory=dict)
    recorded_at: datetime | None = None
    """Now, where it is left out."""


class MetricCalls(Calls):
    def _record_metric(
        self,
        name: str,
        value: int | float | Decimal,
        tags: dict[str, Any] | None = None,
        recorded_at: datetime | None = None,
    ) -> Recipe[None]:
        """One measurement; integers and Decimals are kept exactly.

        >>> store.record_metric("answer_seconds", 0.8, {"model": "large"})
        """
        yield from self._record_metrics([Metric(name, value, tags or {}, recorded_at)])

    def _record_metrics(self, metrics: Sequence[Metric]) -> Recipe[None]:
        """Up to 5,000 at once: all of them or none.

        >>> store.record_metrics([Metric("tokens", 120), Metric("tokens", 80)])
        """
        require_few(metrics)
        rows = [
            repaired(
                {
                    "id": str(uuid7()),
                    "name": metric.name,
                    # As text: JSON has no Decimal, and would take NaN for a name.
                    "value": str(_exact(metric.value)),
                    "tags": metric.tags,
                    "recorded_at": moment(metric.recorded_at),
                },
                noted_in="tags",
            )
            for metric in metrics
        ]
        if rows:
            yield Batch(RECORD, metrics=json_text(rows))
        else:
            yield from self._bot_exists()

    record_metric, arecord_metric = both_forms(_record_metric)
    record_metrics, arecord_metrics = both_forms(_record_metrics)


def _exact(value: int | float | Decimal) -> float | Decimal:
    """Python writes no integer of more than 4,300 digits as text."""
    return Decimal(value) if isinstance(value, int) else value
